"""Argon2 (RFC 9106) in its encoded form `$argon2id$v=19$m=...,t=...,p=...$salt$hash`."""

import re
from dataclasses import dataclass

from ostiary.crypto.javascript import text_to_bytes
from ostiary.crypto.password_hashes.algorithm import refuse
from ostiary.domain.errors import ConfigurationError
from ostiary.domain.runtime import Runtime

_FORMAT = re.compile(
    r"(?:argon2)?"  # Django puts the family's name in front
    r"(\$argon2(id|i|d)\$(?:v=[0-9]{1,3}\$)?m=([0-9]{1,12}),t=([0-9]{1,12}),p=([0-9]{1,12})"
    r"\$[A-Za-z0-9+/]{1,256}\$[A-Za-z0-9+/]{1,256})"
)
_PREFIX = re.compile(r"(?:argon2)?\$argon2")
_VERSION = 19
_SALT = 16
_HASH = 32


@dataclass(frozen=True, slots=True)
class Argon2:
    """Verifies all three variants, makes argon2id; the defaults are OWASP's first choice, about 20 ms."""

    memory: int = 19_456
    """KiB for each computation."""
    iterations: int = 2
    parallelism: int = 1
    memory_cap: int = 262_144
    """KiB; stored hashes that ask for more are refused."""
    iterations_cap: int = 16
    parallelism_cap: int = 16

    def __post_init__(self) -> None:
        """Refuse parameters outside RFC 9106 section 3.1, or that would not be verified again."""
        if not 1 <= self.parallelism <= self.parallelism_cap:
            raise ConfigurationError(
                f"the parallelism of argon2 must be 1 to {self.parallelism_cap}, its cap"
            )
        if not 1 <= self.iterations <= self.iterations_cap:
            raise ConfigurationError(f"the iterations of argon2 must be 1 to {self.iterations_cap}, its cap")
        if not 8 * self.parallelism <= self.memory <= self.memory_cap:
            raise ConfigurationError(
                f"the memory of argon2 must be 8 KiB for each lane, at most {self.memory_cap}"
            )

    def recognises(self, stored: str) -> bool:
        """Begins with the family's name."""
        return _PREFIX.match(stored) is not None

    def hash(self, password: str, runtime: Runtime) -> str:
        """Return an encoded argon2id hash under 16 random bytes of salt."""
        from argon2.low_level import Type, hash_secret  # noqa: PLC0415  few servers make or keep such hashes

        return hash_secret(
            text_to_bytes(password),
            runtime.random_bytes(_SALT),
            time_cost=self.iterations,
            memory_cost=self.memory,
            parallelism=self.parallelism,
            hash_len=_HASH,
            type=Type.ID,
            version=_VERSION,
        ).decode()

    def verify(self, password: str, stored: str) -> bool:
        """Compute with the stored parameters, where they are within the caps."""
        parts = _FORMAT.fullmatch(stored)
        if parts is None or not self._within_caps(int(parts[3]), int(parts[4]), int(parts[5])):
            return False
        from argon2.exceptions import Argon2Error, InvalidHashError  # noqa: PLC0415  see `hash`
        from argon2.low_level import Type, verify_secret  # noqa: PLC0415  see `hash`

        try:
            return verify_secret(parts[1].encode(), text_to_bytes(password), Type[parts[2].upper()])
        except (Argon2Error, InvalidHashError):
            return False

    def is_current(self, stored: str) -> bool:
        """The variant, the version and every parameter are the configured ones."""
        parameters = f"m={self.memory},t={self.iterations},p={self.parallelism}"
        return stored.startswith(f"$argon2id$v={_VERSION}${parameters}$")

    def _within_caps(self, memory: int, iterations: int, parallelism: int) -> bool:
        if memory > self.memory_cap:
            return refuse("argon2", "memory", memory, self.memory_cap)
        if iterations > self.iterations_cap:
            return refuse("argon2", "iterations", iterations, self.iterations_cap)
        if parallelism > self.parallelism_cap:
            return refuse("argon2", "parallelism", parallelism, self.parallelism_cap)
        return True
