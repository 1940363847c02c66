"""A family of refresh tokens lives as its model says, whatever is done to it in whatever order."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ostiary.domain.roles import BANNED
from ostiary.domain.runtime import FrozenRuntime
from tests.pairs import families, pair_auth, program, refresh, signed_up

GRACE = timedelta(seconds=10)
IDLE = timedelta(days=7)
ABSOLUTE = timedelta(days=90)

WAITS = st.sampled_from([0.0, 1, 4, 9.999, 10, 11, 3600, 6.9 * 86400, 7 * 86400])
STEPS = st.one_of(
    st.tuples(st.just("wait"), WAITS),
    st.tuples(st.just("use"), st.integers(min_value=0, max_value=4)),
    st.tuples(st.just("ban"), st.booleans()),
    st.tuples(st.just("log out"), st.just(0)),
)


@dataclass
class Model:
    """What should be true of the family."""

    began: datetime
    tokens: list[str]
    ends: datetime
    used: dict[str, datetime] = field(default_factory=dict)
    is_banned: bool = False
    is_gone: bool = False

    def use(self, token: str, now: datetime) -> tuple[int, bool]:
        """Return the status that a use answers, and whether it rotates."""
        if self.is_gone or self.ends <= now:
            return 401, False
        if token != self.tokens[-1] and now - self.used[token] >= GRACE:
            self.is_gone = True
            return 401, False
        if self.is_banned:
            return 403, False
        return 200, token == self.tokens[-1]

    def rotated(self, successor: str, now: datetime) -> None:
        self.used[self.tokens[-1]] = now
        self.tokens.append(successor)
        self.ends = min(now + IDLE, self.began + ABSOLUTE)


@given(st.lists(STEPS, max_size=25))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_happens_a_token_answers_as_the_model_does(steps: list[tuple[str, float | bool]]) -> None:
    """S36, S37, S38, S40"""
    asyncio.run(play(steps))


async def play(steps: list[tuple[str, float | bool]]) -> None:
    clock = FrozenRuntime()
    auth = pair_auth(clock=clock)
    async with program(auth) as client:
        pair = await signed_up(client)
        user = await auth.services.users.by_id(pair.body["user"]["id"])
        assert user is not None
        model = Model(clock.now(), [pair.refresh], clock.now() + IDLE)
        for step, detail in steps:
            now = clock.now()
            match step:
                case "wait":
                    clock.advance(seconds=detail)
                case "ban":
                    await auth.services.users.change(user, {BANNED: bool(detail)})
                    model.is_banned = bool(detail)
                case "log out":
                    expected = 204 if not model.is_gone and model.ends > now else 401
                    answer = await client.post("/logout", json={"refresh_token": model.tokens[-1]})
                    assert answer.status_code == expected
                    model.is_gone = model.is_gone or expected == 204
                case "use":
                    token = model.tokens[max(0, len(model.tokens) - 1 - int(detail))]
                    expected, rotates = model.use(token, now)
                    answer = await refresh(client, token)
                    assert answer.status_code == expected, (step, detail, answer.text)
                    if expected == 200:
                        successor = answer.json()["refresh_token"]
                        assert (successor not in model.tokens) is rotates
                        if rotates:
                            model.rotated(successor, now)
                        assert successor == model.tokens[-1]
            assert len(await families(auth)) == (0 if model.is_gone else 1)
