"""What the time of an answer tells."""

from typing import Final

from ostiary.attack.samples import Samples
from ostiary.attack.scene import Person, Scene
from ostiary.attack.verdict import Check, Skipped

_ROUNDS: Final = 7


async def sign_in_times(scene: Scene) -> list[str]:
    """Time wrong passwords for a known and for unknown addresses, in turns; twice before accusing anybody.

    Only a difference of a good part of the hash is called one: whoever measures more often, or from nearer,
    may see less.
    """
    person = await scene.person()
    found = await _sampled(scene, person)
    scene.figures = str(found)
    if not found.shows_work:
        raise Skipped(f"a sign-in takes no time that could be compared: {found}")
    if not found.differ:
        return []
    again = await _sampled(scene, person)
    scene.figures = f"{found}; again {again}"
    told = f"the time of a refused sign-in tells whether an address has an account: {scene.figures}"
    return [told] if again.confirms(found) else []


async def _sampled(scene: Scene, person: Person) -> Samples:
    """Take turns, so that what slows the machine down slows all kinds down."""
    found = Samples([], [], [])
    await _refused(scene, person.email)  # the first of a kind may pay for more than its own
    for _ in range(_ROUNDS):
        found.known.append(await _refused(scene, person.email))
        found.unknown.append(await _refused(scene, scene.stranger().email))
        found.idle.append((await scene.target.send("GET", "/ok")).seconds)
    return found


async def _refused(scene: Scene, email: str) -> float:
    body = {"email": email, "password": "not the password of anybody 7!"}
    answer = await scene.target.patiently("POST", "/sign-in/email", body=body)
    if answer.status in {429, 503}:
        raise Skipped(f"sign-in refused with {answer.status} before enough times were taken")
    return answer.seconds


CHECKS: Final = (Check(49, ("6.3.8",), "nor by the time of an answer", sign_in_times),)
