"""The cookie cache: a session and its user in a cookie, signed or encrypted, in three encodings."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from ostiary.crypto import base64url
from ostiary.crypto.javascript import stringify
from ostiary.crypto.signed_jwt import sign_jwt, verify_jwt
from ostiary.crypto.signing import Keyring, is_signed
from ostiary.crypto.strict_json import Claims, parse_object
from ostiary.crypto.token_form import TokenRefused
from ostiary.domain.errors import JsonValue
from ostiary.domain.runtime import Runtime

Strategy: TypeAlias = Literal["compact", "jwt", "jwe"]

SESSION_SALT = "better-auth-session"
ACCOUNT_SALT = "better-auth-account"
LONGEST_CACHE = 65_536
"""Characters; no server accepts a header that is longer."""

# wire: without a life time of its own the compact form is believed for 60 seconds, the tokens for 300
_COMPACT_DEFAULT = timedelta(seconds=60)
_TOKEN_DEFAULT = timedelta(seconds=300)
_COMPACT = re.compile(
    rb'\{"session":(\{.*)\},"expiresAt":([0-9]{1,16}),"signature":"([A-Za-z0-9_-]{43})"\}', re.DOTALL
)


@dataclass(frozen=True, slots=True)
class CachePayload:
    """What the cookie holds: the output forms of session and user, in the order of their members."""

    session: Mapping[str, JsonValue] = field(repr=False)
    user: Mapping[str, JsonValue] = field(repr=False)
    updated_at: int
    """Milliseconds since the epoch."""
    version: str = "1"
    expires_at: int | None = field(default=None, compare=False)
    """Milliseconds since the epoch: the end of the copy's life. Set by `decode`, ignored by `encode`."""

    def as_json(self) -> Claims:
        """Return the object that is signed, its members in the order of the wire."""
        return {
            "session": self.session,
            "user": self.user,
            "updatedAt": self.updated_at,
            "version": self.version,
        }


def prepare(strategy: Strategy) -> None:
    """Load what a strategy needs now, rather than during the first request.

    Encryption needs a library that costs a tenth of a second and ten megabytes, which nobody else should pay
    for.
    """
    if strategy == "jwe":
        import ostiary.crypto.jose  # noqa: F401, PLC0415


def encode(
    payload: CachePayload,
    strategy: Strategy,
    max_age: timedelta | None,
    keyring: Keyring,
    runtime: Runtime,
) -> str:
    """Make the cookie's value; `max_age` is None where the cookie lives as long as the browser."""
    if strategy == "compact":
        return _encode_compact(payload, max_age or _COMPACT_DEFAULT, keyring, runtime)
    claims, lifetime = payload.as_json(), max_age or _TOKEN_DEFAULT
    if strategy == "jwt":
        return sign_jwt(claims, keyring, lifetime, runtime)
    from ostiary.crypto import jose  # noqa: PLC0415  see `prepare`

    return jose.encrypt_jwt(claims, keyring, SESSION_SALT, lifetime, runtime)


def decode(
    value: str, strategy: Strategy, keyring: Keyring, now: datetime, *, limit: int = LONGEST_CACHE
) -> CachePayload | None:
    """Return what the cookie holds if a secret proves it and it is not too old, else None; never raises."""
    if len(value) > limit:
        return None
    try:
        payload = _payload(*_open(value, strategy, keyring, now, limit))
    except ValueError:
        return None
    if payload is None or payload.expires_at is None or payload.expires_at < milliseconds(now):
        return None
    return payload


def milliseconds(moment: datetime) -> int:
    """Return milliseconds since the epoch."""
    return round(moment.timestamp() * 1000)


def _open(
    value: str, strategy: Strategy, keyring: Keyring, now: datetime, limit: int
) -> tuple[Claims, JsonValue]:
    """Return the proved content and when it expires, in milliseconds."""
    if strategy == "compact":
        return _open_compact(value, keyring)
    try:
        if strategy == "jwt":
            claims = verify_jwt(value, keyring, now, limit=limit)
        else:
            from ostiary.crypto import jose  # noqa: PLC0415  see `prepare`

            claims = jose.decrypt_jwt(value, keyring, SESSION_SALT, now, limit=limit)
    except TokenRefused as refusal:
        raise ValueError(str(refusal)) from refusal
    return claims, claims["exp"] * 1000


def _payload(content: Claims, expires_at: int) -> CachePayload | None:
    """Read the members with their types; another kind of token of the same secret has none of them."""
    session, user, updated_at = content.get("session"), content.get("user"), content.get("updatedAt")
    version = content.get("version") or "1"
    if not (isinstance(session, dict) and isinstance(user, dict) and isinstance(version, str)):
        return None
    if type(updated_at) is not int:
        return None
    return CachePayload(session, user, updated_at, version, expires_at)


def _encode_compact(payload: CachePayload, max_age: timedelta, keyring: Keyring, runtime: Runtime) -> str:
    content = stringify(payload.as_json())
    expires_at = b"%d" % milliseconds(runtime.now() + max_age)
    signature = base64url.encode(keyring.macs[0].digest(_signed(content[:-1], expires_at)))
    text = b'{"session":%b,"expiresAt":%b,"signature":"%b"}' % (content, expires_at, signature)
    return base64url.encode(text).decode()


def _open_compact(value: str, keyring: Keyring) -> tuple[Claims, int]:
    """Check the signature over the text as it came.

    wire: the reference parses the text and signs what it would write again. For all that a server writes the
    two are the same bytes, save where a field holds a date in another form, which the reference cannot read.
    """
    envelope = _COMPACT.fullmatch(base64url.decode(value))
    if envelope is None:
        raise ValueError("not a compact cache")
    content, expires_at, claimed = envelope.groups()
    signed = _signed(content, expires_at)
    if not is_signed(signed, claimed, keyring):
        raise ValueError("no secret signed it")
    return parse_object(content + b"}"), int(expires_at)


def _signed(content: bytes, expires_at: bytes) -> bytes:
    """Append `expiresAt` as the last member of the signed object; `content` lacks its closing brace."""
    return b'%b,"expiresAt":%b}' % (content, expires_at)
