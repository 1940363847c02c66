"""Whether security acts are recorded."""

from dataclasses import dataclass
from datetime import timedelta

from ostiary.domain.errors import ConfigurationError


@dataclass(frozen=True, kw_only=True)
class AuditOptions:
    """The audit log: a table to which every security act is added, in the transaction of the act."""

    enabled: bool = False
    """Keep it; `ostiary serve` does unless told otherwise."""
    model_name: str | None = None
    """The table's name, where it is not `auditEvent`."""
    link_after: timedelta = timedelta(seconds=5)
    """How long a committed event may wait until it is linked into the hash chain, with those beside it."""
    keep_for: timedelta | None = None
    """With `housekeeping`, older events are removed from the log once a day, and what is left verifies; None:
    they are kept until `ostiary audit prune`."""
    tell_clients: bool = True
    """Answer a request that carries the signed cookie of an ended session with why it ended, in the header
    `x-session-ended`."""

    def __post_init__(self) -> None:
        """Refuse a log that forgets at once."""
        if self.keep_for is not None and self.keep_for < timedelta(days=1):
            raise ConfigurationError("audit.keep_for must be a day at least")
