"""S86: Redis is taken away in the middle of traffic, and comes back."""

from pathlib import Path
from typing import Any

import pytest

from tests.builders import PASSWORD
from tests.failure.conftest import Serve
from tests.failure.parts import OwnRedis
from tests.failure.traffic import Outage, Traffic

pytestmark = pytest.mark.services

BOUND = 5.0
"""Seconds: one answer that never comes, and a busy machine."""
GUESSES = 6
GENEROUS = {"window": 60, "max": 100_000}
COUNTED: dict[str, Any] = {
    "rateLimit": {
        "window": 60,
        "max": 100_000,
        "customRules": {"/sign-up/email": GENEROUS, "/sign-in/email": {"window": 60, "max": GUESSES}},
    }
}
OUTAGES: dict[str, Outage[OwnRedis]] = {
    "killed": (OwnRedis.kill, OwnRedis.start),
    "frozen": (OwnRedis.freeze, OwnRedis.thaw),
}


async def guess(traffic: Traffic, email: str) -> list[int]:
    """Guess once more often than the limit allows."""
    async with traffic.client() as client:
        body = {"email": email, "password": "a guess"}
        answers = [await client.post("/api/auth/sign-in/email", json=body) for _ in range(GUESSES + 1)]
    return [answer.status_code for answer in answers]


@pytest.mark.parametrize("outage", OUTAGES)
async def test_limits_hold_in_each_process_and_nobody_is_refused_while_redis_is_away(
    outage: str, redis: OwnRedis, serve: Serve, tmp_path: Path
) -> None:
    take, bring_back = OUTAGES[outage]
    server = serve(database=f"sqlite:///{tmp_path}/people.db", redis=redis.url, options=COUNTED)
    traffic = Traffic(server.address)
    async with traffic.flowing():
        take(redis)
        await traffic.gains(10)
        assert await guess(traffic, "nobody@example.com") == [401] * GUESSES + [429]
        bring_back(redis)
    assert traffic.answers.keys() == {200}
    assert traffic.dropped == 0
    assert traffic.slowest < BOUND
    assert traffic.wrong == []
    assert "limits are counted per process" in server.log


async def test_sessions_in_redis_are_neither_lost_nor_invented_while_it_is_away(
    redis: OwnRedis, serve: Serve, tmp_path: Path
) -> None:
    database = f"sqlite:///{tmp_path}/people.db"
    server = serve(database=database, redis=redis.url, redis_sessions=True)
    traffic = Traffic(server.address)
    await traffic.survives(redis, OUTAGES.values())
    assert traffic.slowest < BOUND
    assert "unhandled error" not in server.log


async def test_a_dead_token_stays_dead_while_the_deny_list_is_away(
    redis: OwnRedis, serve: Serve, tmp_path: Path
) -> None:
    server = serve(database=f"sqlite:///{tmp_path}/people.db", redis=redis.url)
    async with Traffic(server.address).client() as client:
        person = {"email": "ada@example.com", "password": PASSWORD, "name": "Ada"}
        await client.post("/api/auth/signup", json=person)
        ended, alive = [(await client.post("/api/auth/login", json=person)).json() for _ in range(2)]
        headers = [{"authorization": f"Bearer {each['access_token']}"} for each in (ended, alive)]
        body = {"refresh_token": ended["refresh_token"]}
        assert (await client.post("/api/auth/logout", json=body, headers=headers[0])).status_code == 204
        redis.kill()
        assert [(await client.get("/me", headers=each)).status_code for each in headers] == [401, 200]
        redis.start()
        assert [(await client.get("/me", headers=each)).status_code for each in headers] == [401, 200]
