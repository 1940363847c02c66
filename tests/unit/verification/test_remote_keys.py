"""The keys of another server are fetched once, kept while it is away, and asked for with restraint."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from ostiary.crypto.json_web_keys import VERIFYING_ALGORITHMS, PublicKey
from ostiary.crypto.token_form import Header, TokenRefused
from ostiary.domain.errors import IssuerUnavailable
from ostiary.domain.runtime import FrozenRuntime
from ostiary.outgoing import DefaultHttpClient
from ostiary.outgoing.networks import Network
from ostiary.verification.remote_keys import PAUSE, RemoteKeys
from tests.key_server import KeyServer, key_server
from tests.mint import published

MAX_AGE, STALE = timedelta(minutes=5), timedelta(days=1)


@pytest.fixture
async def server() -> AsyncIterator[KeyServer]:
    async with key_server(published("EdDSA"), published("ES256")) as running:
        yield running


@pytest.fixture
async def keys(server: KeyServer, clock: FrozenRuntime) -> AsyncIterator[RemoteKeys]:
    remote = keys_of(server, clock)
    yield remote
    await remote.close()


def keys_of(server: KeyServer, clock: FrozenRuntime, algorithms: Any = VERIFYING_ALGORITHMS) -> RemoteKeys:
    return RemoteKeys(
        url=f"{server.origin}/jwks",
        client=DefaultHttpClient(Network.LOOPBACK),
        runtime=clock,
        algorithms=frozenset(algorithms),
        max_age=MAX_AGE,
        stale_for=STALE,
    )


def named(kid: str | None = "EdDSA", algorithm: str = "EdDSA") -> Header:
    return Header(algorithm, None, kid, None)


async def settled(keys: RemoteKeys) -> None:
    if keys._fetching is not None:
        await asyncio.shield(keys._fetching)


async def test_a_hundred_who_come_at_once_cause_one_fetch(keys: RemoteKeys, server: KeyServer) -> None:
    """S13"""
    server.pause = 0.05
    found = await asyncio.gather(*(keys.key_for(named()) for _ in range(100)))
    assert isinstance(found[0], PublicKey)
    assert {id(key) for key in found} == {id(found[0])}
    assert server.fetches == 1
    assert server.requests == ["GET /jwks HTTP/1.1"]


async def test_whoever_gives_up_waiting_does_not_take_the_answer_from_the_others(
    keys: RemoteKeys, server: KeyServer
) -> None:
    """S13"""
    server.pause = 0.1
    first, second = (asyncio.ensure_future(keys.key_for(named())) for _ in range(2))
    await asyncio.sleep(0.02)
    first.cancel()
    assert await second is not None
    assert server.fetches == 1


async def test_a_set_is_believed_for_its_time_and_renewed_beside_the_requests(
    keys: RemoteKeys, server: KeyServer, clock: FrozenRuntime
) -> None:
    before = await keys.key_for(named())
    clock.advance(MAX_AGE / 2 - timedelta(seconds=1))
    await keys.key_for(named())
    assert server.fetches == 1
    clock.advance(seconds=1)
    server.pause = 0.05
    assert await keys.key_for(named()) is before, "nobody waits"
    await settled(keys)
    assert server.fetches == 2
    assert await keys.key_for(named()) is before, "a key that did not change stays the same object"


async def test_a_key_that_was_taken_back_is_refused_after_the_time_at_the_latest(
    keys: RemoteKeys, server: KeyServer, clock: FrozenRuntime
) -> None:
    """S13"""
    assert await keys.key_for(named()) is not None
    server.keys = [published("ES256")]
    clock.advance(MAX_AGE)
    assert await keys.key_for(named()) is None
    assert await keys.key_for(named("ES256", "ES256")) is not None


async def test_keys_are_kept_while_the_issuer_is_away_but_not_for_ever(
    keys: RemoteKeys, server: KeyServer, clock: FrozenRuntime
) -> None:
    """S13, S86"""
    assert await keys.key_for(named()) is not None
    await server.close()
    clock.advance(STALE - timedelta(seconds=PAUSE))
    assert await keys.key_for(named()) is not None
    clock.advance(seconds=PAUSE)
    with pytest.raises(IssuerUnavailable):
        await keys.key_for(named())
    await server.open()
    clock.advance(seconds=PAUSE)
    assert await keys.key_for(named()) is not None


async def test_a_cold_start_without_the_issuer_is_told_apart_from_a_bad_token(
    keys: RemoteKeys, server: KeyServer, clock: FrozenRuntime
) -> None:
    """S86"""
    server.status = 500
    for _ in range(20):
        with pytest.raises(IssuerUnavailable):
            await keys.key_for(named())
    assert server.fetches == 1, "it is left alone for a while"
    clock.advance(seconds=PAUSE)
    server.status = 200
    assert await keys.key_for(named()) is not None


async def test_an_issuer_that_is_away_is_asked_once_in_a_while_and_nobody_waits(
    keys: RemoteKeys, server: KeyServer, clock: FrozenRuntime
) -> None:
    """S13"""
    await keys.key_for(named())
    server.status = 503
    clock.advance(MAX_AGE)
    for _ in range(50):
        assert await keys.key_for(named()) is not None
    assert server.fetches == 2
    clock.advance(seconds=PAUSE)
    server.pause = 0.2
    started = asyncio.get_running_loop().time()
    assert await keys.key_for(named()) is not None
    assert asyncio.get_running_loop().time() - started < 0.1
    await settled(keys)
    assert server.fetches == 3


async def test_a_thousand_made_up_names_cause_one_fetch_and_disturb_nobody(
    keys: RemoteKeys, server: KeyServer, clock: FrozenRuntime
) -> None:
    """S12"""
    await keys.key_for(named())
    for number in range(1000):
        assert await keys.key_for(named(f"made up {number}")) is None
        assert await keys.key_for(named()) is not None
    assert server.fetches == 2
    clock.advance(seconds=PAUSE)
    assert await keys.key_for(named("made up")) is None
    assert server.fetches == 3


async def test_made_up_names_that_come_all_at_once_cause_one_fetch(
    keys: RemoteKeys, server: KeyServer
) -> None:
    """S12"""
    await keys.key_for(named())
    server.pause = 0.02
    await asyncio.gather(*(keys.key_for(named(f"made up {number}")) for number in range(1000)))
    assert server.fetches == 2


async def test_a_new_key_is_used_at_once(keys: RemoteKeys, server: KeyServer) -> None:
    """S17"""
    await keys.key_for(named())
    server.keys.append(published("EdDSA", "new", 1))
    assert await keys.key_for(named("new")) is not None


async def test_a_name_nobody_can_ask_about_is_not_called_unknown(keys: RemoteKeys, server: KeyServer) -> None:
    """S86"""
    await keys.key_for(named())
    await server.close()
    for _ in range(2):
        with pytest.raises(IssuerUnavailable):
            await keys.key_for(named("perhaps new"))
    assert await keys.key_for(named()) is not None


async def test_without_a_name_the_only_key_of_the_algorithm_is_meant(
    keys: RemoteKeys, server: KeyServer, clock: FrozenRuntime
) -> None:
    assert await keys.key_for(named(None)) is await keys.key_for(named())
    assert await keys.key_for(named(None, "RS256")) is None
    server.keys.append(published("EdDSA", None, 1))
    clock.advance(MAX_AGE)
    assert await keys.key_for(named(None)) is None
    assert await keys.key_for(named()) is not None
    assert server.fetches == 2, "a token without a name does not make anybody ask"


async def test_an_algorithm_that_is_not_accepted_is_refused_before_anybody_is_asked(
    server: KeyServer, clock: FrozenRuntime
) -> None:
    """S3"""
    keys = keys_of(server, clock, ["ES256"])
    for algorithm in ("EdDSA", "HS256", "none", "RS256"):
        with pytest.raises(TokenRefused):
            await keys.key_for(named("EdDSA", algorithm))
    assert server.fetches == 0
    assert await keys.key_for(named("EdDSA", "ES256")) is None, "a key of another algorithm is not there"


async def test_a_key_that_names_no_algorithm_belongs_to_the_only_one_that_is_accepted(
    server: KeyServer, clock: FrozenRuntime
) -> None:
    unnamed = {name: value for name, value in published("PS256").items() if name != "alg"}
    server.keys = [unnamed]
    only = await keys_of(server, clock, ["PS256"]).key_for(named("PS256", "PS256"))
    assert only is not None
    assert only.algorithm == "PS256"
    several = await keys_of(server, clock).key_for(named("PS256", "RS256"))
    assert several is not None
    assert several.algorithm == "RS256"
