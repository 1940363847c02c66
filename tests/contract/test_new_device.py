"""The button of the mail about a new device, pressed several times at the same moment."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack

import pytest

from ostiary import Mailer
from ostiary.domain.mailed_links import NewDeviceLink
from ostiary.domain.models import SESSION
from ostiary.domain.runtime import FrozenRuntime
from ostiary.plugins import NewDevice
from tests.builders import Browser, code_of, some_auth
from tests.contract.places import SQL_PLACES, Place
from tests.posting import SENDER, Postbox

PEOPLE = 4
PRESSES = 6


async def press(browsers: Sequence[Browser], links: Sequence[NewDeviceLink]) -> list[tuple[int, str | None]]:
    """Let each press a button, all at once; the browsers take turns with the links."""
    presses = (
        browser.post("/not-me/confirm", data={"token": links[number % len(links)].token})
        for number, browser in enumerate(browsers)
    )
    answers = await asyncio.gather(*presses)
    return [(each.status_code, code_of(each) if each.status_code != 200 else None) for each in answers]


@pytest.mark.parametrize("sql_place", SQL_PLACES, indirect=True)
async def test_of_many_who_press_the_button_at_once_one_has_an_effect_and_the_others_are_told(
    sql_place: Place, empty_database: str, clock: FrozenRuntime
) -> None:
    """S65"""
    links: list[NewDeviceLink] = []

    async def send(link: NewDeviceLink) -> None:
        links.append(link)

    box = Postbox()
    auth = some_auth(
        None,
        clock,
        empty_database,
        plugins=[NewDevice(send=send, reset_page="/reset-password")],
        mailer=Mailer(sender=SENDER, transport=box),
    )
    await auth.services.store.create_tables()
    async with AsyncExitStack() as open_browsers:
        browsers = [await open_browsers.enter_async_context(Browser(auth)) for _ in range(PEOPLE * PRESSES)]
        for number, browser in enumerate(browsers[:PEOPLE]):
            await browser.sign_up(f"p{number}@example.com")
        clock.advance(hours=1)
        for number, browser in enumerate(browsers[-PEOPLE:]):
            await browser.sign_in(f"p{number}@example.com")
        await auth.services.background.drain()
        told = Counter(await press(browsers, links))
    assert told == {(200, None): PEOPLE, (400, "INVALID_TOKEN"): PEOPLE * (PRESSES - 1)}
    assert await auth.services.store.rows(SESSION).count() == 0
    assert auth.services.courier is not None
    await auth.services.courier.deliver_due()
    assert sorted(box.recipients) == [f"p{number}@example.com" for number in range(PEOPLE)]
    await auth.close()
