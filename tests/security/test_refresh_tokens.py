"""Refresh tokens rotate, a used one ends its family, and nothing lives longer than its session."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from ostiary import Auth, ConfigurationError, SessionOptions
from ostiary.crypto.json_web_signatures import parse_token
from ostiary.crypto.password_hashes.argon2 import Argon2
from ostiary.crypto.passwords import BoundedHasher
from ostiary.domain.models import SESSION
from ostiary.domain.roles import ROLE
from ostiary.domain.runtime import FrozenRuntime
from ostiary.plugins import Jwt, Tokens
from ostiary.storage.memory import MemoryKeyValue
from tests.builders import Browser, some_auth, some_options
from tests.pairs import (
    EMAIL,
    Pair,
    families,
    logged_in,
    pair_auth,
    program,
    refresh,
    refreshed,
    signed_up,
)


async def rotations(client: Browser, first: Pair, times: int) -> list[str]:
    """Return the first token and those that followed it."""
    tokens = [first.refresh]
    for _ in range(times):
        tokens.append((await refreshed(client, tokens[-1])).refresh)
    return tokens


async def test_each_use_gives_another_token_that_works(clock: FrozenRuntime) -> None:
    auth = pair_auth(clock=clock)
    async with program(auth) as client:
        tokens = await rotations(client, await signed_up(client), 5)
    assert len(set(tokens)) == 6
    [family] = await families(auth)
    assert json.loads(family.history)[-1][1] == round(clock.now().timestamp() * 1000)


async def test_a_used_token_answers_with_the_living_end_for_a_moment(clock: FrozenRuntime) -> None:
    """S37"""
    auth = pair_auth(clock=clock)
    async with program(auth) as client:
        first = await signed_up(client)
        clock.advance(minutes=1)
        tokens = await rotations(client, first, 3)
        clock.advance(seconds=9)
        for used in tokens:
            again = await refreshed(client, used)
            live = again.refresh
            assert (await client.get("/me", headers=again.bearer)).status_code == 200
            if used != tokens[-1]:
                assert live == tokens[-1]
    assert len(await families(auth)) == 1


async def test_a_used_token_that_comes_later_ends_the_family_and_its_session(
    clock: FrozenRuntime, caplog: pytest.LogCaptureFixture
) -> None:
    """S38"""
    auth = pair_auth(clock=clock)
    async with program(auth) as client:
        first = await signed_up(client)
        other = await logged_in(client)
        tokens = [first.refresh]
        for _ in range(3):
            clock.advance(seconds=20)
            tokens.append((await refreshed(client, tokens[-1])).refresh)
        clock.advance(seconds=20)
        with caplog.at_level(logging.INFO, "ostiary.events"):
            answer = await refresh(client, tokens[0])
        assert (answer.status_code, answer.json()["code"]) == (401, "INVALID_REFRESH_TOKEN")
        assert (await refresh(client, tokens[-1])).status_code == 401
        assert (await client.get("/me", headers=first.bearer)).status_code == 401
        assert (await refresh(client, other.refresh)).status_code == 200
    [event] = [record for record in caplog.records if record.message == "refresh_token_reused"]
    told = event.auth  # type: ignore[attr-defined]  # what the event carries
    assert told["user_id"] == first.body["user"]["id"]
    assert told["session_id"] == parse_token(first.access).claims["sid"]
    assert told["reason"]
    assert not any(token in str(vars(event)) for token in tokens)
    assert await auth.services.store.rows(SESSION).count() == 1


async def test_without_grace_a_second_use_is_a_second_use_at_once(clock: FrozenRuntime) -> None:
    """S38"""
    auth = pair_auth(Tokens(grace=timedelta(0)), clock=clock)
    async with program(auth) as client:
        first = await signed_up(client)
        second = await refreshed(client, first.refresh)
        assert (await refresh(client, first.refresh)).status_code == 401
        assert (await refresh(client, second.refresh)).status_code == 401
    assert await families(auth) == []


async def test_a_foreign_secret_in_a_known_family_is_a_used_token(clock: FrozenRuntime) -> None:
    """S38: of a token that is long forgotten only the family is known."""
    auth = pair_auth(clock=clock)
    async with program(auth) as client:
        pair = await signed_up(client)
        assert (await refresh(client, pair.refresh[:23] + "A" * 43)).status_code == 401
        assert (await refresh(client, pair.refresh)).status_code == 401


async def test_unknown_and_expired_tokens_have_no_effect(clock: FrozenRuntime) -> None:
    auth = pair_auth(clock=clock)
    async with program(auth) as client:
        pair = await signed_up(client)
        before = await families(auth)
        assert (await refresh(client, "rt_" + "A" * 63)).status_code == 401
        clock.advance(days=7)
        assert (await refresh(client, pair.refresh)).status_code == 401
    assert await families(auth) == before


async def test_each_use_begins_the_seven_days_anew_and_carries_the_session_along(
    clock: FrozenRuntime,
) -> None:
    """S24"""
    auth = pair_auth(clock=clock)
    async with program(auth) as client:
        pair = await signed_up(client)
        for wait in (timedelta(hours=6), timedelta(days=7, seconds=-1), timedelta(days=7, seconds=-1)):
            clock.advance(wait)
            pair = await refreshed(client, pair.refresh)
            [session] = await auth.services.store.rows(SESSION).all()
            [family] = await families(auth)
            assert session.expires_at == family.expires_at == clock.now() + timedelta(days=7)
        clock.advance(days=7)
        assert (await refresh(client, pair.refresh)).status_code == 401


@pytest.mark.parametrize(
    ("session", "tokens"),
    [
        (SessionOptions(), Tokens()),
        (SessionOptions(absolute_lifetime=None), Tokens()),
        (SessionOptions(absolute_lifetime=timedelta(days=30)), Tokens(family_lifetime=timedelta(days=90))),
        (SessionOptions(absolute_lifetime=None), Tokens(family_lifetime=timedelta(days=30))),
    ],
    ids=["90", "90 of the family", "30", "30 of the family"],
)
async def test_refreshing_daily_ends_with_the_absolute_life(
    session: SessionOptions, tokens: Tokens, clock: FrozenRuntime, request: pytest.FixtureRequest
) -> None:
    """S40"""
    days = int(request.node.callspec.id.partition(" ")[0])
    async with program(pair_auth(tokens, some_options(session=session), clock)) as client:
        pair = await signed_up(client)
        for _ in range(days - 1):
            clock.advance(days=1)
            pair = await refreshed(client, pair.refresh)
        clock.advance(days=1)
        assert (await refresh(client, pair.refresh)).status_code == 401


async def test_sessions_that_are_never_extended_end_their_tokens(clock: FrozenRuntime) -> None:
    options = some_options(session=SessionOptions(disable_session_refresh=True))
    async with program(pair_auth(options=options, clock=clock)) as client:
        pair = await signed_up(client)
        clock.advance(days=6)
        pair = await refreshed(client, pair.refresh)
        clock.advance(days=1, seconds=1)
        assert (await refresh(client, pair.refresh)).status_code == 401


async def test_a_copy_of_the_database_gives_no_usable_token(clock: FrozenRuntime) -> None:
    """S22: neither the living token nor any successor can be computed from what is stored."""
    auth = pair_auth(clock=clock)
    async with program(auth) as client:
        tokens = await rotations(client, await signed_up(client), 3)
        [family] = await families(auth)
        stored = [value for value in vars_of(family) if isinstance(value, str)]
        assert not any(token[23:] in text for token in tokens for text in stored)
        generations = json.loads(family.history)
        guesses = [
            family.token_hash[:43],
            *(part for each in generations for part in (each[0][:43], each[2])),
        ]
        for guess in guesses:
            answer = await refresh(client, f"rt_{family.family}{guess}")
            assert answer.status_code == 401
    for token in tokens:
        assert len(token) == 66
        assert "." not in token


def vars_of(row: object) -> list[object]:
    return [getattr(row, name) for name in row.__dataclass_fields__]  # type: ignore[attr-defined]  # any row


async def test_no_two_tokens_are_alike() -> None:
    """S22: 256 bits each."""
    auth = pair_auth()
    async with program(auth) as client:
        await signed_up(client)
        tokens = {(await logged_in(client)).refresh for _ in range(40)}
    assert len({token[3:23] for token in tokens}) == len({token[23:] for token in tokens}) == 40


async def test_history_forgets_what_is_no_longer_in_flight(clock: FrozenRuntime) -> None:
    auth = pair_auth(clock=clock)
    async with program(auth) as client:
        tokens = await rotations(client, await signed_up(client), 40)
        [family] = await families(auth)
        assert len(json.loads(family.history)) == 32
        clock.advance(seconds=10)
        await refreshed(client, tokens[-1])
        [family] = await families(auth)
        assert len(json.loads(family.history)) == 1


async def test_fifty_at_once_get_one_successor(clock: FrozenRuntime) -> None:
    """S36, S37"""
    auth = pair_auth(clock=clock)
    async with program(auth) as client:
        pair = await signed_up(client)
        answers = await asyncio.gather(*(refresh(client, pair.refresh) for _ in range(50)))
        pairs = [Pair.of(answer) for answer in answers]
        assert len({each.refresh for each in pairs}) == 1
        assert len({each.access for each in pairs}) == 50
        assert len(await families(auth)) == 1
        await refreshed(client, pairs[0].refresh)


async def test_a_restart_brings_nothing_back(clock: FrozenRuntime, tmp_path: object) -> None:
    """S39"""
    url = f"sqlite:///{tmp_path}/auth.db"

    async def serve(work: str, token: str) -> tuple[int, str]:
        auth = pair_auth(clock=clock, database=url)
        await auth.migrate()
        async with program(auth) as client:
            if work == "sign up":
                pair = await signed_up(client)
                return 200, pair.refresh
            if work == "log out":
                answer = await client.post("/logout", json={"refresh_token": token})
            else:
                answer = await refresh(client, token)
        await auth.close()
        return answer.status_code, answer.json().get("refresh_token", "") if answer.content else ""

    _, first = await serve("sign up", "")
    status, second = await serve("refresh", first)
    assert status == 200
    assert await serve("refresh", first) == (200, second)  # still in flight, whichever process asks
    clock.advance(seconds=10)
    assert (await serve("refresh", first))[0] == 401
    assert (await serve("refresh", second))[0] == 401


async def test_a_logout_survives_a_restart(clock: FrozenRuntime, tmp_path: object) -> None:
    """S39"""
    url = f"sqlite:///{tmp_path}/auth.db"
    auth = pair_auth(clock=clock, database=url)
    await auth.migrate()
    async with program(auth) as client:
        pair = await signed_up(client)
        await client.post("/logout", json={"refresh_token": pair.refresh})
    await auth.close()
    again = pair_auth(clock=clock, database=url)
    async with program(again) as client:
        assert (await refresh(client, pair.refresh)).status_code == 401
        assert (await client.get("/me", headers=pair.bearer)).status_code == 401
    await again.close()


@pytest.mark.parametrize("kept", ["in redis only", "in redis and in rows", "in rows even after the end"])
async def test_sessions_in_the_key_value_store_carry_families_too(clock: FrozenRuntime, kept: str) -> None:
    session = SessionOptions(
        store_in_key_value=True,
        store_session_in_database="rows" in kept,
        preserve_session_in_database="after" in kept,
    )
    auth = pair_auth(options=some_options(session=session), clock=clock, key_value=MemoryKeyValue(clock))
    async with program(auth) as client:
        pair = await signed_up(client)
        clock.advance(days=1)
        pair = await refreshed(client, pair.refresh)
        me = await client.get("/me", headers=pair.bearer)
        assert me.json()["last_login_at"] == "2030-01-01T00:00:00.000Z"
        clock.advance(minutes=1)
        await logged_in(client)
        me = await client.get("/me", headers=pair.bearer)
        assert me.json()["last_login_at"] == "2030-01-02T00:01:00.000Z"
        async with Browser(auth) as browser:
            await browser.sign_in()
            await browser.post("/revoke-other-sessions")
        assert pair.refresh[3:23] not in {family.family for family in await families(auth)}
        assert (await client.get("/me", headers=pair.bearer)).status_code == 401
        assert (await refresh(client, pair.refresh)).status_code == 401


class Distracted(BoundedHasher):
    """Lets something happen while a password is checked."""

    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def verify(self, password: str, stored: str, /) -> bool:
        if self.meanwhile is not None:
            await self.meanwhile()
        return await super().verify(password, stored)


async def test_a_role_taken_away_during_a_sign_in_stays_away_in_every_copy(clock: FrozenRuntime) -> None:
    """A sign-in notes its time in the copies of the user: by the row as it is, not as it was read before."""
    session = SessionOptions(store_in_key_value=True)
    hasher = Distracted(clock, Argon2(memory=8, iterations=1, parallelism=1))
    auth = pair_auth(
        options=some_options(session=session), clock=clock, key_value=MemoryKeyValue(clock), hasher=hasher
    )
    users = auth.services.users
    async with program(auth) as client:
        pair = await signed_up(client)
        ada = await users.by_email(EMAIL)
        assert ada is not None
        ada = await users.change(ada, {ROLE: "admin"})
        assert ada is not None
        hasher.meanwhile = lambda: users.change(ada, {ROLE: "user"})
        later = await logged_in(client)
        for each in (pair, later):
            assert (await client.get("/me", headers=each.bearer)).json()["role"] == "user"


async def test_signing_in_again_tidies_up_what_is_over(clock: FrozenRuntime) -> None:
    auth = pair_auth(clock=clock)
    async with program(auth) as client:
        await signed_up(client)
        clock.advance(days=8)
        await logged_in(client)
    await auth.services.background.drain()
    assert len(await families(auth)) == 1


def test_a_server_that_cannot_carry_tokens_says_why() -> None:
    with pytest.raises(ConfigurationError, match=r"Jwt\(\)"):
        some_auth(plugins=[Tokens()])
    with pytest.raises(ConfigurationError, match="a database"):
        Auth(some_options(), plugins=[Jwt(), Tokens()])
    with pytest.raises(ConfigurationError, match=r"session\.expires_in"):
        pair_auth(Tokens(refresh_expires_in=timedelta(days=8)))
    with pytest.raises(ConfigurationError, match="below the base path"):
        pair_auth(Tokens(envelope_path="/api/auth/v1"))
    for broken in (
        {"expires_in": timedelta(0)},
        {"expires_in": timedelta(days=2)},
        {"refresh_expires_in": timedelta(minutes=1)},
        {"grace": timedelta(seconds=-1)},
        {"grace": timedelta(hours=1)},
        {"family_lifetime": timedelta(0)},
        {"envelope_path": "v1"},
        {"envelope_path": None, "flat": False},
    ):
        with pytest.raises(ConfigurationError):
            Tokens(**broken)  # type: ignore[arg-type]  # each is of its own type
