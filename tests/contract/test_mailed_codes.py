"""Codes in mails on every store: one use under a race, few guesses under another."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from ostiary.domain.runtime import FrozenRuntime
from ostiary.options import VerificationOptions
from ostiary.plugins import SafeLinks
from ostiary.services.mailed_codes import MailedCodes
from ostiary.storage.sql import SqlStore
from tests.builders import some_auth, some_options
from tests.contract.places import Place

ADA = "ada@example.com"
HOUR = timedelta(hours=1)


@pytest.fixture
async def servers(
    place: Place, scratch: Callable[[Place, str], str], clock: FrozenRuntime
) -> AsyncIterator[list[MailedCodes]]:
    """Return two servers on one database; in memory they are one."""
    options = some_options(verification=VerificationOptions(store_identifier="hashed"))
    url = None if place.name == "memory" else scratch(place, "codes")
    nodes = [some_auth(options, clock, url, plugins=[SafeLinks()]) for _ in range(2 if url else 1)]
    store = nodes[0].services.store
    if isinstance(store, SqlStore):
        await store.create_tables()
    codes = [node.services.mail_flows.links.codes for node in nodes]
    yield [each for each in codes if each is not None] * (2 // len(nodes))
    for node in nodes:
        await node.close()


async def issue(servers: list[MailedCodes], token: str = "the token") -> str:
    codes = servers[0]
    return await codes.issue("verify-email", ADA, token, HOUR, codes.verifications.store)


async def test_of_twenty_with_the_right_code_one_gets_the_token(servers: list[MailedCodes]) -> None:
    """S68"""
    code = await issue(servers)
    tries = [servers[number % 2].redeem("verify-email", ADA, code) for number in range(20)]
    got = [token for token in await asyncio.gather(*tries) if token is not None]
    assert got == ["the token"]
    assert await servers[0].redeem("verify-email", ADA, code) is None


async def test_a_crowd_of_guessers_has_five_guesses_together(servers: list[MailedCodes]) -> None:
    """S68: rounds of twenty at once, on two servers; then the right code comes too late."""
    code = await issue(servers)
    wrong = "".join("1" if digit == "0" else "0" for digit in code)
    for _ in range(5):
        tries = [servers[number % 2].redeem("verify-email", ADA, wrong) for number in range(20)]
        assert set(await asyncio.gather(*tries)) == {None}
    assert await servers[1].redeem("verify-email", ADA, code) is None


async def test_four_wrong_guesses_leave_room_for_the_right_one(servers: list[MailedCodes]) -> None:
    code = await issue(servers)
    for number in range(4):
        assert await servers[number % 2].redeem("verify-email", ADA, "00000000") is None
    assert await servers[1].redeem("verify-email", ADA.upper(), code) == "the token"


async def test_the_newest_code_is_the_only_one(servers: list[MailedCodes], clock: FrozenRuntime) -> None:
    first = await issue(servers, "first")
    clock.advance(seconds=1)
    second = await issue(servers, "second")
    assert await servers[1].redeem("verify-email", ADA, first) is None
    assert await servers[1].redeem("verify-email", ADA, second) == "second"
    clock.advance(HOUR)
    late = await issue(servers)
    clock.advance(HOUR)
    assert await servers[0].redeem("verify-email", ADA, late) is None
