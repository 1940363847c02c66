"""What a format of stored passwords can do."""

import logging
from typing import Protocol

from ostiary.domain.runtime import Runtime

_log = logging.getLogger("ostiary.passwords")


class PasswordTooLong(ValueError):
    """The algorithm would ignore the end of the password, or the password is too long to be hashed at all."""


class Algorithm(Protocol):
    """A format that can be verified. Neither method raises, whatever was stored."""

    def recognises(self, stored: str) -> bool:
        """Tell whether the hash is of this format, however well formed the rest of it is."""
        ...

    def verify(self, password: str, stored: str) -> bool:
        """Compare in constant time; False for a malformed hash, and at once for parameters over the caps."""
        ...


class HashingAlgorithm(Algorithm, Protocol):
    """A format that new hashes may be made in."""

    def hash(self, password: str, runtime: Runtime) -> str:
        """Return the hash of the whole password, under a new salt; PasswordTooLong where that cannot be."""
        ...

    def is_current(self, stored: str) -> bool:
        """Tell whether `hash` would use the same format and parameters today."""
        ...


def refuse(format_name: str, parameter: str, value: int, cap: int) -> bool:
    """Log why a stored hash is not computed, and answer False.

    A hash decides how much work its check takes, so one that came with an import may be an attack.
    """
    _log.warning("refused a stored %s hash: %s %d is over the cap of %d", format_name, parameter, value, cap)
    return False
