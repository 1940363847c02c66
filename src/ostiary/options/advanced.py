"""Cookies, addresses, identifiers and other things most applications leave alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_network
from typing import Literal

from ostiary.domain.errors import ConfigurationError


@dataclass(frozen=True, kw_only=True)
class CookieAttributes:
    """Attributes of a cookie; None leaves the default."""

    domain: str | None = None
    """The domain it is sent to, subdomains included."""
    path: str | None = None
    """The path it is sent to."""
    http_only: bool | None = None
    """Hidden from scripts."""
    secure: bool | None = None
    """Sent over TLS only."""
    same_site: Literal["strict", "lax", "none"] | None = None
    """Whether other sites' requests carry it."""
    partitioned: bool | None = None
    """Kept apart for each top-level site (CHIPS)."""
    max_age: timedelta | None = None
    """How long it is kept; the session token's own follows the session."""

    def over(self, base: "CookieAttributes") -> "CookieAttributes":
        """Return the attributes of `base`, overridden by those set here."""
        merged = {
            name: value if (value := getattr(self, name)) is not None else getattr(base, name)
            for name in self.__dataclass_fields__
        }
        return CookieAttributes(**merged)


@dataclass(frozen=True, kw_only=True)
class CookieOverride:
    """Another name or other attributes for one cookie."""

    name: str | None = None
    """The name, without the `__Secure-` prefix."""
    attributes: CookieAttributes = field(default_factory=CookieAttributes)
    """Attributes that differ from the default."""


@dataclass(frozen=True, kw_only=True)
class CrossSubdomainCookies:
    """Cookies that all subdomains share."""

    enabled: bool = False
    """Send a Domain attribute."""
    domain: str | None = None
    """The shared domain; by default the host of the base URL."""


@dataclass(frozen=True, kw_only=True)
class IpAddress:
    """How the client's address is found."""

    ip_address_headers: tuple[str, ...] = ("x-forwarded-for",)
    """Headers that a trusted proxy writes, the first one present counts. Read only with `trusted_proxies`."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks of our own proxies; the chain is read from the right."""
    use_connection: bool = True
    """Start from the address at the other end of the connection. False: look at headers only, whoever sent
    them, as the reference does."""
    disable_ip_tracking: bool = False
    """Neither store addresses nor limit by them."""
    ipv6_subnet: int = 64
    """IPv6 clients count as their network of this prefix length."""

    def __post_init__(self) -> None:
        """Refuse what is no address or network."""
        for proxy in self.trusted_proxies:
            try:
                ip_network(proxy, strict=False)
            except ValueError as error:
                raise ConfigurationError(
                    f"advanced.ip_address.trusted_proxies: '{proxy}' is no address or network"
                ) from error
        if not 1 <= self.ipv6_subnet <= 128:
            raise ConfigurationError("advanced.ip_address.ipv6_subnet must be 1 to 128")


@dataclass(frozen=True, kw_only=True)
class Advanced:
    """Everything most applications leave alone."""

    cookie_prefix: str = "better-auth"
    """The first part of every cookie's name."""
    use_secure_cookies: bool | None = None
    """`__Secure-` names and the Secure attribute; by default when the base URL is https."""
    cross_sub_domain_cookies: CrossSubdomainCookies = field(default_factory=CrossSubdomainCookies)
    """Cookies that all subdomains share."""
    default_cookie_attributes: CookieAttributes = field(default_factory=CookieAttributes)
    """Attributes of every cookie."""
    cookies: Mapping[str, CookieOverride] = field(default_factory=dict)
    """Names and attributes by cookie key, such as `session_token`."""
    ip_address: IpAddress = field(default_factory=IpAddress)
    """How the client's address is found."""
    disable_csrf_check: bool | None = None
    """Accept cookies from any origin. Only for tests."""
    disable_origin_check: bool | tuple[str, ...] = False
    """Skip the origin and redirect checks, everywhere or for some paths below the base path; everywhere also
    turns off the check against forged requests, unless `disable_csrf_check` is False."""
    skip_trailing_slashes: bool = False
    """Accept a trailing slash on every path."""
    generate_id: Literal["random", "uuid", "serial"] = "random"
    """Row identifiers: 32 letters and digits, random UUIDs, or integers that the database counts."""
    max_body_size: int = 1_000_000
    """The largest request body in bytes; more is refused before it is read."""
    body_timeout: float = 30
    """How many seconds a request body may take to arrive."""
