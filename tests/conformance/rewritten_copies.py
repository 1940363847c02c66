"""Cached sessions as their server would have written them at another time or about something else."""

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any

from joserfc import jwe

from tests.conformance.cookie_values import sealing_key
from tests.conformance.normalise import compact

Copy = dict[str, Any]
"""What a cached session holds: session, user, updatedAt, version; where it is a token also iat, exp, jti."""
Change = Callable[[Copy], None]
SEALED = {"alg": "dir", "enc": "A256CBC-HS512"}


def rewritten(secret: str, value: str, change: Change, *, age: int = 0) -> str:
    """Return a cached session with a change, signed or sealed anew, written that many seconds earlier."""
    parts = value.split(".")
    if len(parts) == 1:
        envelope = _opened(value)
        change(envelope["session"])
        return _compact(secret, envelope["session"], envelope["expiresAt"] - age * 1000)
    claims = _claims(secret, parts)
    change(claims)
    claims |= {name: claims[name] - age for name in ("iat", "exp")}
    write = _jwt if len(parts) == 3 else _jwe
    return write(secret, _opened(parts[0]), claims)


def every_encoding(secret: str, value: str, *, writer: str = "") -> Mapping[str, str]:
    """Return a cached session in each of the three encodings, written with the same or another secret."""
    parts = value.split(".")
    if len(parts) == 1:
        envelope = _opened(value)
        payload, ends = envelope["session"], envelope["expiresAt"] // 1000
    else:
        claims = _claims(secret, parts)
        payload = {name: claims[name] for name in ("session", "user", "updatedAt", "version")}
        ends = claims["exp"]
    token = {**payload, "iat": ends - 300, "exp": ends}
    writer = writer or secret
    return {
        "compact": _compact(writer, payload, ends * 1000),
        "jwt": _jwt(writer, {"alg": "HS256"}, token),
        "jwe": _jwe(writer, SEALED, token),
    }


def _claims(secret: str, parts: list[str]) -> Copy:
    if len(parts) == 3:
        return _opened(parts[1])
    key = sealing_key(secret, "better-auth-session")
    opened = jwe.decrypt_compact(".".join(parts), key, algorithms=list(SEALED.values()))
    assert opened.plaintext is not None
    claims: Copy = json.loads(opened.plaintext)
    return claims


def _compact(secret: str, payload: Copy, ends: int) -> str:
    message = compact({**payload, "expiresAt": ends})
    signature = _base64url(hmac.digest(secret.encode(), message.encode(), "sha256"))
    return _base64url(compact({"session": payload, "expiresAt": ends, "signature": signature}).encode())


def _jwt(secret: str, header: Copy, claims: Copy) -> str:
    signed = ".".join(_base64url(compact(part).encode()) for part in (header, claims))
    return f"{signed}.{_base64url(hmac.digest(secret.encode(), signed.encode(), 'sha256'))}"


def _jwe(secret: str, header: Copy, claims: Copy) -> str:
    key = sealing_key(secret, "better-auth-session")
    return jwe.encrypt_compact(header, compact(claims), key, algorithms=list(SEALED.values()))


def _opened(part: str) -> Copy:
    content: Copy = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return content


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
