"""Do base URL, cookies, origins and proxies fit together?"""

from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from ostiary.cli.doctor.finding import Findings, Subject
from ostiary.cli.doctor.names import Setting
from ostiary.http.origins import origin_matches
from ostiary.options import Options

_base_url = Subject("base URL")
_cookies = Subject("cookies")
_origins = Subject("trusted origins")
_proxies = Subject("trusted proxies")

_ANYBODY: Final = ("https://anybody.invalid", "http://anybody.invalid", "https://a.b.anybody.invalid")
# Where everybody can get a name: as good as a top-level domain.
_OPEN_TO_ANYBODY: Final = frozenset(
    {
        "amplifyapp.com",
        "azurewebsites.net",
        "cloudfront.net",
        "firebaseapp.com",
        "fly.dev",
        "github.io",
        "gitlab.io",
        "herokuapp.com",
        "netlify.app",
        "ngrok-free.app",
        "ngrok.app",
        "ngrok.io",
        "onrender.com",
        "pages.dev",
        "railway.app",
        "run.app",
        "surge.sh",
        "vercel.app",
        "web.app",
        "workers.dev",
    }
)
_WIDEST: Final = {4: 8, 6: 16}  # prefix lengths; nobody's own proxies fill a wider network


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine, to which browsers send Secure cookies without TLS."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _host(options: Options) -> str:
    return (urlsplit(options.base_url or "").hostname or "").lower()


def base_url(options: Options) -> Findings:
    """Ask for https, or this machine."""
    if options.base_url is None:
        yield _base_url.warning(
            "none: links and the origin rule follow the Host header of each request",
            f"set {Setting.BASE_URL} to the public address",
        )
    elif options.base_url.startswith("https://"):
        yield _base_url.ok(options.base_url)
    elif is_loopback(_host(options)):
        yield _base_url.ok(f"{options.base_url}, for this machine alone")
    else:
        yield _base_url.failure(
            f"{options.base_url} carries passwords and cookies in the clear",
            f"serve https, and set {Setting.BASE_URL} to the https address",
        )


def cookies(options: Options) -> Findings:
    """Check each Domain against the host, and Secure against the scheme."""
    faults = [*_domain_faults(options), *_secure_faults(options)]
    yield from faults
    if not faults:
        domain = _domains(options)[0] if _domains(options) else None
        yield _cookies.ok(f"sent to {domain} and below" if domain else "sent to this host alone")


def _domains(options: Options) -> Sequence[str]:
    advanced = options.advanced
    shared = advanced.cross_sub_domain_cookies
    named = [
        shared.domain if shared.enabled else None,
        advanced.default_cookie_attributes.domain,
        *(override.attributes.domain for override in advanced.cookies.values()),
    ]
    return [domain for domain in named if domain]


def _domain_faults(options: Options) -> Findings:
    host = _host(options)
    if options.advanced.cross_sub_domain_cookies.enabled and not _domains(options) and not host:
        yield _cookies.failure("shared by subdomains, but of which domain?", f"set {Setting.SHARED_DOMAIN}")
    for domain in _domains(options):
        bare = domain.lower().removeprefix(".")
        if _is_public(bare):
            yield _cookies.failure(
                f"'{domain}' is nobody's own: strangers have names below it", "name your own domain"
            )
        elif host and host != bare and not host.endswith(f".{bare}"):
            yield _cookies.failure(
                f"browsers refuse cookies for '{domain}' from {host}",
                f"set the domain to {host} or to a parent of it, or correct the base URL",
            )


def _secure_faults(options: Options) -> Findings:
    advanced = options.advanced
    is_https = (options.base_url or "").startswith("https://")
    is_secure = is_https if advanced.use_secure_cookies is None else advanced.use_secure_cookies
    is_secure = is_secure or bool(advanced.default_cookie_attributes.secure)
    if is_https and not is_secure:
        yield _cookies.warning(
            "sent without TLS as well, though the base URL is https", f"remove {Setting.SECURE_COOKIES}"
        )
    if is_secure and options.base_url and not is_https and not is_loopback(_host(options)):
        yield _cookies.failure(
            "Secure, but the base URL is http: browsers keep none",
            f"serve https, or remove {Setting.SECURE_COOKIES}",
        )
    if advanced.default_cookie_attributes.same_site == "none" and not is_secure:
        yield _cookies.failure(
            "SameSite=None without Secure: browsers refuse them",
            f"serve https, or name no SameSite in {Setting.COOKIE_ATTRIBUTES}",
        )


def origins(options: Options) -> Findings:
    """Look for patterns that let strangers in, and for checks that were turned off."""
    faults = [*_switched_off(options), *_wide_patterns(options)]
    yield from faults
    if callable(options.trusted_origins):
        yield _origins.hint("decided by a function for each request")
    elif not faults:
        named = ", ".join(options.trusted_origins) or "none besides the base URL's"
        yield _origins.ok(named)


def _switched_off(options: Options) -> Findings:
    if options.advanced.disable_csrf_check or options.advanced.disable_origin_check is True:
        yield _origins.failure(
            "not checked: any site can act for whoever is signed in",
            f"remove {Setting.CSRF_CHECK} and {Setting.ORIGIN_CHECK}",
        )


def _wide_patterns(options: Options) -> Findings:
    patterns = () if callable(options.trusted_origins) else options.trusted_origins
    is_https = (options.base_url or "").startswith("https://")
    for pattern in patterns:
        if any(origin_matches(origin, pattern) for origin in _ANYBODY) or _is_top_level(pattern):
            yield _origins.failure(f"'{pattern}' trusts sites of strangers", "name your own hosts")
        elif _has_wildcard(pattern) and not _is_own(pattern, _host(options)):
            yield _origins.warning(
                f"'{pattern}' trusts every host of a domain that is not the base URL's",
                "name each host, unless every one of them is yours",
            )
        elif is_https and pattern.startswith("http://") and not is_loopback(urlsplit(pattern).hostname or ""):
            yield _origins.warning(f"'{pattern}' is not protected by TLS", "trust the https address instead")


def _has_wildcard(pattern: str) -> bool:
    return "*" in pattern or "?" in pattern


def _fixed_suffix(pattern: str) -> str:
    """Return the domain after the last wildcard of the host."""
    host = pattern.partition("://")[2] or pattern
    host = host.partition("/")[0].partition(":")[0]
    return (
        max(host.rpartition("*")[2], host.rpartition("?")[2], key=lambda part: -len(part)).lstrip(".").lower()
    )


def _is_top_level(pattern: str) -> bool:
    if not _has_wildcard(pattern.partition("://")[2] or pattern):
        return False
    return _is_public(_fixed_suffix(pattern))


def _is_public(domain: str) -> bool:
    """Tell whether strangers have names below a domain."""
    return ("." not in domain and domain != "localhost") or domain in _OPEN_TO_ANYBODY


def _is_own(pattern: str, host: str) -> bool:
    suffix = _fixed_suffix(pattern)
    return suffix == "localhost" or (bool(suffix) and (host == suffix or host.endswith(f".{suffix}")))


def proxies(options: Options) -> Findings:
    """Look for networks that are too wide, and for a proxy that nobody named."""
    address = options.advanced.ip_address
    faults = list(_wide_networks(address.trusted_proxies))
    yield from faults
    if not address.use_connection and not address.trusted_proxies:
        yield _proxies.warning(
            "anybody may write the client's address into a header",
            f"set {Setting.TRUSTED_PROXIES} to your proxies",
        )
    elif (options.base_url or "").startswith("https://") and not address.trusted_proxies:
        yield _proxies.warning(
            "none, yet something in front of this server speaks https: all its clients share one address, and"
            " one rate limit",
            f"set {Setting.TRUSTED_PROXIES} to the addresses of that proxy",
        )
    elif not faults:
        yield _proxies.ok(", ".join(address.trusted_proxies) or "none: the connection's address counts")


def _wide_networks(proxies: Sequence[str]) -> Findings:
    for proxy in proxies:
        network = ip_network(proxy, strict=False)
        if network.prefixlen == 0:
            yield _proxies.failure(
                f"{proxy} is everybody: any client can claim any address", "name your proxies' own addresses"
            )
        elif network.prefixlen < _WIDEST[network.version]:
            yield _proxies.warning(f"{proxy} is wider than any network of yours", "name a smaller network")
