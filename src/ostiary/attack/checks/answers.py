"""What answers tell, and what input they are given to."""

from typing import Final

from ostiary.attack.scene import Scene
from ostiary.attack.target import Answer
from ostiary.attack.verdict import Check, Skipped
from ostiary.domain.errors import JsonValue

_JSON: Final = ("content-type", "application/json")
_VOLATILE: Final = frozenset({"date", "content-length", "x-request-id", "set-cookie", "cf-ray", "via", "age"})
_TRACES: Final = ("Traceback (most recent call last)", "node_modules/", 'File "/', "    at async ")


def _visible(answer: Answer) -> JsonValue:
    names = sorted({name for name, _ in answer.headers} - _VOLATILE)
    return answer.status, names, answer.text


async def enumeration(scene: Scene) -> list[str]:
    """Compare what a known and an unknown address are told."""
    person, nobody = await scene.person(), scene.stranger()
    faults = []
    wrong = {"password": "not the password of anybody 7!"}
    pairs: dict[str, dict[str, JsonValue]] = {
        "/sign-in/email": wrong,
        "/request-password-reset": {"redirectTo": "/reset"},
    }
    for path, more in pairs.items():
        known = await scene.target.patiently("POST", path, body={"email": person.email, **more})
        unknown = await scene.target.patiently("POST", path, body={"email": nobody.email, **more})
        if 429 in {known.status, unknown.status}:
            raise Skipped(f"{path} refused for too many requests")
        if _visible(known) != _visible(unknown):
            faults.append(f"{path} tells whether an address has an account")
    return faults


async def guards(scene: Scene) -> list[str]:
    """Look at the headers of an answer that names a person."""
    person = await scene.person()
    answer = await scene.target.send("GET", "/get-session", headers=[person.cookie])
    faults = []
    if "no-store" not in (answer.header("cache-control") or ""):
        faults.append("caches may keep the session: no Cache-Control: no-store")
    if answer.header("x-content-type-options") != "nosniff":
        faults.append("no X-Content-Type-Options: nosniff")
    if scene.target.is_secure and not answer.header("strict-transport-security"):
        faults.append("no Strict-Transport-Security over https")
    return faults


async def privileges(scene: Scene) -> list[str]:
    """Ask for more at sign-up and afterwards."""
    person = await scene.person()
    more = {
        "role": "admin",
        "emailVerified": True,
        "id": "chosen",
        "banned": False,
        "createdAt": "2001-01-01",
    }
    for name, value in more.items():
        await scene.target.send("POST", "/update-user", body={name: value}, headers=[person.cookie])
    session = await scene.session(person.cookie)
    user = session.get("user") if isinstance(session, dict) else None
    if not isinstance(user, dict):
        raise Skipped("get-session does not show the user")
    gained = [name for name in ("role", "emailVerified", "id") if user.get(name) == more[name]]
    return [f"an account can set its own {name}" for name in gained]


async def broken_input(scene: Scene) -> list[str]:
    """Send what no client sends."""
    bodies = {
        "broken JSON": b'{"email": ',
        "a list": b"[]",
        "a NUL": b'{"email": "a\\u0000@b.invalid", "password": "x"}',
        "half a surrogate": b'{"email": "\\ud800@b.invalid", "password": "x"}',
        "other types": b'{"email": {"$ne": null}, "password": ["x"]}',
        "deep nesting": b"[" * 20_000,
        "no UTF-8": b'{"email": "\xff\xfe"}',
    }
    faults = []
    for what, raw in bodies.items():
        answer = await scene.target.patiently("POST", "/sign-in/email", raw=raw, headers=[_JSON])
        if answer.status >= 500:
            faults.append(f"{what} is answered with {answer.status}")
        if any(trace in answer.text for trace in _TRACES):
            faults.append(f"{what} is answered with a stack trace")
    return faults


CHECKS: Final = (
    Check(62, ("8.2.3",), "nobody raises themselves", privileges),
    Check(87, ("3.4", "14.3"), "answers stay out of caches", guards),
    Check(48, ("6.3.8",), "nobody learns who has an account", enumeration),
    Check(59, ("15.2",), "broken input is refused, not stumbled over", broken_input),
)
