"""Access tokens: short-lived JWTs that speak for the user of a session (RFC 9068)."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeAlias

from ostiary.crypto.token_form import ACCESS_TOKEN
from ostiary.domain.entities import ActiveSession, User
from ostiary.domain.errors import JsonValue
from ostiary.domain.roles import role_of
from ostiary.domain.runtime import Runtime
from ostiary.services.signers import Signing

_LONGEST_NAME: Final = 256  # characters: a token that is too long is refused, whoever signed it
ScopesOf: TypeAlias = Callable[[User], Awaitable[Collection[str]]]


@dataclass(frozen=True, kw_only=True)
class AccessTokens:
    """Signs them in the name of this server."""

    signing: Signing
    runtime: Runtime
    expires_in: timedelta
    scopes: ScopesOf | None = None

    async def issue(self, active: ActiveSession) -> str:
        """Return a token of exactly the claims that its verifiers know."""
        user, issued = active.user, int(self.runtime.now().timestamp())
        claims: dict[str, JsonValue] = {
            "sub": user.id,
            "email": user.email,
            "name": user.name[:_LONGEST_NAME],
            "role": role_of(user),
            "sid": active.session.id,
            "iss": self.signing.issuer,
            "aud": self.signing.audience,
            "iat": issued,
            "exp": issued + int(self.expires_in.total_seconds()),
            "jti": self.runtime.new_token(),
        }
        if self.scopes is not None and (granted := await self.scopes(user)):
            claims["scope"] = " ".join(sorted(granted))
        return await self.signing.signer.sign(claims, ACCESS_TOKEN)
