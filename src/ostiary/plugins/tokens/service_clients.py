"""Which services may ask about tokens, and how they prove who they are."""

import binascii
import hashlib
import re
from base64 import b64decode
from collections.abc import Mapping
from hmac import compare_digest
from typing import Final
from urllib.parse import unquote_plus

from ostiary.domain.errors import AuthError, ConfigurationError
from ostiary.http.context import Context
from ostiary.plugins.tokens.errors import TokenErrors

_SHORTEST_SECRET: Final = 32
_HASH: Final = re.compile(r"sha256:([0-9a-f]{64})")
_NOBODY: Final = "0" * 64
_CHALLENGE: Final = {"www-authenticate": 'Basic realm="tokens", charset="UTF-8"'}


def hashes_of(services: Mapping[str, str]) -> Mapping[str, str]:
    """Return the SHA-256 of each service's secret; raises ConfigurationError for one that can be guessed."""
    return {name: _hash_of(name, secret) for name, secret in services.items()}


def _hash_of(name: str, secret: str) -> str:
    if (known := _HASH.fullmatch(secret)) is not None:
        return known[1]
    if not name or len(secret) < _SHORTEST_SECRET:
        raise ConfigurationError(
            f"Tokens.services: each needs a name and a secret of {_SHORTEST_SECRET} characters, "
            "or `sha256:` and its hash; make one with `ostiary secret`"
        )
    return hashlib.sha256(secret.encode()).hexdigest()


def require_service(hashes: Mapping[str, str], context: Context, name: str | None, secret: str | None) -> str:
    """Return the service that a request proves to come from: HTTP Basic, or members of the form.

    The work is the same for a known and an unknown name (RFC 6749 section 2.3.1). Raises INVALID_CLIENT, and
    INVALID_REQUEST for a service that uses both ways.
    """
    header = context.request.headers.get("authorization")
    if header is not None:
        if secret is not None:
            raise TokenErrors.INVALID_REQUEST("Two ways of client authentication")
        name, secret = _basic(header)
    presented = hashlib.sha256((secret or "").encode("utf-8", "surrogatepass")).hexdigest()
    if not compare_digest(presented, hashes.get(name or "", _NOBODY)) or name is None:
        raise _refused()
    return name


def _basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise _refused()
    try:
        name, colon, secret = b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (ValueError, binascii.Error):
        raise _refused() from None
    if not colon:
        raise _refused()
    return unquote_plus(name), unquote_plus(secret)


def _refused() -> AuthError:
    return TokenErrors.INVALID_CLIENT(reason="no service proves this", headers=_CHALLENGE)
