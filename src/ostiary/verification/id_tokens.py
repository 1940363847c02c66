"""Judges an ID token: what an identity provider says of somebody who has just signed in there."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Final

from ostiary.crypto import base64url
from ostiary.crypto.javascript import text_to_bytes
from ostiary.crypto.json_web_signatures import UnprovedToken, life_of, parse_token
from ostiary.crypto.strict_json import Claims
from ostiary.crypto.token_form import LONGEST_TOKEN, Cause, TokenRefused
from ostiary.domain.errors import ConfigurationError, JsonValue
from ostiary.verification.remote_keys import RemoteKeys
from ostiary.verification.tokens import MOST_LEEWAY, KeySource

_TYPES: Final = frozenset({None, "JWT"})
_HASHES: Final = {
    **{f"{family}{size}": f"sha{size}" for family in ("RS", "PS", "ES", "HS") for size in (256, 384, 512)},
    "EdDSA": "sha512",
}
"""What `at_hash` is computed with, by the algorithm of the signature."""


@dataclass(frozen=True, kw_only=True)
class IdTokenJudge:
    """Checks what OpenID Connect Core section 3.1.3.7 asks for; what it does not know it refuses."""

    keys: KeySource | None
    """The keys of this one provider. None where it publishes none: then TLS alone vouches for a token, which
    must have come straight from the token endpoint (OpenID Connect Core section 3.1.3.7, item 6)."""
    issuer: str | Callable[[Claims], str | None]
    """Compared word for word: a key set that serves many tenants proves nothing about which one. Where there
    are several, what it must be for the claims at hand; None refuses them."""
    client_id: str
    """Ours at the provider."""
    other_client_ids: frozenset[str] = frozenset()
    """Of further applications of ours, such as one for phones: their tokens are as good."""
    leeway: timedelta = timedelta(0)
    """Granted to `exp` and `nbf`: at most 60 seconds."""
    longest_life: timedelta = timedelta(days=1)
    """The longest time between issue and end."""
    max_age: timedelta | None = None
    """The longest time since issue."""
    hashed_nonce: bool = False
    """The nonce may be there as its SHA-256 in hexadecimal."""
    accepts: Callable[[Claims], bool] | None = None
    """What else the claims must say."""

    def __post_init__(self) -> None:
        """Refuse rules that protect nothing."""
        if not self.issuer or not self.client_id:
            raise ConfigurationError("an ID token must be tied to its issuer and to our client_id: name both")
        if not timedelta(0) <= self.leeway <= MOST_LEEWAY:
            raise ConfigurationError("the leeway of tokens lies between 0 and 60 seconds")

    async def judge(
        self, token: str, now: datetime, *, nonce: str | None, access_token: str | None = None
    ) -> Claims:
        """Return the claims of a token that was issued for this very sign-in.

        `nonce` is what we sent along, None where the flow has none; `access_token` came with the token.
        Raises TokenRefused, and IssuerUnavailable where keys are missing.
        """
        unproved = parse_token(token, limit=LONGEST_TOKEN)
        if unproved.header.typ not in _TYPES:
            raise TokenRefused("another kind of token")
        claims, algorithm = await self._proved(unproved)
        self._check_parties(claims)
        seconds, leeway = now.timestamp(), self.leeway.total_seconds()
        life_of(claims, seconds, leeway=leeway, longest=self.longest_life.total_seconds()).check(seconds)
        self._check_age(claims, now)
        self._check_nonce(claims, nonce)
        _check_access_token(claims, algorithm, access_token)
        if self.accepts is not None and not self.accepts(claims):
            raise TokenRefused("it is of people who do not come in here")
        return claims

    async def _proved(self, token: UnprovedToken) -> tuple[Claims, str]:
        """Return the claims, and the algorithm of the key that proves them."""
        if self.keys is None:
            return token.claims, token.header.alg
        key = await self.keys.key_for(token.header)
        if key is None:
            raise TokenRefused("no key of the issuer is named so", Cause.INVALID_SIGNATURE)
        return token.proved_by(key), key.algorithm

    def _check_parties(self, claims: Claims) -> None:
        issuer = self.issuer(claims) if callable(self.issuer) else self.issuer
        if issuer is None or claims.get("iss") != issuer:
            raise TokenRefused("another issuer")
        if not isinstance(claims.get("sub"), str) or not claims["sub"]:
            raise TokenRefused("it has no subject")
        if "iat" not in claims:
            raise TokenRefused("it does not say when it was issued")
        audience: JsonValue = claims.get("aud")
        named = audience if isinstance(audience, list) else [audience]
        if not any(self._is_ours(each) for each in named):
            raise TokenRefused("another audience")
        if ("azp" in claims or len(named) > 1) and not self._is_ours(claims.get("azp")):
            raise TokenRefused("issued to another party")

    def _check_age(self, claims: Claims, now: datetime) -> None:
        if self.max_age is None:
            return
        if now.timestamp() - claims["iat"] > (self.max_age + self.leeway).total_seconds():
            raise TokenRefused("issued too long ago", Cause.EXPIRED)

    def _check_nonce(self, claims: Claims, nonce: str | None) -> None:
        if nonce is None:
            return
        expected = [nonce]
        if self.hashed_nonce:
            expected.append(hashlib.sha256(text_to_bytes(nonce)).hexdigest())
        claimed = claims.get("nonce")
        if not isinstance(claimed, str) or not any(
            compare_digest(text_to_bytes(claimed), text_to_bytes(each)) for each in expected
        ):
            raise TokenRefused("it answers another request")

    def _is_ours(self, client_id: JsonValue) -> bool:
        return isinstance(client_id, str) and (
            client_id == self.client_id or client_id in self.other_client_ids
        )


@dataclass(frozen=True, kw_only=True)
class RemoteIdTokenJudge(IdTokenJudge):
    """The same for a provider whose keys are fetched."""

    keys: RemoteKeys | None

    async def close(self) -> None:
        """Stop fetching keys."""
        if self.keys is not None:
            await self.keys.close()


def _check_access_token(claims: Claims, algorithm: str, access_token: str | None) -> None:
    """OpenID Connect Core section 3.1.3.8: a hash that cannot be computed is no reason to believe it."""
    if access_token is None or "at_hash" not in claims:
        return
    claimed, name = claims["at_hash"], _HASHES.get(algorithm)
    if name is None or not isinstance(claimed, str):
        raise TokenRefused("its at_hash cannot be checked")
    digest = hashlib.new(name, access_token.encode()).digest()
    expected = base64url.encode(digest[: len(digest) // 2])
    if not compare_digest(expected, text_to_bytes(claimed)):
        raise TokenRefused("it came with another access token")
