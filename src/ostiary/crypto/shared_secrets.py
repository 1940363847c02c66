"""Secrets that may sign tokens: long enough, and nothing that anybody publishes (RFC 8725 section 3.1)."""

import base64
import binascii
import json
import re
from contextlib import suppress
from typing import Final

from ostiary.domain.errors import ConfigurationError

SHORTEST_SECRET: Final = 32
"""Bytes: what the hash of HS256 is long (RFC 7518 section 3.2)."""
_PUBLISHED: Final = re.compile(r"-----BEGIN |\s*(?:ssh-|ecdsa-|sk-ssh-|sk-ecdsa-)\S+ AAAA")
_CURE: Final = "make one with `ostiary secret`, and give it to nobody but the services that share it"


def require_secret(secret: str, owner: str) -> None:
    """Refuse a secret that can be guessed or is a key of some public form; `owner` names the option.

    Raises ConfigurationError. Whoever knows a secret can sign with it, and everybody knows public keys.
    """
    if len(secret.encode("utf-8", "surrogatepass")) < SHORTEST_SECRET:
        raise ConfigurationError(f"{owner} needs {SHORTEST_SECRET} bytes: {_CURE}")
    if _PUBLISHED.match(secret.strip()) or _is_json(secret) or any(map(_is_public_key, _decoded(secret))):
        raise ConfigurationError(f"{owner} is a key, not a secret; for keys there is JwksIssuer. {_CURE}")


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


def _decoded(text: str) -> list[bytes]:
    """Return what a text may stand for: itself, base64 of either alphabet, hexadecimal digits."""
    compact = "".join(text.split())
    found = [text.encode("latin-1", "ignore")]
    with suppress(ValueError, binascii.Error):
        found.append(base64.b64decode(compact + "=" * (-len(compact) % 4), altchars=b"-_"))
    with suppress(ValueError, binascii.Error):
        found.append(base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True))
    with suppress(ValueError):
        found.append(bytes.fromhex(compact))
    return found


def _is_public_key(data: bytes) -> bool:
    """Tell whether bytes are a public key, a certificate, or the text of one."""
    if _PUBLISHED.match(data.decode("latin-1").strip()) or _is_json(data.decode("latin-1")):
        return True
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415  few services share a secret
    from cryptography.hazmat.primitives.serialization import load_der_public_key  # noqa: PLC0415  see above
    from cryptography.x509 import load_der_x509_certificate  # noqa: PLC0415  see above

    for load in (load_der_public_key, load_der_x509_certificate):
        with suppress(ValueError, UnsupportedAlgorithm):
            load(data)
            return True
    return False
