"""Other sites: what they may cause, read, and lead to."""

from typing import Final

from ostiary.attack.scene import Person, Scene
from ostiary.attack.verdict import Check
from ostiary.domain.errors import JsonValue

EVIL: Final = "evil.example"
_FORM: Final = ("content-type", "application/x-www-form-urlencoded")
_PLAIN: Final = ("content-type", "text/plain")


async def cross_site_writes(scene: Scene) -> list[str]:
    """Change the name of an account as a page of another site would."""
    person = await scene.person()
    faults = []
    for origin in (f"https://{EVIL}", "null", f"{scene.target.origin}.{EVIL}"):
        for content in (("content-type", "application/json"), _PLAIN, _FORM):
            name = "Changed by another site"
            raw = f"name={name}".encode() if content is _FORM else f'{{"name": "{name}"}}'.encode()
            headers = [person.cookie, content]
            await scene.target.send("POST", "/update-user", raw=raw, headers=headers, origin=origin)
            if await _name(scene, person) == name:
                faults.append(f"a page of {origin} changed the account by {content[1]}")
                await scene.target.send(
                    "POST", "/update-user", body={"name": "Attack"}, headers=[person.cookie]
                )
    return faults


async def _name(scene: Scene, person: Person) -> JsonValue:
    session = await scene.session(person.cookie)
    return session["user"].get("name") if isinstance(session, dict) and session.get("user") else None


async def cross_site_sign_in(scene: Scene) -> list[str]:
    """Sign a browser in from another site."""
    person = await scene.person()
    headers = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
    ]
    raw = f"email={person.email}&password={person.password.replace(' ', '+').replace('!', '%21')}".encode()
    answer = await scene.target.send(
        "POST", "/sign-in/email", raw=raw, headers=[_FORM, *headers], origin=f"https://{EVIL}"
    )
    return ["a form on another site signs a browser in"] if answer.status == 200 else []


async def cross_site_reads(scene: Scene) -> list[str]:
    """Ask who is signed in as a page of another site would."""
    person = await scene.person()
    own = scene.target.origin
    faults = []
    for origin in (f"https://{EVIL}", "null", f"{own}.{EVIL}", own.replace("://", f"://{EVIL}@")):
        answer = await scene.target.send("GET", "/get-session", headers=[person.cookie], origin=origin)
        allowed = answer.header("access-control-allow-origin")
        credentials = answer.header("access-control-allow-credentials") == "true"
        if allowed == origin and credentials:
            faults.append(f"pages of {origin} may read the answers")
        elif allowed == "*" and credentials:
            faults.append("every site may read the answers")
    return faults


async def links_from_headers(scene: Scene) -> list[str]:
    """Name another host in every header that might build a link."""
    person = await scene.person()
    faults = []
    told = [("x-forwarded-host", EVIL), ("forwarded", f"host={EVIL};proto=https")]
    for headers in (told, [("host", EVIL)]):  # in this order: the second may meet a limit
        for path, body in (
            ("/request-password-reset", {"email": person.email, "redirectTo": "/reset"}),
            ("/send-verification-email", {"email": person.email, "callbackURL": "/in"}),
            ("/sign-in/social", {"provider": "google", "callbackURL": "/in"}),
        ):
            answer = await scene.target.send("POST", path, body=body, headers=headers)
            said = f"{answer.text} {answer.header('location') or ''}"
            if answer.status < 400 and EVIL in said:
                faults.append(f"{path} builds links with the host of the header {headers[0][0]}")
    return faults


def _elsewhere(own: str) -> tuple[str, ...]:
    host = own.partition("://")[2]
    return (
        f"https://{EVIL}",
        f"//{EVIL}",
        f"/\\{EVIL}",
        f"\\\\{EVIL}",
        f"/%2f%2f{EVIL}",
        f"/\t/{EVIL}",
        f"https://{host}@{EVIL}",
        f"https://{host}.{EVIL}",
        "javascript:alert(1)",
        "data:text/html,x",
    )


async def open_redirects(scene: Scene) -> list[str]:
    """Ask to be led elsewhere by every address that leads on."""
    person = await scene.person()
    faults = []
    for place in _elsewhere(scene.target.origin):
        query = "".join(f"%{byte:02x}" for byte in place.encode())
        for path in (f"/verify-email?token=x&callbackURL={query}", f"/reset-password/x?callbackURL={query}"):
            answer = await scene.target.send("GET", path, headers=[person.cookie], origin=None)
            if _leads_to(answer.header("location"), place):
                faults.append(f"{path.partition('?')[0]} leads to {place!r}")
        body = {"callbackURL": place}
        answer = await scene.target.send("POST", "/sign-out", body=body)
        if _leads_to(answer.header("location"), place):
            faults.append(f"/sign-out leads to {place!r}")
    return faults


def _leads_to(location: str | None, place: str) -> bool:
    return location is not None and (location.startswith(place) or f"//{EVIL}" in location.partition("?")[0])


CHECKS: Final = (
    Check(30, ("3.5.1", "3.5.2"), "another site changes nothing", cross_site_writes),
    Check(31, (), "another site signs nobody in", cross_site_sign_in),
    Check(33, ("3.4.2",), "another site reads nothing", cross_site_reads),
    Check(63, (), "links are built from configuration", links_from_headers),
    Check(70, (), "nobody is led elsewhere", open_redirects),
)
