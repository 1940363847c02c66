"""Every endpoint as a typed call in this process."""

import pytest

from ostiary import Auth, AuthError, Caller, Errors
from ostiary.domain.models import ACCOUNT, AccountFields
from ostiary.http.api import NOBODY
from ostiary.http.routes.password import ChangePassword, SetPassword, VerifyPassword
from ostiary.http.routes.session import RevokeSession
from ostiary.http.routes.sign_in import SignInEmail
from ostiary.http.routes.sign_up import SignUpEmail
from ostiary.http.routes.user import DeleteUser
from ostiary.http.wire import CurrentSessionOutput
from tests.builders import PASSWORD, Browser, code_of

NEW = "another good password"


async def signed_up(auth: Auth) -> Caller:
    result = await auth.api.sign_up_email(SignUpEmail(name="Ada", email="ada@example.com", password=PASSWORD))
    assert result.token is not None
    active = await auth.services.sessions.by_token(result.token)
    return Caller(session=active)


async def test_a_call_returns_what_the_route_answers(auth: Auth) -> None:
    caller = await signed_up(auth)
    assert (await auth.api.ok()).ok
    result = await auth.api.sign_in_email(SignInEmail(email="ada@example.com", password=PASSWORD))
    assert result.user.email == "ada@example.com"
    assert len(await auth.api.list_sessions(caller)) == 2
    assert (await auth.api.update_user({"name": "Ada L"}, caller)).status
    assert (await auth.api.verify_password(VerifyPassword(password=PASSWORD), caller)).status


async def test_a_call_raises_what_the_route_refuses(auth: Auth) -> None:
    with pytest.raises(AuthError) as refusal:
        await auth.api.sign_in_email(SignInEmail(email="nobody@example.com", password=PASSWORD))
    assert refusal.value.code == Errors.INVALID_EMAIL_OR_PASSWORD.name
    with pytest.raises(AuthError, match="UNAUTHORIZED"):
        await auth.api.list_sessions(NOBODY)


async def test_a_call_acts_for_the_headers_of_a_request(auth: Auth, browser: Browser) -> None:
    await browser.sign_up()
    caller = Caller(headers={"Cookie": f"better-auth.session_token={browser.cookie()}"})
    current = await auth.api.get_session(caller)
    assert isinstance(current, CurrentSessionOutput)
    assert current.user.name == "Ada"
    _, headers = await auth.api.exchange("sign_out", caller=caller)
    assert [name for name, _ in headers] == ["set-cookie"] * 3
    assert await browser.session() is None


async def test_a_first_password_is_set_in_process_only(auth: Auth, browser: Browser) -> None:
    """S76 holds for what is not routed: no request reaches it."""
    caller = await signed_up(auth)
    with pytest.raises(AuthError, match="PASSWORD_ALREADY_SET"):
        await auth.api.set_password(SetPassword(new_password=NEW), caller)
    rows = auth.services.store.rows(ACCOUNT)
    await rows.delete(AccountFields.PROVIDER_ID.equals("credential"))
    assert (await auth.api.set_password(SetPassword(new_password=NEW), caller)).status
    assert (await browser.sign_in(password=NEW)).status_code == 200
    assert (await browser.post("/set-password", json={"newPassword": NEW})).status_code == 404


async def test_passwords_change_and_sessions_end_in_process(auth: Auth, browser: Browser) -> None:
    caller = await signed_up(auth)
    await browser.sign_in()
    change = ChangePassword(new_password=NEW, current_password=PASSWORD, revoke_other_sessions=True)
    changed = await auth.api.change_password(change, caller)
    assert changed.token is not None
    assert await browser.session() is None
    assert code_of(await browser.sign_in()) == "INVALID_EMAIL_OR_PASSWORD"
    active = await auth.services.sessions.by_token(changed.token)
    await auth.api.revoke_session(RevokeSession(token=changed.token), Caller(session=active))
    assert await auth.services.sessions.by_token(changed.token) is None


async def test_deleting_is_off_unless_turned_on(auth: Auth) -> None:
    caller = await signed_up(auth)
    with pytest.raises(AuthError) as refusal:
        await auth.api.delete_user(DeleteUser(password=PASSWORD), caller)
    assert (refusal.value.status, refusal.value.code) == (404, None)
