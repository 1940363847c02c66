"""The doctor goes the way of a browser, through front ends with every fault it is to find."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ostiary import Auth
from ostiary.cli.doctor.finding import Finding, Level
from ostiary.cli.doctor.live import travel
from ostiary.cli.doctor.road import Seen, why_lost
from ostiary.domain.runtime import FrozenRuntime
from ostiary.options import Advanced, CrossSubdomainCookies, IpAddress
from ostiary.server.application import Application
from ostiary.server.settings import Settings
from tests.builders import SECRET, some_auth, some_options
from tests.unit.cli.conftest import Command

from .conftest import Serving

PROXY = "10.0.0.2"
Headers = list[tuple[str, str]]


@dataclass
class FrontEnd:
    """A reverse proxy in front of a server: it forwards, unless it has a fault."""

    server: Any
    drops: frozenset[str] = frozenset()
    """Headers lost on the way there."""
    loses: frozenset[str] = frozenset()
    """Headers lost on the way back."""
    writes: Callable[[Headers], Headers] = lambda headers: headers
    caches: bool = False
    path: str = ""
    """What stands before the path at the server."""
    port: int = 0
    kept: dict[str, httpx2.Response] = field(default_factory=dict)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await self._forward(reader, writer)
        writer.close()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        method, path, _ = line.split(" ")
        headers: Headers = [(name.lower(), value) for name, value in (line.split(": ", 1) for line in lines)]
        length = int(dict(headers).get("content-length", 0))
        body = await reader.readexactly(length)
        answer = self.kept.get(path) if self.caches else None
        if answer is None:
            sent = self.writes([pair for pair in headers if pair[0] not in self.drops])
            transport = httpx2.ASGITransport(app=self.server, client=(PROXY, 4711))
            async with httpx2.AsyncClient(
                transport=transport, base_url=f"http://127.0.0.1:{self.port}"
            ) as to:
                answer = await to.request(method, self.path + path, headers=sent, content=body)
            self.kept[path] = answer
        back = [f"{k}: {v}" for k, v in answer.headers.multi_items() if k not in self.loses]
        head = "\r\n".join([f"HTTP/1.1 {answer.status_code} X", *back, "connection: close", "", ""])
        writer.write(head.encode() + answer.content)
        await writer.drain()


Open = Callable[..., Any]


@pytest.fixture
async def go(clock: FrozenRuntime) -> AsyncIterator[Open]:
    """Return a function that puts a server behind a front end and goes there."""
    async with AsyncExitStack() as leaving:

        async def going(
            *,
            base_url: str | None = "",
            pages: tuple[str, ...] = (),
            mine: Callable[[Auth], Auth] = lambda auth: auth,
            options: dict[str, Any] | None = None,
            **faults: Any,
        ) -> dict[str, Finding]:
            front_end = FrontEnd(None, **faults)
            listening = await asyncio.start_server(front_end, "127.0.0.1", 0)
            leaving.push_async_callback(listening.wait_closed)
            leaving.callback(listening.close)
            front_end.port = listening.sockets[0].getsockname()[1]
            origin = f"http://127.0.0.1:{front_end.port}"
            auth = some_auth(some_options(**{"base_url": base_url or origin, **(options or {})}), clock)
            if base_url is None:
                auth = some_auth(some_options(**{"base_url": None, **(options or {})}), clock)
            front_end.server = auth
            settings = Settings.model_validate({"secret": SECRET})
            found = await travel(Application(settings, mine(auth)), origin, pages)
            by_subject: dict[str, Finding] = {}
            for finding in found:
                known = by_subject.get(finding.subject)
                worse = known is None or list(Level).index(finding.level) > list(Level).index(known.level)
                by_subject[finding.subject] = finding if worse else known
            assert all(each.cure for each in found if each.level in {Level.WARNING, Level.FAILURE})
            return by_subject

        yield going


TRUSTS_PROXY = {"advanced": Advanced(ip_address=IpAddress(trusted_proxies=(PROXY,)))}


def appending(headers: Headers) -> Headers:
    """Write who came, as a proxy that faces the world should."""
    return [*(pair for pair in headers if pair[0] != "x-forwarded-for"), ("x-forwarded-for", "198.51.100.7")]


async def test_a_front_end_without_a_fault_is_found_to_have_none(go: Open) -> None:
    found = await go(writes=appending, options=TRUSTS_PROXY)
    assert {subject for subject, each in found.items() if each.level is not Level.OK} == set()
    assert len(found) == 8
    assert "198.51.100.7" in found["live: clients"].message


@pytest.mark.parametrize(
    ("faults", "subject", "level", "says"),
    [
        ({"path": "/elsewhere"}, "way", Level.FAILURE, "answers 404"),
        ({"drops": frozenset({"x-ostiary-probe"})}, "way", Level.FAILURE, "another secret"),
        ({"drops": frozenset({"origin"})}, "headers", Level.FAILURE, "Origin is lost"),
        ({"drops": frozenset({"authorization"})}, "headers", Level.FAILURE, "Authorization is lost"),
        ({"drops": frozenset({"cookie"})}, "cookies", Level.FAILURE, "Cookie is lost"),
        ({"loses": frozenset({"set-cookie"})}, "cookies", Level.FAILURE, "Set-Cookie is lost"),
        ({"loses": frozenset({"cache-control"})}, "caches", Level.WARNING, "no-store is lost"),
        ({"caches": True}, "caches", Level.FAILURE, "came from a cache"),
        ({"writes": appending}, "clients", Level.WARNING, "share the address"),
        ({"options": TRUSTS_PROXY}, "clients", Level.FAILURE, "anybody may choose"),
        ({"base_url": "https://app.example"}, "base URL", Level.FAILURE, "takes https://app.example"),
        ({"base_url": "https://app.example"}, "origins", Level.FAILURE, "are refused"),
        ({"base_url": "https://app.example"}, "cookies", Level.OK, "kept"),  # this machine keeps Secure ones
        ({"base_url": None}, "base URL", Level.WARNING, "believes the Host"),
        (
            {"pages": ("https://front.example",)},
            "origins",
            Level.FAILURE,
            "https://front.example are refused",
        ),
        (
            {"options": {"advanced": Advanced(disable_origin_check=True)}},
            "origins",
            Level.FAILURE,
            "strangers",
        ),
        (
            {
                "options": {
                    "advanced": Advanced(
                        cross_sub_domain_cookies=CrossSubdomainCookies(enabled=True, domain="app.example")
                    )
                }
            },
            "cookies",
            Level.FAILURE,
            "domain is app.example",
        ),
    ],
)
async def test_each_fault_is_found_and_its_cure_named(
    go: Open, faults: dict[str, Any], subject: str, level: Level, says: str
) -> None:
    finding = (await go(**faults))[f"live: {subject}"]
    assert (finding.level, says in finding.message) == (level, True), finding


async def test_another_secret_is_told_from_a_broken_way(go: Open) -> None:
    other = some_auth(some_options(secret="another secret, of at least 32 characters"))
    found = await go(mine=lambda _: other)
    assert "another secret" in found["live: way"].message


async def test_clocks_that_differ_are_found(go: Open, clock: FrozenRuntime) -> None:
    ahead = FrozenRuntime(clock.now())
    ahead.advance(minutes=3)
    found = await go(mine=lambda auth: some_auth(replace(auth.options), ahead))
    assert found["live: clock"].level is Level.FAILURE
    assert "180 s" in found["live: clock"].message


async def test_nobody_at_the_address_is_a_finding_as_well() -> None:
    found = await travel(Application(Settings.model_validate({}), some_auth()), "http://127.0.0.1:1", ())
    assert [(each.level, each.subject) for each in found] == [(Level.FAILURE, "live: way")]


async def test_who_does_not_hold_the_secret_learns_nothing() -> None:
    from ostiary.crypto.signing import Keyring, sign_cookie
    from ostiary.http.routes.probe import question
    from tests.builders import Browser

    clock = FrozenRuntime()
    ring, other = Keyring.of(SECRET), Keyring.of("another secret, of at least 32 characters")
    stale = question(ring, clock.now(), "n")
    clock.advance(hours=1, seconds=2)
    now = clock.now()
    auth = some_auth(clock=clock)
    async with Browser(auth) as browser:
        assert (await browser.get("/probe", headers={"x-ostiary-probe": question(ring, now, "n")})).json()
        forged = ["", "x", "doctor-probe:1:n", question(other, now, "n"), stale]
        forged += [
            sign_cookie(text, ring) for text in ("doctor-probe:x:n", "session", f"doctor-probe:{9**20}:n")
        ]
        for given in forged:
            answer = await browser.get("/probe", headers={"x-ostiary-probe": given})
            assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND"), given


@pytest.mark.parametrize(
    ("line", "url", "reason"),
    [
        ("a=b; Path=/; HttpOnly; Secure", "https://app.example", None),
        ("a=b; Path=/; HttpOnly; Secure", "http://localhost:3000", None),
        ("a=b; Path=/; Secure", "http://app.example", "Secure"),
        ("__Secure-a=b; Path=/", "https://app.example", "not Secure"),
        ("__Secure-a=b; Path=/; Secure", "http://app.example", "address is http"),
        ("a=b; Domain=.app.example", "https://www.app.example", None),
        ("a=b; Domain=app.example", "https://app.example", None),
        ("a=b; Domain=app.example", "https://notapp.example", "domain"),
        ("a=b; Domain=www.app.example", "https://app.example", "domain"),
        ("a=b; SameSite=None", "https://app.example", "SameSite=None"),
        ("a=b; SameSite=None; Secure", "https://app.example", None),
    ],
)
def test_cookies_are_kept_as_browsers_keep_them(line: str, url: str, reason: str | None) -> None:
    why = why_lost(line, url)
    assert (why is None) if reason is None else reason in (why or "")


def test_what_came_back_is_read_with_care() -> None:
    assert Seen(200, [], b"<html>").json() is None
    assert Seen(403, [], b'{"code": 7}').code is None


def test_the_command_goes_there_and_says_what_it_found(
    command: Command, configured: Path, serving: Serving
) -> None:
    server = serving("-m", "ostiary.cli", "serve")
    server.await_answer("/readyz")
    output = command("doctor", "--live", server.address).output
    led = r"^ok +live: way +http://127\.0\.0\.1:\d+/api/auth leads to this server$"
    assert re.search(led, output, re.MULTILINE)
    assert re.search(r"^failure +live: base URL +the server takes http://auth\.test", output, re.MULTILINE)
    assert f"-> set BETTER_AUTH_URL to {server.address}" in output
    assert command("doctor", "--live", "app.example").exit_code == 2
    assert server.stop() == 0
