"""Guessing, as often as the server lets us."""

from typing import Final

from ostiary.attack.scene import Scene
from ostiary.attack.verdict import Check

_GUESSES: Final = 25


async def limits(scene: Scene) -> list[str]:
    """Guess the password of nobody until it is refused."""
    body = {"email": scene.stranger().email, "password": "a guess that is wrong 7!"}
    for _ in range(_GUESSES):
        answer = await scene.target.send("POST", "/sign-in/email", body=body)
        if answer.status in {429, 503}:
            return []
    return [f"{_GUESSES} guesses in a row were answered"]


async def limits_by_header(scene: Scene) -> list[str]:
    """Guess from one address, and say that it is another each time."""
    for number in range(_GUESSES):  # another account each time, or its own limit would be met
        body = {"email": scene.stranger().email, "password": "a guess that is wrong 7!"}
        headers = [("x-forwarded-for", f"198.51.100.{number}"), ("x-real-ip", f"198.51.100.{number}")]
        answer = await scene.target.send("POST", "/sign-in/email", body=body, headers=headers)
        if answer.status in {429, 503}:
            return []
    return [f"{_GUESSES} guesses passed by naming another address each time"]


CHECKS: Final = (
    Check(54, ("6.3.1",), "guessing is limited", limits),
    Check(55, ("4.1.3",), "nobody chooses the address that is counted", limits_by_header),
)
