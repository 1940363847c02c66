"""One attack from its first request to its last."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from ostiary.attack.checks import GUESSING, HARMLESS
from ostiary.attack.scene import Scene
from ostiary.attack.target import Exhausted, Target, Unreachable
from ostiary.attack.verdict import Check, Outcome, Skipped, Verdict
from ostiary.domain.runtime import Runtime


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How far an attack goes."""

    requests: int = 300
    seconds: float = 240.0


async def attack(base: str, runtime: Runtime, limits: Limits) -> AsyncIterator[Verdict | str]:
    """Try every check on the auth endpoints at `base`; yields verdicts, and addresses that stay behind.

    Raises Unreachable where nobody answers.
    """
    target = Target(base, limits.requests, limits.seconds)
    scene = Scene(target, runtime)
    try:
        await target.send("GET", "/ok")
        async for verdict in _tried(scene, HARMLESS):
            yield verdict
        for email in await _left(scene):
            yield email
        async for verdict in _tried(scene, GUESSING):  # last: it uses up what this address may do
            yield verdict
    finally:
        await _left(scene)
        await target.close()


async def _left(scene: Scene) -> Sequence[str]:
    """Delete the accounts, whatever was used up before; return those that stay."""
    made = [person.email for person in scene.people]
    scene.target.allow_more(4 * len(made))
    try:
        await scene.leave()
    except (Exhausted, Unreachable):
        return made
    left, scene.left = scene.left, []
    return left


async def _tried(scene: Scene, checks: Sequence[Check]) -> AsyncIterator[Verdict]:
    for check in checks:
        scene.figures = ""
        try:
            broken = await check.run(scene)
        except Skipped as reason:
            yield Verdict(check, Outcome.SKIPPED, str(reason))
        except Exhausted:
            yield Verdict(check, Outcome.SKIPPED, "the allowed requests or seconds were used up")
        except Unreachable as error:
            yield Verdict(check, Outcome.BROKEN, f"no answer: {error}")
        else:
            outcome = Outcome.BROKEN if broken else Outcome.HELD
            yield Verdict(check, outcome, "; ".join(broken) or scene.figures)
