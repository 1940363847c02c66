"""What a provider hands out: its tokens, as they travel and as they are kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ostiary.crypto.signing import Keyring
from ostiary.domain.entities import stored_scopes
from ostiary.domain.errors import JsonValue
from ostiary.domain.oauth import OAuthTokens
from ostiary.domain.runtime import Runtime

_LONGEST_LIFE: Final = timedelta(days=3650)


def read_tokens(answer: Mapping[str, JsonValue], now: datetime) -> OAuthTokens:
    """Read the answer of a token endpoint (RFC 6749 section 5.1); members of another type are left out."""
    return OAuthTokens(
        access_token=_text(answer, "access_token"),
        refresh_token=_text(answer, "refresh_token"),
        id_token=_text(answer, "id_token"),
        access_token_expires_at=_moment(answer, "expires_in", now),
        refresh_token_expires_at=_moment(answer, "refresh_token_expires_in", now),
        scopes=_scopes(answer.get("scope")),
        raw=answer,
    )


def _text(answer: Mapping[str, JsonValue], name: str) -> str | None:
    value = answer.get(name)
    return value if isinstance(value, str) and value else None


def _moment(answer: Mapping[str, JsonValue], name: str, now: datetime) -> datetime | None:
    value = answer.get(name)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return now + timedelta(seconds=value) if 0 < value <= _LONGEST_LIFE.total_seconds() else None


def _scopes(value: JsonValue) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(value.split())
    given = value if isinstance(value, list) else []
    return tuple(each.strip() for each in given if isinstance(each, str) and each.strip())


def merged_scopes(stored: str | None, granted: tuple[str, ...] | None) -> str:
    """Return what was granted until now and just now, each once, in the order it came."""
    return ",".join(dict.fromkeys([*stored_scopes(stored), *(granted or ())]))


@dataclass(frozen=True)
class TokenSeal:
    """Encrypts access and refresh tokens at rest, where the configuration asks for it."""

    keyring: Keyring
    runtime: Runtime
    enabled: bool

    def close(self, token: str | None) -> str | None:
        """Return a token as it is kept."""
        if not self.enabled or not token:
            return token
        from ostiary.crypto.sealing import seal  # noqa: PLC0415  few servers seal anything

        return seal(token, self.keyring, self.runtime)

    def open(self, kept: str | None) -> str | None:
        """Return a token that was kept, from before encryption was switched on as well.

        None where no secret opens it.
        """
        if not self.enabled or not kept:
            return kept
        from ostiary.crypto.sealing import SealError, looks_sealed, unseal  # noqa: PLC0415  few servers seal anything

        if not looks_sealed(kept):
            return kept
        try:
            return unseal(kept, self.keyring)
        except SealError:
            return None
