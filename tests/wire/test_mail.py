"""Flows by mail as the application meets them: callbacks, typed calls, tokens of another server."""

import asyncio
import base64
import hmac
import json
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from ostiary import (
    Auth,
    AuthError,
    Caller,
    ChangeEmail,
    DeleteUser,
    EmailAndPassword,
    EmailVerificationOptions,
    MailedLink,
    Options,
    User,
    UserOptions,
    current_request,
)
from ostiary.domain.models import USER, VERIFICATION, UserFields, VerificationFields
from ostiary.domain.runtime import FrozenRuntime
from ostiary.http.redirect import Redirect
from ostiary.http.routes.change_email import ChangeEmail as NewAddress
from ostiary.http.routes.email_verification import SendVerificationEmail, VerifyEmail
from ostiary.http.routes.password_reset import RequestPasswordReset, ResetPassword
from ostiary.http.routes.sign_in import SignInEmail
from ostiary.http.routes.sign_up import SignUpEmail
from ostiary.http.routes.user import DeleteUser as Deletion
from ostiary.http.routes.user import DeletionLink
from ostiary.services.mailed_links import Asker
from tests.builders import PASSWORD, SECRET, Browser, code_of, some_auth, some_options

ADA = "ada@example.com"
NEW = "another good password"


@dataclass
class Mails:
    """What the callbacks were called with."""

    links: list[MailedLink] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    async def send(self, link: MailedLink) -> None:
        self.links.append(link)

    async def before(self, user: User) -> None:
        self.told.append(f"before {user.email_verified}")

    async def after(self, user: User) -> None:
        self.told.append(f"after {user.email_verified}")

    async def set(self, user: User) -> None:
        self.told.append(f"set {user.email}")


@pytest.fixture
def mails() -> Mails:
    return Mails()


@pytest.fixture
def auth(mails: Mails, clock: FrozenRuntime) -> Auth:
    return some_auth(options(mails), clock)


def options(mails: Mails) -> Options:
    return some_options(
        email_and_password=EmailAndPassword(
            enabled=True,
            require_email_verification=True,
            send_reset_password=mails.send,
            on_password_reset=mails.set,
        ),
        email_verification=EmailVerificationOptions(
            send_verification_email=mails.send,
            before_email_verification=mails.before,
            after_email_verification=mails.after,
        ),
        user=UserOptions(
            change_email=ChangeEmail(enabled=True),
            delete_user=DeleteUser(enabled=True, send_delete_account_verification=mails.send),
        ),
    )


async def last(auth: Auth, mails: Mails) -> MailedLink:
    await auth.services.background.drain()
    return mails.links[-1]


async def verified_caller(auth: Auth, mails: Mails) -> Caller:
    """Sign up, verify, sign in, all without HTTP."""
    await auth.api.sign_up_email(SignUpEmail(name="Ada", email=ADA, password=PASSWORD))
    await auth.api.verify_email(VerifyEmail(token=(await last(auth, mails)).token))
    signed_in = await auth.api.sign_in_email(SignInEmail(email=ADA, password=PASSWORD))
    return Caller(session=await auth.services.sessions.by_token(signed_in.token))


async def test_every_flow_is_a_typed_call(auth: Auth, mails: Mails) -> None:
    caller = await verified_caller(auth, mails)
    assert mails.told == ["before False", "after True"]
    sent = await auth.api.request_password_reset(RequestPasswordReset(email=ADA))
    assert sent.status
    token = (await last(auth, mails)).token
    assert (await auth.api.reset_password(ResetPassword(new_password=NEW, token=token))).status
    assert mails.told[2:] == [f"set {ADA}"]
    assert (await auth.api.change_email(NewAddress(new_email="new@example.com"), caller)).status
    token = (await last(auth, mails)).token
    verified = await auth.api.verify_email(VerifyEmail(token=token))
    assert isinstance(verified.user, User)
    assert verified.user.email == "new@example.com"
    deletion = await auth.api.delete_user(Deletion(), caller)
    assert deletion.message == "Verification email sent"


async def test_a_typed_call_may_delete_by_token(auth: Auth, mails: Mails) -> None:
    await verified_caller(auth, mails)
    async with Browser(auth) as browser:
        assert (await browser.sign_in()).status_code == 200
        await browser.post("/delete-user", json={})
        link = DeletionLink(token=(await last(auth, mails)).token)
        cookie = f"better-auth.session_token={browser.cookie()}"
        assert (await auth.api.delete_user_callback(link, Caller(headers={"cookie": cookie}))).success
        assert await browser.session() is None
    assert await auth.services.users.by_email(ADA) is None


async def test_a_typed_call_raises_refusals_and_redirects(auth: Auth, mails: Mails) -> None:
    with pytest.raises(AuthError, match="INVALID_TOKEN"):
        await auth.api.verify_email(VerifyEmail(token="x.y.z"))
    with pytest.raises(Redirect) as redirect:
        await auth.api.verify_email(VerifyEmail(token="x.y.z", callback_url="/page"))
    assert redirect.value.location == "/page?error=INVALID_TOKEN"
    with pytest.raises(AuthError, match="INVALID_TOKEN"):
        await auth.api.reset_password(ResetPassword(new_password=NEW))
    assert (await auth.api.send_verification_email(SendVerificationEmail(email=ADA))).status
    assert mails.links == []


async def test_a_callback_may_refuse_a_verification(mails: Mails) -> None:
    async def refuse(user: User) -> None:
        raise AuthError(403, "NOT_YET", "Ask again tomorrow")

    settings = EmailVerificationOptions(
        send_verification_email=mails.send, send_on_sign_up=True, before_email_verification=refuse
    )
    auth = some_auth(some_options(email_verification=settings))
    async with Browser(auth) as browser:
        await browser.sign_up()
        answer = await browser.get("/verify-email", params={"token": (await last(auth, mails)).token})
        assert (answer.status_code, code_of(answer)) == (403, "NOT_YET")
    user = await auth.services.users.by_email(ADA)
    assert user is not None
    assert not user.email_verified


def written_elsewhere(claims: dict[str, object]) -> str:
    """Write a token as another server that knows the secret does."""
    parts = (json.dumps(part, separators=(",", ":")).encode() for part in ({"alg": "HS256"}, claims))
    signed = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
    mac = hmac.digest(SECRET.encode(), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


async def test_a_link_of_another_server_with_the_same_secret_is_good_here(
    auth: Auth, clock: FrozenRuntime
) -> None:
    async with Browser(auth) as browser:
        await browser.sign_up()
        now = int(clock.now().timestamp())
        token = written_elsewhere({"email": ADA, "iat": now, "exp": now + 60})
        answer = await browser.get("/verify-email", params={"token": token})
        assert answer.json() == {"status": True, "user": None}
    user = await auth.services.users.by_email(ADA)
    assert user is not None
    assert user.email_verified


async def test_the_configuration_of_the_reference_is_read(mails: Mails) -> None:
    read = Options.from_mapping(
        {
            "secret": SECRET,
            "baseURL": "https://app.example",
            "emailAndPassword": {
                "enabled": True,
                "sendResetPassword": mails.send,
                "resetPasswordTokenExpiresIn": 60,
                "onPasswordReset": mails.set,
                "revokeSessionsOnPasswordReset": False,
            },
            "emailVerification": {
                "sendVerificationEmail": mails.send,
                "sendOnSignUp": True,
                "expiresIn": 120,
            },
            "user": {
                "changeEmail": {"enabled": True, "sendChangeEmailConfirmation": mails.send},
                "deleteUser": {"sendDeleteAccountVerification": mails.send},
            },
        }
    )
    assert read.email_and_password.reset_password_token_expires_in == timedelta(minutes=1)
    assert read.email_and_password.revoke_sessions_on_password_reset is False
    assert read.email_verification.send_on_sign_up is True
    assert read.email_verification.expires_in == timedelta(minutes=2)
    assert read.user.change_email.send_change_email_confirmation == mails.send
    assert read.user.delete_user.send_delete_account_verification == mails.send
    assert read.with_reference_defaults().rate_limit.mails is None


async def test_an_address_that_is_taken_in_a_race_is_not_told(mails: Mails) -> None:
    settings = UserOptions(change_email=ChangeEmail(enabled=True, update_email_without_verification=True))
    auth = some_auth(some_options(user=settings))
    async with Browser(auth) as browser, Browser(auth) as other:
        await browser.sign_up()
        await other.sign_up("eve@example.com")
        user = await auth.services.users.by_email(ADA)
        assert user is not None
        assert await auth.services.mail_flows.change.apply(user, "eve@example.com", Asker()) is None
        answer = await browser.post("/change-email", json={"newEmail": "eve@example.com"})
        assert answer.json() == {"status": True}
        assert (await browser.session())["user"]["email"] == ADA
    rows = auth.services.store.rows(USER)
    assert await rows.count(UserFields.EMAIL.equals("eve@example.com")) == 1


async def test_a_function_knows_the_request_it_is_called_for(clock: FrozenRuntime) -> None:
    """Beside the request, in process and in calls within a request; outside of one there is none."""
    seen: list[tuple[str, str | None]] = []

    async def send(link: MailedLink) -> None:
        await asyncio.sleep(0)  # the answer is out by now
        request = current_request()
        assert request is not None
        seen.append((request.path, request.headers.get("x-tenant")))

    async def after(user: User) -> None:
        await server.api.request_password_reset(
            RequestPasswordReset(email=user.email), Caller(headers={"x-tenant": "inner"})
        )
        request = current_request()
        seen.append(("after", None if request is None else request.headers.get("x-tenant")))

    server = some_auth(
        some_options(
            email_and_password=EmailAndPassword(
                enabled=True, send_reset_password=send, on_password_reset=after
            ),
        ),
        clock,
    )
    async with Browser(server) as browser:
        await browser.sign_up()
        await browser.post("/request-password-reset", json={"email": ADA}, headers={"x-tenant": "outer"})
        await server.services.background.drain()
        assert seen == [("/request-password-reset", "outer")]
        [row] = await server.services.store.rows(VERIFICATION).all(
            VerificationFields.IDENTIFIER.starts_with("reset-password:")
        )
        token = row.identifier.removeprefix("reset-password:")
        body = {"token": token, "newPassword": NEW}
        await browser.post("/reset-password", json=body, headers={"x-tenant": "outer"})
        await server.services.background.drain()
    assert sorted(seen[1:]) == [("/request-password-reset", "inner"), ("after", "outer")]
    assert current_request() is None


async def test_an_application_adapts_the_user_that_a_hidden_duplicate_shows() -> None:
    """The answer for a known address has what the application gives every new user afterwards."""

    async def adapt(user: User) -> User:
        return replace(user, image="https://app.example/first.png")

    settings = EmailAndPassword(enabled=True, auto_sign_in=False, custom_synthetic_user=adapt)
    server = some_auth(some_options(email_and_password=settings))
    async with Browser(server) as browser:
        body = {"name": "Eve", "email": ADA, "password": PASSWORD}
        first, again = [(await browser.post("/sign-up/email", json=body)).json() for _ in range(2)]
        assert first["user"]["image"] is None
        assert (again["token"], again["user"]["image"]) == (None, "https://app.example/first.png")
        assert again["user"].keys() == first["user"].keys()
    read = Options.from_mapping(
        {"secret": SECRET, "emailAndPassword": {"enabled": True, "customSyntheticUser": adapt}}
    )
    assert read.email_and_password.custom_synthetic_user == adapt
