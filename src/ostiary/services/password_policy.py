"""Which passwords are accepted."""

import hashlib
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from ostiary.domain.errors import ErrorCode, Errors
from ostiary.options import PasswordPolicy

BreachCount = Callable[[str], Awaitable[int]]
"""Takes a SHA-1 hash in upper-case hexadecimal, returns how often it was seen; raises OSError if unknown."""

_log = logging.getLogger(__name__)
_SHORTEST_NAME = 4
_DECORATION = "0123456789!@#$%^&*()-_=+.,?"
_SEPARATORS = re.compile(r"[._+'\-]")


@lru_cache(maxsize=1)
def common_passwords() -> frozenset[str]:
    """Return the passwords that guessing programs try first, in lower case."""
    text = files("ostiary.services").joinpath("common_passwords.txt").read_text("utf-8")
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose password it is to be."""

    email: str
    name: str = ""

    def words(self) -> set[str]:
        """Return what the password must not be, in lower case."""
        email, name = self.email.lower(), self.name.lower()
        local = email.partition("@")[0]
        words = {email, local, name, name.replace(" ", ""), *name.split(), *_SEPARATORS.split(local)}
        return {word for word in words if len(word) >= _SHORTEST_NAME}


@dataclass(frozen=True)
class PasswordRules:
    """Judges new passwords by the policy of the server."""

    policy: PasswordPolicy
    breach_count: BreachCount | None = None
    app_name: str = ""

    def length(self, password: str) -> int:
        """Count characters as the policy does."""
        if self.policy.count == "utf-16":
            return len(password.encode("utf-16-le", "surrogatepass")) // 2
        return len(password)

    def refuse_oversize(self, password: str) -> None:
        """Refuse what is too long to be hashed; raises PASSWORD_TOO_LONG."""
        if self.length(password) > self.policy.max_length:
            raise Errors.PASSWORD_TOO_LONG()

    def check_length(self, password: str) -> None:
        """Check what needs no owner; raises PASSWORD_TOO_SHORT and PASSWORD_TOO_LONG."""
        if self.length(password) < self.policy.min_length:
            raise Errors.PASSWORD_TOO_SHORT()
        self.refuse_oversize(password)

    async def check(self, password: str, owner: Owner) -> None:
        """Raise the refusal of the first rule that a new password breaks."""
        self.check_length(password)
        if refusal := self._composition(password) or self._guessable(password, owner):
            raise refusal()
        await self._check_breaches(password)

    def _composition(self, password: str) -> ErrorCode | None:
        policy = self.policy
        rules = (
            (policy.require_uppercase, str.isupper, Errors.PASSWORD_MISSING_UPPERCASE),
            (policy.require_lowercase, str.islower, Errors.PASSWORD_MISSING_LOWERCASE),
            (policy.require_digit, str.isdigit, Errors.PASSWORD_MISSING_DIGIT),
            (policy.require_special, lambda c: not c.isalnum(), Errors.PASSWORD_MISSING_SPECIAL),
        )
        for required, is_kind, refusal in rules:
            if required and not any(is_kind(character) for character in password):
                return refusal
        return None

    def _guessable(self, password: str, owner: Owner) -> ErrorCode | None:
        lowered = password.lower()
        # "Password1!" is "password" to every guessing program
        stem = lowered.rstrip(_DECORATION)
        guesses = {lowered, stem} if len(stem) >= _SHORTEST_NAME else {lowered}
        if self.policy.refuse_identity and guesses & {*owner.words(), self.app_name.lower()}:
            return Errors.PASSWORD_CONTAINS_IDENTITY
        if self.policy.refuse_common and guesses & common_passwords():
            return Errors.PASSWORD_TOO_COMMON
        return None

    async def _check_breaches(self, password: str) -> None:
        if self.policy.refuse_breached == "no" or self.breach_count is None:
            return
        digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
        try:
            seen = await self.breach_count(digest)
        except OSError as error:
            _log.warning("breached-password service unreachable: %s", self.policy.refuse_breached)
            if self.policy.refuse_breached == "fail closed":
                raise Errors.SERVICE_UNAVAILABLE(
                    reason="breached-password service", headers={"retry-after": "1"}
                ) from error
            return
        if seen:
            raise Errors.PASSWORD_COMPROMISED()
