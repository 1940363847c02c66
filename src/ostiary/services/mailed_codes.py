"""Short codes that stand for the token of a mailed link: few attempts, one use, one purpose."""

from dataclasses import dataclass
from datetime import timedelta
from hmac import compare_digest
from typing import Final

from ostiary.crypto.signing import Keyring, Mac
from ostiary.domain.errors import ConfigurationError
from ostiary.domain.mail import MailKind
from ostiary.domain.runtime import DIGITS
from ostiary.services.verifications import Verifications
from ostiary.storage.store import Tables

PURPOSE: Final = "mailed-code"
_NONE_LEFT: Final = "0::"


@dataclass(frozen=True, kw_only=True)
class CodeOptions:
    """The form of codes in mails."""

    length: int = 8
    """Digits."""
    attempts: int = 5
    """How often a code may be guessed at; then only another mail helps."""

    def __post_init__(self) -> None:
        """Refuse codes that can be guessed."""
        if self.length < 6 or not 1 <= self.attempts <= 10:
            raise ConfigurationError("a mailed code has at least 6 digits and 1 to 10 attempts")


@dataclass(frozen=True)
class MailedCodes:
    """The table keeps a keyed hash of each code, and the token encrypted: a copy of it opens nothing."""

    verifications: Verifications
    keyring: Keyring
    options: CodeOptions

    async def issue(
        self, kind: MailKind, email: str, token: str, expires_in: timedelta, tables: Tables
    ) -> str:
        """Return a code for a token, in the place of an earlier one for the same purpose and address."""
        from ostiary.crypto.sealing import seal  # noqa: PLC0415  cryptography is slow to import

        runtime, identifier = self.verifications.runtime, _identifier(kind, email)
        code = runtime.random_string(self.options.length, DIGITS)
        digest = _digest(self.keyring.macs[0], identifier, code)
        value = f"{self.options.attempts}:{digest}:{seal(token, self.keyring, runtime)}"
        await self.verifications.consume(identifier, tables)
        await self.verifications.issue(identifier, value, expires_in, tables)
        return code

    async def redeem(self, kind: MailKind, email: str, code: str) -> str | None:
        """Return the token that a code stands for, once; None for any other, and after the last attempt.

        An attempt is counted before it is judged; of any number at the same moment one is judged. The same is
        asked of the database whether or not there is a code.
        """
        identifier = _identifier(kind, email)
        row = await self.verifications.find(identifier)
        value = row.value if row else _NONE_LEFT
        left, digest, sealed = value.split(":", 2)
        counted = f"{int(left) - 1}:{digest}:{sealed}"
        is_right = any(compare_digest(digest, _digest(mac, identifier, code)) for mac in self.keyring.macs)
        was_counted = await self.verifications.swap(identifier, value, counted)
        if not was_counted or not is_right or int(left) < 1:
            return None
        if not await self.verifications.take(identifier, counted):
            return None
        from ostiary.crypto.sealing import unseal  # noqa: PLC0415  see above

        return unseal(sealed, self.keyring)


def _identifier(kind: MailKind, email: str) -> str:
    return f"mailed-code:{kind}:{email.lower()}"


def _digest(mac: Mac, identifier: str, code: str) -> str:
    return mac.digest(f"{identifier}\n{code}".encode(errors="surrogatepass")).hex()
