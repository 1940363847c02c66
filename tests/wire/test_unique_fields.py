"""An additional field whose values are unique: whoever claims a taken one is told so, and nothing else."""

from dataclasses import replace

import pytest

from ostiary import EmailAndPassword, Options, SessionOptions, UserOptions
from ostiary.domain.models import USER
from ostiary.domain.runtime import FrozenRuntime
from ostiary.domain.schema import Field
from tests.builders import PASSWORD, Browser, code_of, some_auth, some_options

HANDLE = Field[str](name="handle", required=False, unique=True)
OPTIONS = some_options(user=UserOptions(additional_fields=(HANDLE,)))
HIDING = replace(OPTIONS, email_and_password=EmailAndPassword(enabled=True, auto_sign_in=False))


def person(email: str, handle: str | None) -> dict[str, str | None]:
    return {"name": "Ada", "email": email, "password": PASSWORD, "handle": handle}


@pytest.mark.parametrize("options", [OPTIONS, HIDING], ids=["shown", "hidden"])
async def test_a_new_address_with_a_taken_value_makes_no_user(options: Options, clock: FrozenRuntime) -> None:
    auth = some_auth(options, clock)
    async with Browser(auth) as browser:
        await browser.post("/sign-up/email", json=person("ada@example.com", "ada"))
        answer = await browser.post("/sign-up/email", json=person("eve@example.com", "ada"))
        assert (answer.status_code, code_of(answer)) == (422, "FAILED_TO_CREATE_USER")
        answer = await browser.post("/sign-up/email", json=person("eve@example.com", "eve"))
        assert answer.status_code == 200
    assert await auth.services.store.rows(USER).count() == 2
    await auth.close()


async def test_a_taken_value_does_not_tell_whose_address_is_known(clock: FrozenRuntime) -> None:
    auth = some_auth(HIDING, clock)
    async with Browser(auth) as browser:
        await browser.post("/sign-up/email", json=person("ada@example.com", "ada"))
        answers = [
            await browser.post("/sign-up/email", json=person(email, "ada"))
            for email in ("ada@example.com", "nobody@example.com")
        ]
        assert answers[0].status_code == answers[1].status_code == 422
        assert answers[0].content == answers[1].content
    await auth.close()


async def test_a_known_address_is_told_first_where_that_may_show(clock: FrozenRuntime) -> None:
    auth = some_auth(OPTIONS, clock)
    async with Browser(auth) as browser:
        await browser.post("/sign-up/email", json=person("ada@example.com", "ada"))
        answer = await browser.post("/sign-up/email", json=person("ada@example.com", "ada"))
        assert code_of(answer) == "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL"
    await auth.close()


async def test_a_taken_value_is_refused_at_a_change(clock: FrozenRuntime) -> None:
    auth = some_auth(OPTIONS, clock)
    async with Browser(auth) as browser:
        await browser.post("/sign-up/email", json=person("ada@example.com", "ada"))
        await browser.post("/sign-up/email", json=person("eve@example.com", None))
        answer = await browser.post("/update-user", json={"handle": "ada"})
        assert (answer.status_code, code_of(answer)) == (422, "FAILED_TO_UPDATE_USER")
        assert (await browser.post("/update-user", json={"handle": "eve"})).status_code == 200
    await auth.close()


async def test_a_taken_value_is_refused_at_a_change_of_a_session(clock: FrozenRuntime) -> None:
    device = Field[str](name="device", required=False, unique=True)
    auth = some_auth(some_options(session=SessionOptions(additional_fields=(device,))), clock)
    async with Browser(auth) as ada, Browser(auth) as eve:
        await ada.sign_up("ada@example.com")
        await eve.sign_up("eve@example.com")
        assert (await ada.post("/update-session", json={"device": "phone"})).status_code == 200
        answer = await eve.post("/update-session", json={"device": "phone"})
        assert (answer.status_code, code_of(answer)) == (422, "FAILED_TO_UPDATE_SESSION")
        assert (await eve.post("/update-session", json={"device": "desk"})).status_code == 200
    await auth.close()
