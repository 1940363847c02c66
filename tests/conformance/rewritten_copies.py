"""Cached sessions as their server would have written them at another time, or about something else."""

import base64
import hmac
import json
from collections.abc import Callable

from joserfc import jwe

from tests.conformance.cookie_values import sealing_key
from tests.conformance.normalise import Json, compact

Copy = dict[str, Json]
Change = Callable[[Copy], None]
"""Changes what a copy holds: the members session, user, updatedAt and version."""


def rewritten(secret: str, value: str, change: Change, *, age: int = 0) -> str:
    """Return a cached session with a change, signed or sealed anew, written that many seconds earlier."""
    parts = value.split(".")
    return {1: _compact, 3: _jwt, 5: _jwe}[len(parts)](secret, parts, change, age)


def _compact(secret: str, parts: list[str], change: Change, age: int) -> str:
    envelope = _opened(parts[0])
    payload = envelope["session"]
    change(payload)
    ends = {"expiresAt": envelope["expiresAt"] - age * 1000}
    signature = _base64url(hmac.digest(secret.encode(), compact({**payload, **ends}).encode(), "sha256"))
    return _base64url(compact({"session": payload, **ends, "signature": signature}).encode())


def _jwt(secret: str, parts: list[str], change: Change, age: int) -> str:
    claims = _earlier(_opened(parts[1]), change, age)
    signed = f"{parts[0]}.{_base64url(compact(claims).encode())}"
    return f"{signed}.{_base64url(hmac.digest(secret.encode(), signed.encode(), 'sha256'))}"


def _jwe(secret: str, parts: list[str], change: Change, age: int) -> str:
    key, algorithms = sealing_key(secret, "better-auth-session"), ["dir", "A256CBC-HS512"]
    opened = jwe.decrypt_compact(".".join(parts), key, algorithms=algorithms)
    assert opened.plaintext is not None
    claims = _earlier(json.loads(opened.plaintext), change, age)
    return jwe.encrypt_compact(_opened(parts[0]), compact(claims), key, algorithms=algorithms)


def _earlier(claims: Copy, change: Change, age: int) -> Copy:
    change(claims)
    return claims | {name: claims[name] - age for name in ("iat", "exp")}


def _opened(part: str) -> Copy:
    content: Copy = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return content


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
