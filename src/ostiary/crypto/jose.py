"""JWT and JWE under the server's secrets: a strict wrapper over joserfc that owns alg, crit, typ and size."""

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwe, jws
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from ostiary.crypto import base64url
from ostiary.crypto.javascript import stringify, text_to_bytes
from ostiary.crypto.signing import Keyring
from ostiary.crypto.strict_json import Claims, parse_object
from ostiary.domain.errors import JsonValue
from ostiary.domain.runtime import Runtime

LONGEST_TOKEN = 8192
LONGEST_HEADER = 512
CLOCK_SKEW = timedelta(seconds=60)
"""How far ahead of ours the clock of a server that shares our secret may be."""
DECRYPTION_LEEWAY = timedelta(seconds=15)

_SIGNED = jws.JWSRegistry(algorithms=["HS256"])
_ENCRYPTED = jwe.JWERegistry(algorithms=["dir", "A256CBC-HS512"])
_KEY_INFO = b"BetterAuth.js Generated Encryption Key"


class TokenRefused(Exception):
    """The token proves nothing; the message is for the operator."""


@dataclass(frozen=True, slots=True)
class Header:
    """The protected header of a token, before anything is proved: data to compare, never to obey."""

    alg: str
    enc: str | None
    kid: str | None
    typ: str | None


def sign_jwt(
    claims: Mapping[str, JsonValue],
    keyring: Keyring,
    lifetime: timedelta,
    runtime: Runtime,
    *,
    typ: str | None = None,
) -> str:
    """Make an HS256 JWT of the claims with `iat` and `exp`, signed by the current secret."""
    header = {"alg": "HS256"} if typ is None else {"alg": "HS256", "typ": typ}
    payload = stringify({**claims, **_times(runtime.now(), lifetime)})
    return jws.serialize_compact(header, payload, _signing_key(keyring.current), registry=_SIGNED)


def verify_jwt(
    token: str,
    keyring: Keyring,
    now: datetime,
    *,
    typ: str | None = None,
    limit: int = LONGEST_TOKEN,
) -> Claims:
    """Return the claims of an HS256 JWT that a secret of the ring signed and whose time has not passed.

    `typ` must match exactly; None admits only tokens without one. `limit` counts characters.
    Raises TokenRefused.
    """
    header = read_header(token, parts=3, limit=limit)
    if header.alg != "HS256" or header.typ != typ:
        raise TokenRefused("another kind of token")
    return _timely(_first(map(_signing_key, keyring.all), _verify, token), now, timedelta(0))


def encrypt_jwt(
    claims: Mapping[str, JsonValue], keyring: Keyring, salt: str, lifetime: timedelta, runtime: Runtime
) -> str:
    """Encrypt the claims with `iat`, `exp` and `jti` for ourselves; the salt names the purpose."""
    kid, key = _content_key(keyring.current, salt)
    jti = str(uuid.UUID(bytes=runtime.random_bytes(16), version=4))
    payload = stringify({**claims, **_times(runtime.now(), lifetime), "jti": jti})
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
    keys = (_content_key(secret, salt) for secret in keyring.all)
    # a token without kid is from before keys were named: every secret is tried
    possible = (key for kid, key in keys if header.kid in {None, kid})
    return _timely(_first(possible, _decrypt, token), now, DECRYPTION_LEEWAY)


def read_header(token: str, *, parts: int, limit: int = LONGEST_TOKEN) -> Header:
    """Read the unproved header of a token of `parts` parts; size first. Raises TokenRefused."""
    if len(token) > limit:
        raise TokenRefused("too long")
    if not token.isascii() or token.count(".") != parts - 1:
        raise TokenRefused("not a compact serialisation")
    segment = token[: token.index(".")]
    if len(segment) > LONGEST_HEADER:
        raise TokenRefused("header too long")
    return _parse_header(segment)


@lru_cache(maxsize=128)
def _parse_header(segment: str) -> Header:
    """Tokens of one key share their header, so this is nearly always a look-up."""
    header = _parse_object(segment)
    if not {"crit", "b64", "zip"}.isdisjoint(header):
        raise TokenRefused("extensions are not supported")
    alg, *others = (header.get(name) for name in ("alg", "enc", "kid", "typ"))
    if not isinstance(alg, str):
        raise TokenRefused("no algorithm")
    enc, kid, typ = (_text_or_none(value) for value in others)
    return Header(alg, enc, kid, typ)


def _text_or_none(value: JsonValue) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise TokenRefused("a header parameter is not text")


def _parse_object(segment: str) -> Claims:
    try:
        return parse_object(base64url.decode(segment))
    except ValueError as error:
        raise TokenRefused("not a JSON object in base64url") from error


def _first(keys: Iterable[OctKey], open_with: Callable[[str, OctKey], bytes], token: str) -> Claims:
    """Return the claims that the first fitting key proves."""
    for key in keys:
        try:
            return parse_object(open_with(token, key))
        except (JoseError, ValueError):
            continue
    raise TokenRefused("no key proves it, or its content is not a JSON object")


def _times(now: datetime, lifetime: timedelta) -> Claims:
    issued = int(now.timestamp())
    return {"iat": issued, "exp": issued + int(lifetime.total_seconds())}


def _timely(claims: Claims, now: datetime, leeway: timedelta) -> Claims:
    """RFC 7519 section 4.1: not expired, not from the future; times are whole seconds."""
    seconds = int(now.timestamp())
    expires, issued, begins = (claims.get(name) for name in ("exp", "iat", "nbf"))
    if type(expires) is not int or expires <= seconds - leeway.total_seconds():
        raise TokenRefused("expired, or without an end")
    for moment in (issued, begins):
        if moment is not None and (type(moment) is not int or moment > seconds + CLOCK_SKEW.total_seconds()):
            raise TokenRefused("from the future")
    return claims


def _verify(token: str, key: OctKey) -> bytes:
    return jws.deserialize_compact(token, key, registry=_SIGNED).payload


def _decrypt(token: str, key: OctKey) -> bytes:
    return jwe.decrypt_compact(token, key, registry=_ENCRYPTED).plaintext or b""


@lru_cache(maxsize=32)
def _signing_key(secret: str) -> OctKey:
    return OctKey.import_key(text_to_bytes(secret))


@lru_cache(maxsize=64)
def _content_key(secret: str, salt: str) -> tuple[str, OctKey]:
    """Return the key of one purpose and its RFC 7638 thumbprint."""
    key = OctKey.import_key(HKDF(SHA256(), 64, salt.encode(), _KEY_INFO).derive(text_to_bytes(secret)))
    return key.thumbprint(), key
