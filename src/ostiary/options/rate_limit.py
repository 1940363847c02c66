"""How often an endpoint may be called."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from ostiary.domain.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `max` requests; the count restarts after a pause of `per` seconds."""

    max: int
    """How many requests."""
    per: float
    """Seconds."""

    def __post_init__(self) -> None:
        """Refuse a limit that refuses everybody."""
        if self.max < 1 or self.per <= 0:
            raise ConfigurationError("a rate limit needs max >= 1 and per > 0 seconds; use None for no limit")

    @property
    def window(self) -> timedelta:
        """The pause that restarts the count."""
        return timedelta(seconds=self.per)


@dataclass(frozen=True, kw_only=True)
class RateLimitOptions:
    """Limits per client address, and per account on sign-in."""

    enabled: bool = True
    """Count at all; nothing in the environment turns it off."""
    default: RateLimit = RateLimit(100, per=10)
    """For endpoints that declare no limit of their own."""
    storage: Literal["memory", "database", "secondary-storage"] | None = None
    """Where all counts are kept. By default the limits that stop guessing are shared through the key-value
    store, else the database, and the general one is counted in each process."""
    shared: bool = True
    """Without `storage`: share the limits that stop guessing; False keeps all counts as the reference does,
    in the key-value store if there is one, else in each process."""
    custom_rules: Mapping[str, RateLimit | None] = field(default_factory=dict)
    """Limits by path below the base path (`*` and `?` are wildcards); None lifts a limit."""
    sign_in_failures: RateLimit | None = RateLimit(20, per=900)
    """Failed passwords per account before further attempts are refused, on every route that checks one; after
    100 in a row one attempt an hour is left. Devices that signed in before have a budget of their own, so
    that nobody can lock the owner out. None: no limit per account."""
    mails: RateLimit | None = RateLimit(5, per=3600)
    """Mails to one address; more are not sent, and the answer does not tell. None: no limit per address."""
    mails_by_client: RateLimit | None = RateLimit(100, per=3600)
    """Mails, to whomever, that one client address may cause; more are not sent, and the answer does not tell.
    None: no limit per client."""
    model_name: str | None = None
    """The table's name, where it is not `rateLimit`."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Column names by field name, where they differ."""
