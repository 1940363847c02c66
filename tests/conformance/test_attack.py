"""What `ostiary attack` reports of Better Auth itself."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from ostiary.attack import Limits, Outcome, Verdict, attack
from ostiary.domain.runtime import SystemRuntime
from tests.conformance.client import Target
from tests.conformance.stage import Stage, configuration

pytestmark = pytest.mark.services

PLAIN = configuration(
    "attacked",
    baseURL=None,
    rateLimit={"enabled": True, "customRules": {"/sign-in/email": {"window": 60, "max": 30}}},
    user={"deleteUser": {"enabled": True}},
    plugins={"jwt": {}, "bearer": {}},
)


def broken(target: object) -> set[int]:
    """Return the requirements that a server does not meet; none may be left untried."""
    assert isinstance(target, Target), target

    async def run() -> list[Verdict | str]:
        base = f"http://127.0.0.1:{target.port}/api/auth"
        return [each async for each in attack(base, SystemRuntime(), Limits())]

    verdicts = [each for each in asyncio.run(run()) if isinstance(each, Verdict)]
    assert len(verdicts) == 22
    assert [each for each in verdicts if each.outcome is Outcome.SKIPPED] == []
    return {each.check.row for each in verdicts if each.outcome is Outcome.BROKEN}


@pytest.mark.parametrize("stage", [PLAIN], indirect=True, ids=lambda it: it.name, scope="session")
def test_the_reference_holds_but_for_chosen_addresses_and_guarded_answers(stage: Stage) -> None:
    """S55, S87: with its defaults Ostiary believes no header either, but here it plays the reference."""
    with ThreadPoolExecutor() as pool:
        found = dict(zip(stage.targets, pool.map(broken, stage.targets.values()), strict=True))
    assert found == {"1.7.7": {55, 87}, "1.7.24": {55, 87}, "ostiary": {55}}
