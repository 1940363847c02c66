"""The public surface as a type checker sees it: this module only has to type-check."""

from typing import Annotated, assert_type

from fastapi import FastAPI

from ostiary import (
    ActiveSession,
    Auth,
    EmailAndPassword,
    Field,
    JwksIssuer,
    Options,
    Principal,
    Session,
    SessionIssuer,
    SharedSecretIssuer,
    User,
    Verifier,
)
from ostiary.http.api import Caller
from ostiary.http.routes.sign_in import SignInEmail
from ostiary.http.wire import SignedIn, Status
from ostiary.integrations.fastapi import CurrentSession, CurrentUser, FreshSession, OptionalUser, require_role

PLAN = Field[str](name="plan", default="free")

options = Options(secret="0" * 32, email_and_password=EmailAndPassword(enabled=True))
auth = Auth(options, "sqlite:///app.db")
app = FastAPI()
auth.install(app)


@app.get("/me")
async def me(user: CurrentUser, session: CurrentSession, visitor: OptionalUser, fresh: FreshSession) -> str:
    assert_type(user, User)
    assert_type(session, ActiveSession)
    assert_type(visitor, User | None)
    assert_type(fresh.session, Session)
    assert_type(user[PLAN], str)
    return user.name


@app.get("/admin")
async def admin(user: Annotated[User, require_role("admin")]) -> str:
    return user.email


verifier = Verifier(
    JwksIssuer(issuer="https://auth.example", audience="https://api.example"),
    SharedSecretIssuer(issuer="https://other.example", audience="https://api.example", secret="0" * 32),
    SessionIssuer(options=options, database="sqlite:///app.db"),
)
second = FastAPI()
verifier.install(second)


async def verifies() -> None:
    principal = await verifier.verify("token")
    assert_type(principal, Principal)
    assert_type(principal.user, User)
    assert_type(principal.session, Session | None)


async def calls(caller: Caller) -> None:
    signed_in = await auth.api.sign_in_email(SignInEmail(email="a@b.co", password="x"))
    assert_type(signed_in, SignedIn)
    assert_type(signed_in.user, User)
    assert_type(await auth.api.update_user({"name": "Ada"}, caller), Status)
    assert_type(await auth.api.list_sessions(caller), list[Session])
