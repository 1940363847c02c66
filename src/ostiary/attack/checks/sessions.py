"""Sessions and their cookies."""

from collections.abc import Iterator
from typing import Final

from ostiary.attack.scene import Scene
from ostiary.attack.verdict import Check, Skipped

_LONG: Final = 40_000  # characters of a cookie


async def cookie_attributes(scene: Scene) -> list[str]:
    """Look at every cookie that signing up sets."""
    person = await scene.person()
    assert person.signed_in is not None  # noqa: S101  `person` signed up just so
    return [fault for line in person.signed_in.set_cookies for fault in _faults(line, scene.target.is_secure)]


def _faults(line: str, is_secure: bool) -> Iterator[str]:
    pair, *rest = line.split(";")
    name = pair.partition("=")[0].strip()
    attributes = dict(part.strip().lower().partition("=")[::2] for part in rest)
    if "httponly" not in attributes:
        yield f"{name} lacks HttpOnly: scripts can read it"
    if attributes.get("samesite") not in {"lax", "strict", "none"}:
        yield f"{name} lacks SameSite"
    if attributes.get("samesite") == "none" and "secure" not in attributes:
        yield f"{name} is SameSite=None without Secure"
    if is_secure and "secure" not in attributes:
        yield f"{name} lacks Secure"
    if is_secure and not name.startswith(("__Secure-", "__Host-")):
        yield f"{name} has no __Secure- prefix"


async def fixation(scene: Scene) -> list[str]:
    """Come with somebody's choice of a session, and sign in."""
    person = await scene.person()
    name, value = person.session_cookie
    planted = f"planted{value[7:]}"
    answer = await scene.sign_in(person, headers=[("cookie", f"{name}={planted}")])
    if answer.status != 200:
        raise Skipped(f"sign-in answered {answer.status}")
    before = dict(person.cookies)
    person.keep(answer)
    now = person.session_cookie[1]
    faults = ["the session that the browser came with was adopted"] if now == planted else []
    if now == before[name]:
        faults.append("a second sign-in begins no new session")
    return faults


async def forged_cookies(scene: Scene) -> list[str]:
    """Change the session cookie, and see whether it still stands for anybody."""
    person = await scene.person()
    name, value = person.session_cookie
    if await scene.session((("cookie"), f"{name}={value}")) is None:
        raise Skipped("the session cookie alone is not enough here")
    token = value.partition(".")[0]
    flipped = ("B" if value[0] == "A" else "A") + value[1:]
    forgeries = {
        "without its signature": token,
        "with an empty signature": f"{token}.",
        "with another signature": f"{token}.{'A' * 43}%3D",
        "of another token": flipped,
    }
    return [
        f"a session cookie {how} is accepted"
        for how, forged in forgeries.items()
        if await scene.session(("cookie", f"{name}={forged}")) is not None
    ]


async def cookie_jars(scene: Scene) -> list[str]:
    """Send Cookie headers that no browser would."""
    odd = ("=", ";;;", "a=%zz", "session_token", f"x={'y' * 4000}", "a=\x7f; b=\xff", "a=b=c; =d")
    faults = []
    for header in odd:
        answer = await scene.target.send("GET", "/get-session", headers=[("cookie", header)])
        if answer.status >= 500:
            faults.append(f"the cookie header {header[:20]!r} is answered with {answer.status}")
    return faults


async def sign_out(scene: Scene) -> list[str]:
    """Keep a copy of the cookie, sign out, and use the copy."""
    person = await scene.person()
    answer = await scene.sign_in(person)
    if answer.status != 200:
        raise Skipped(f"sign-in answered {answer.status}")
    person.keep(answer)
    copy = person.cookie
    await scene.target.send("POST", "/sign-out", body={}, headers=[copy])
    name, value = person.session_cookie
    faults = []
    if await scene.session(("cookie", f"{name}={value}")) is not None:
        faults.append("a copied session cookie outlives signing out")
    person.keep(await scene.sign_in(person))
    return faults


async def safe_methods(scene: Scene) -> list[str]:
    """Ask with GET for what changes something."""
    person = await scene.person()
    for path in ("/sign-out", "/revoke-sessions", "/delete-user"):
        await scene.target.send("GET", path, headers=[person.cookie], origin=None)
    if await scene.session(person.cookie) is None:
        return ["a GET ended the session"]
    return []


async def strangers_sessions(scene: Scene) -> list[str]:
    """Try to see and to end the session of one account with another."""
    first, second = await scene.person(0), await scene.person(1)
    session = await scene.session(first.cookie)
    if not isinstance(session, dict) or not session.get("session"):
        raise Skipped("get-session does not show the session")
    faults = []
    listed = await scene.target.send("GET", "/list-sessions", headers=[second.cookie])
    if first.session_cookie[1].partition(".")[0] in listed.text:
        faults.append("the list of one's own sessions holds somebody else's")
    body = {"token": session["session"].get("token"), "id": session["session"].get("id")}
    await scene.target.send("POST", "/revoke-session", body=body, headers=[second.cookie])
    if await scene.session(first.cookie) is None:
        faults.append("one account can end the session of another")
    return faults


CHECKS: Final = (
    Check(23, ("3.3.1", "3.3.2", "3.3.3", "3.3.4"), "cookies are out of reach of scripts", cookie_attributes),
    Check(21, ("7.2.4",), "every sign-in begins a session of its own", fixation),
    Check(22, ("7.2.3",), "a session is worth nothing without its signature", forged_cookies),
    Check(34, (), "no cookie header breaks the server", cookie_jars),
    Check(32, ("3.5.3",), "GET changes nothing", safe_methods),
    Check(75, ("8.2.2",), "one account does not reach the sessions of another", strangers_sessions),
    Check(25, ("7.4.1",), "signing out ends the session, copies included", sign_out),
)
