"""Password hashing under observation."""

from dataclasses import dataclass

from ostiary.crypto.passwords import PasswordHasher
from ostiary.domain.observation import Observers


@dataclass(frozen=True)
class ObservedHasher:
    """Tells how long hashing takes, waiting for a thread included."""

    hasher: PasswordHasher
    observers: Observers

    async def hash(self, password: str, /) -> str:
        """Hash."""
        with self.observers.working("password_hash"):
            return await self.hasher.hash(password)

    async def verify(self, password: str, stored: str, /) -> bool:
        """Verify."""
        with self.observers.working("password_verify"):
            return await self.hasher.verify(password, stored)

    def needs_rehash(self, stored: str, /) -> bool:
        """Tell whether the hash is outdated."""
        return self.hasher.needs_rehash(stored)
