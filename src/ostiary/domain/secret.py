"""The secrets that sign and encrypt."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class VersionedSecret:
    """A secret and the version it is known by; None where versions are not used."""

    version: int | None
    """Its number, kept with values it encrypts."""
    value: str = field(repr=False)
    """The secret itself."""
