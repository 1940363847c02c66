"""JWTs signed by the server's secrets, strict in alg, crit, typ and size."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from ostiary.crypto import base64url
from ostiary.crypto.javascript import stringify
from ostiary.crypto.signing import Keyring, is_signed
from ostiary.crypto.strict_json import Claims
from ostiary.crypto.token_form import (
    CLOCK_SKEW,
    LONGEST_TOKEN,
    Cause,
    TokenRefused,
    parse_segment,
    read_header,
)
from ostiary.domain.errors import JsonValue
from ostiary.domain.runtime import Runtime


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
    payload = stringify({**claims, **times(runtime.now(), lifetime)})
    signed = base64url.encode(stringify(header)) + b"." + base64url.encode(payload)
    return b".".join([signed, base64url.encode(keyring.macs[0].digest(signed))]).decode()


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
    signed, _, claimed = token.rpartition(".")
    if not is_signed(signed.encode(), claimed.encode(), keyring):
        raise TokenRefused("no key proves it")
    return timely(parse_segment(signed.partition(".")[2]), now, timedelta(0))


def times(now: datetime, lifetime: timedelta) -> Claims:
    """Return `iat` and `exp`."""
    issued = int(now.timestamp())
    return {"iat": issued, "exp": issued + int(lifetime.total_seconds())}


def timely(claims: Claims, now: datetime, leeway: timedelta) -> Claims:
    """RFC 7519 section 4.1: not expired, not from the future; times are whole seconds."""
    seconds, expires = int(now.timestamp()), claims.get("exp")
    if type(expires) is not int:
        raise TokenRefused("it never expires")
    if expires <= seconds - leeway.total_seconds():
        raise TokenRefused("expired", Cause.EXPIRED)
    latest = seconds + CLOCK_SKEW.total_seconds()
    for moment in (claims.get("iat"), claims.get("nbf")):
        if moment is not None and (type(moment) is not int or moment > latest):
            raise TokenRefused("from the future")
    return claims
