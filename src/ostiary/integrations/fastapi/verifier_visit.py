"""A visit to an application that only verifies what other servers issued."""

import logging
from typing import Final

from starlette.types import Scope

from ostiary.domain.entities import User
from ostiary.domain.errors import AuthError
from ostiary.domain.roles import ROLE
from ostiary.domain.schema import Model
from ostiary.integrations.fastapi.visit import authorization_of, jwt_of, request_of
from ostiary.verification.errors import credential_required
from ostiary.verification.principal import Principal
from ostiary.verifier import Verifier

_log: Final = logging.getLogger("ostiary.events")


class VerifierVisit:
    """Judges a credential by what its issuer published, or keeps in a store that is shared."""

    __slots__ = ("_judged", "_principal", "_scope", "_verifier")

    def __init__(self, verifier: Verifier, scope: Scope) -> None:
        """Read nothing yet: most requests of an application may never ask who calls."""
        self._verifier = verifier
        self._scope = scope
        self._judged = False
        self._principal: Principal | None = None

    @property
    def user_model(self) -> Model[User]:
        """What tokens and sessions tell of users."""
        return self._verifier.user_model

    @property
    def knows_roles(self) -> bool:
        """Whether tokens and sessions tell the role."""
        return ROLE.name in self.user_model.by_name

    def at_once(self) -> Principal | None:
        """Return who calls, by a JWT."""
        if self._principal is None and (token := jwt_of(self._scope)) is not None:
            self._principal = self._verifier.at_once(token)
        return self._principal

    async def principal(self) -> Principal | None:
        """Return who calls."""
        if self._principal is None and not self._judged:
            self._principal = await self._judge()
            self._judged = True
        return self._principal

    async def _judge(self) -> Principal | None:
        return await self._verifier.judge(request_of(self._scope))

    async def is_alive(self, principal: Principal) -> bool:
        """Judge the credential again."""
        try:
            again = await self._judge()
        except AuthError:
            return False
        return again is not None and again.user.id == principal.user.id

    def is_fresh(self, principal: Principal) -> bool:
        """Tell whether the session began recently; a token does not tell."""
        return principal.session is not None and self._verifier.is_fresh(principal.session)

    def required(self) -> AuthError:
        """Say how to authenticate."""
        return credential_required(wrong_format=authorization_of(self._scope) is not None)

    def log(self, error: AuthError) -> None:
        """Record a refusal."""
        request = request_of(self._scope)
        where = {"event": "refused", "ip_address": request.peer or "", "status": error.status}
        reason = {"code": error.code or "", "reason": error.reason or error.message or ""}
        _log.warning("refused: %s", error.code or error.status, extra={"auth": {**where, **reason}})

    def owed_headers(self) -> list[tuple[str, str]]:
        """Return nothing: cookies are their server's to set."""
        return []
