"""The whole attack surface: a server with every kind of field, every route, and a valid request for each."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ostiary import Auth, EmailAndPassword, EmailVerificationOptions, GitHub, MailedLink, Options
from ostiary.domain.runtime import FrozenRuntime
from ostiary.domain.schema import Field
from ostiary.http.endpoint import Endpoint
from ostiary.options import ChangeEmail, DeleteUser, SessionOptions, UserOptions
from ostiary.plugins import Admin
from ostiary.storage.store import Store
from tests.builders import PASSWORD, some_auth, some_options

USER_FIELDS = (
    Field[str | None](name="nickname", required=False),
    Field[int | None](name="age", type="number", required=False),
    Field[bool | None](name="subscribed", type="boolean", required=False),
    Field[Any](name="birthday", type="date", required=False),
    Field[Any](name="settings", type="json", required=False),
    Field[Any](name="tags", type="string[]", required=False),
    Field[int](name="credit", type="number", default=0, input=False),
    Field[str | None](name="secretNote", required=False, input=False, returned=False),
)
SESSION_FIELDS = (
    Field[str | None](name="theme", required=False),
    Field[int](name="trust", type="number", default=1, input=False),
)

BODIES: Mapping[str, Mapping[str, Any] | None] = {
    "/sign-up/email": {"name": "Grace", "email": "grace@example.com", "password": PASSWORD},
    "/sign-in/email": {"email": "ada@example.com", "password": PASSWORD},
    "/sign-in/social": {"provider": "github"},
    "/link-social": {"provider": "github"},
    "/unlink-account": {"accountId": "an-account-that-nobody-has"},
    "/get-access-token": {"accountId": "an-account-that-nobody-has"},
    "/refresh-token": {"accountId": "an-account-that-nobody-has"},
    "/sign-out": {},
    "/get-session": None,
    "/revoke-session": {"token": "somebody-elses-token"},
    "/revoke-sessions": {},
    "/revoke-other-sessions": {},
    "/update-session": {"theme": "dark"},
    "/update-user": {"name": "Countess"},
    "/change-password": {"currentPassword": PASSWORD, "newPassword": "another horse battery"},
    "/change-email": {"newEmail": "countess@example.com"},
    "/send-verification-email": {"email": "ada@example.com"},
    "/request-password-reset": {"email": "ada@example.com"},
    "/reset-password": {"newPassword": "another horse battery", "token": "a-token-that-nobody-has"},
    "/verify-password": {"password": PASSWORD},
    "/delete-user": {"password": PASSWORD},
}
"""A valid body for every route that is not only a GET; None where the body is not read."""

MET_WITH: Mapping[str, int] = {
    "/get-session": 405,
    "/reset-password": 400,
    "/unlink-account": 400,
    "/get-access-token": 400,
    "/refresh-token": 400,
}
"""Statuses of routes where a valid body is refused: no deferring, no such token, no other account."""

REDIRECTING = {"/callback/{provider}"}
"""Routes that answer a POST with nothing but a redirect to themselves; tests of flows cover them."""
OPEN_ROUTES = {
    "/sign-up/email",
    "/sign-in/email",
    "/sign-in/social",
    "/sign-out",
    "/get-session",
    "/send-verification-email",
    "/request-password-reset",
    "/reset-password",
}
"""Routes that answer without a session."""


async def swallow(link: MailedLink) -> None:
    """Send nothing."""


def surface_options(**changes: Any) -> Options:
    """Return options under which every route does its work."""
    session: SessionOptions = changes.pop("session", SessionOptions())
    user = UserOptions(
        delete_user=DeleteUser(enabled=True),
        change_email=ChangeEmail(enabled=True),
        additional_fields=USER_FIELDS,
    )
    github = GitHub(client_id="our-client", client_secret="our-secret")
    defaults = {
        "user": user,
        "social_providers": (github,),
        "session": replace(session, additional_fields=SESSION_FIELDS),
        "email_and_password": EmailAndPassword(enabled=True, send_reset_password=swallow),
        "email_verification": EmailVerificationOptions(send_verification_email=swallow),
    }
    return some_options(**{**defaults, **changes})


def surface_auth(
    options: Options | None = None,
    clock: FrozenRuntime | None = None,
    database: str | Store | None = None,
    **parts: Any,
) -> Auth:
    """Return a server with the Admin plugin, additional fields of every type and self-deletion."""
    return some_auth(options or surface_options(), clock, database, **{"plugins": [Admin()], **parts})


def routed(auth: Auth) -> list[tuple[str, Endpoint]]:
    """Return method and endpoint of everything HTTP reaches."""
    return [(method, endpoint) for endpoint in auth.endpoints for method in endpoint.methods]


def state_changing_paths(auth: Auth) -> list[str]:
    """Return the paths of every route that is called with another method than GET."""
    return sorted({e.path for method, e in routed(auth) if method != "GET" and e.path not in REDIRECTING})


def guarded_paths(auth: Auth) -> list[str]:
    """Return the paths of every state-changing route that asks for a session."""
    return [path for path in state_changing_paths(auth) if path not in OPEN_ROUTES]


async def everything_in(store: Store) -> dict[str, list[Any]]:
    """Return every row of every table."""
    kept = [model for model in store.schema.models if model.name not in store.schema.unkept]
    return {
        model.name: sorted(await store.rows(model).all(limit=10_000), key=lambda row: row.id)
        for model in kept
    }
