"""JWE under the server's secrets, strict in alg, crit, typ and size."""

import uuid
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import lru_cache
from hmac import compare_digest
from hmac import digest as hmac_digest

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.padding import PKCS7
from joserfc import jwe
from joserfc.jwk import OctKey

from ostiary.crypto import base64url
from ostiary.crypto.javascript import stringify, text_to_bytes
from ostiary.crypto.signed_jwt import timely, times
from ostiary.crypto.signing import Keyring
from ostiary.crypto.strict_json import Claims, parse_object
from ostiary.crypto.token_form import (
    LONGEST_TOKEN,
    TokenRefused,
    read_header,
)
from ostiary.domain.errors import JsonValue
from ostiary.domain.runtime import Runtime

DECRYPTION_LEEWAY = timedelta(seconds=15)

_ENCRYPTED = jwe.JWERegistry(algorithms=["dir", "A256CBC-HS512"])
_KEY_INFO = b"BetterAuth.js Generated Encryption Key"


def encrypt_jwt(
    claims: Mapping[str, JsonValue], keyring: Keyring, salt: str, lifetime: timedelta, runtime: Runtime
) -> str:
    """Encrypt the claims with `iat`, `exp` and `jti` for ourselves; the salt names the purpose."""
    kid, key = _content_key(keyring.current, salt)
    jti = str(uuid.UUID(bytes=runtime.random_bytes(16), version=4))
    payload = stringify({**claims, **times(runtime.now(), lifetime), "jti": jti})
    header = {"alg": "dir", "enc": "A256CBC-HS512", "kid": kid}
    return jwe.encrypt_compact(header, payload, key, registry=_ENCRYPTED)


def decrypt_jwt(
    token: str, keyring: Keyring, salt: str, now: datetime, *, limit: int = LONGEST_TOKEN
) -> Claims:
    """Return the claims of a JWE that a secret of the ring encrypted under this salt.

    Fifteen seconds of grace after `exp`, as every Better Auth server grants. Raises TokenRefused.
    """
    header = read_header(token, parts=5, limit=limit)
    if (header.alg, header.enc, header.typ) != ("dir", "A256CBC-HS512", None):
        raise TokenRefused("another kind of token")
    for kid, key in (_content_key(secret, salt) for secret in keyring.all):
        # a token without kid is from before keys were named: every secret is tried
        if header.kid is None or header.kid == kid:
            with suppress(ValueError):
                return timely(parse_object(_decrypt(token, key.raw_value)), now, DECRYPTION_LEEWAY)
    raise TokenRefused("no key proves it, or its content is not a JSON object")


def _decrypt(token: str, key: bytes) -> bytes:
    """Decrypt A256CBC-HS512 under a shared key (RFC 7518 section 5.2.2.2); raises ValueError.

    A fraction of what a general library takes, for each request that brings an unknown copy of its session.
    """
    header, wrapped_key, *sealed, tag = token.split(".")
    initial, ciphertext = map(base64url.decode, sealed)
    length = (8 * len(header)).to_bytes(8)
    proof = hmac_digest(key[:32], header.encode() + initial + ciphertext + length, "sha512")[:32]
    # the tag does not cover where the initial vector ends: its length must be the one there is
    if wrapped_key or len(initial) != 16 or not compare_digest(base64url.encode(proof), tag.encode()):
        raise ValueError("the key does not prove it")
    decryptor, unpadder = Cipher(AES(key[32:]), CBC(initial)).decryptor(), PKCS7(AES.block_size).unpadder()
    padded = decryptor.update(ciphertext) + decryptor.finalize()
    return unpadder.update(padded) + unpadder.finalize()


@lru_cache(maxsize=64)
def _content_key(secret: str, salt: str) -> tuple[str, OctKey]:
    """Return the key of one purpose and its RFC 7638 thumbprint."""
    key = OctKey.import_key(HKDF(SHA256(), 64, salt.encode(), _KEY_INFO).derive(text_to_bytes(secret)))
    return key.thumbprint(), key
