"""Bodies that are too large, too deep, too slow or never come: refused before they cost anything."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn

from ostiary import Auth
from ostiary.options import Advanced
from tests.builders import ORIGIN
from tests.security.exchange import exchange
from tests.security.surface import BODIES, surface_auth, surface_options

CAP = 1_000_000
SIXTY_MEGABYTES = 60_000_000
CHUNK = b"x" * 65_536
READ = sorted(path for path in BODIES if path != "/get-session")


class Counted:
    """The server, with every byte of a body counted that it took."""

    def __init__(self, auth: Auth) -> None:
        self.auth = auth
        self.taken = self.port = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def counting() -> Any:
            message = await receive()
            self.taken += len(message.get("body", b""))
            return message

        await self.auth(scope, counting, send)


@asynccontextmanager
async def serving(http: str = "auto", **advanced: Any) -> AsyncIterator[Counted]:
    """Serve on a free port with uvicorn, as in production."""
    app = Counted(surface_auth(surface_options(advanced=Advanced(**advanced))))
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="off", http=http)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  the server has no event for it
        await asyncio.sleep(0.005)
    app.port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield app
    finally:
        server.should_exit = server.force_exit = True
        await task


class Wire:
    """A connection of a client that keeps to no rules."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.sent = 0

    async def begin(self, path: str, *headers: str, method: str = "POST") -> None:
        """Send the head of a request."""
        head = [
            f"{method} /api/auth{path} HTTP/1.1",
            "host: auth.test",
            f"origin: {ORIGIN}",
            *headers,
            "",
            "",
        ]
        self.writer.write("\r\n".join(head).encode())
        await self.writer.drain()

    async def pour(self, size: int, *, chunked: bool = False) -> None:
        """Send a body until it is complete, refused, or nobody takes it any more."""
        framed = b"%x\r\n%b\r\n" % (len(CHUNK), CHUNK) if chunked else CHUNK
        try:
            while self.sent < size and not self.reader.at_eof() and not self.reader._buffer:
                self.writer.write(framed)
                self.sent += len(CHUNK)
                await asyncio.wait_for(self.writer.drain(), 0.5)
        except (ConnectionError, TimeoutError):
            return

    async def answer(self) -> tuple[int, str | None, bool]:
        """Return status, code, and whether the server hung up afterwards."""
        received, hung_up = b"", False
        while not hung_up:
            try:
                piece = await asyncio.wait_for(self.reader.read(65_536), 5)
            except ConnectionError:  # hung up, with bytes of ours unread
                received, piece = received + bytes(self.reader._buffer), b""
            except TimeoutError:
                break
            received, hung_up = received + piece, not piece
        head, _, body = received.partition(b"\r\n\r\n")
        code = json.loads(body).get("code") if body.startswith(b"{") else None
        return int(head.split(b" ")[1]), code, hung_up


@asynccontextmanager
async def connected(app: Counted) -> AsyncIterator[Wire]:
    reader, writer = await asyncio.open_connection("127.0.0.1", app.port)
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)


@pytest.mark.parametrize("http", ["h11", "httptools"])
async def test_sixty_megabytes_that_are_announced_are_refused_before_a_byte_is_taken(http: str) -> None:
    """S59: 413 by every route that reads a body, while the client has hardly begun to send."""
    async with serving(http) as app:
        for path in READ:
            async with connected(app) as wire:
                await wire.begin(path, "content-type: application/json", f"content-length: {SIXTY_MEGABYTES}")
                await wire.pour(SIXTY_MEGABYTES)
                assert await wire.answer() == (413, "PAYLOAD_TOO_LARGE", True), path
                assert wire.sent < SIXTY_MEGABYTES / 4, "what the kernel's buffers hold, and no more"
        assert app.taken == 0


@pytest.mark.parametrize("http", ["h11", "httptools"])
async def test_sixty_megabytes_that_are_not_announced_are_refused_at_the_cap(http: str) -> None:
    """S59: a chunked body is read up to one megabyte and no further."""
    async with serving(http) as app:
        async with connected(app) as wire:
            await wire.begin("/sign-in/email", "content-type: application/json", "transfer-encoding: chunked")
            await wire.pour(SIXTY_MEGABYTES, chunked=True)
            assert await wire.answer() == (413, "PAYLOAD_TOO_LARGE", True)
            assert wire.sent < SIXTY_MEGABYTES / 4
        assert app.taken < CAP + 300_000, "at most one more piece"


@pytest.mark.parametrize("path", ["/get-session", "/ok", "/nowhere", "/sign-in/email"])
async def test_a_large_body_that_nobody_reads_is_not_taken_either(path: str) -> None:
    """S59: routes without a body, unknown routes, and a body whose type is not named."""
    async with serving() as app:
        async with connected(app) as wire:
            method = "GET" if path in {"/ok", "/get-session"} else "POST"
            await wire.begin(path, f"content-length: {SIXTY_MEGABYTES}", "connection: close", method=method)
            status, _, _ = await wire.answer()
            assert status == {"/nowhere": 404, "/sign-in/email": 400}.get(path, 200)
        assert app.taken == 0


async def test_the_cap_is_exact() -> None:
    """S59: a million bytes are read, one more is not; announced or not."""
    auth = surface_auth()
    for size, status in ((CAP, 400), (CAP + 1, 413)):
        body = b'{"email":"' + b"a" * (size - 12) + b'"}'
        for announced in ([("content-length", str(size))], []):
            headers = [("content-type", "application/json"), *announced]
            answer = await exchange(auth, "POST", "/sign-in/email", headers=headers, body=body)
            assert (len(body), answer.status) == (size, status)
    for nonsense in ("-1", "1e3", "0x10", "", "9" * 400, "9" * 5000, "1,1", "\u0663", "\xb2"):
        headers = [
            ("content-type", "application/json"),
            ("content-length", nonsense.encode("latin-1", "replace")),
        ]
        answer = await exchange(auth, "POST", "/sign-in/email", headers=headers, body=b"{}")
        assert 400 <= answer.status < 500, nonsense


@pytest.mark.parametrize("path", READ)
async def test_nesting_is_bounded(path: str) -> None:
    """S59: a hundred thousand brackets are a refusal, at once, without a stack to overflow."""
    auth = surface_auth()
    for body in (
        *(b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
        *(b'{"a":' * 100_000, b"[{}," * 100_000, b'{"settings":' + b"[" * 40 + b"]" * 40 + b"}"),
    ):
        began = time.process_time()
        headers = [("content-type", "application/json")]
        answer = await exchange(auth, "POST", path, headers=headers, body=body)
        assert (answer.status, answer.code) == (400, "BAD_REQUEST")
        assert time.process_time() - began < 0.2


@pytest.mark.parametrize("path", ["/sign-in/email", "/sign-out", "/update-user"])
async def test_width_is_bounded_too(path: str) -> None:
    """S59: as many small values as fit into a megabyte are a refusal that costs next to nothing."""
    auth = surface_auth()
    for body in (
        b"[" + b"[]," * 333_000 + b"1]",
        b'{"settings":[' + b"1," * 490_000 + b"1]}",
        b"{" + b",".join(b'"m%d":1' % number for number in range(80_000)) + b"}",
        b"[" + b'"\\u0041",' * 100_000 + b"1]",
    ):
        costs = []
        for _ in range(3):
            began = time.process_time()
            answer = await exchange(
                auth, "POST", path, headers=[("content-type", "application/json")], body=body
            )
            costs.append(time.process_time() - began)
            assert (answer.status, answer.code) == (400, "BAD_REQUEST")
        assert min(costs) < 0.15


async def test_a_body_with_a_thousand_members_is_an_ordinary_one() -> None:
    """S59: the bounds are far from what anybody sends."""
    body = {
        **(BODIES["/sign-up/email"] or {}),
        "settings": {f"m{number}": [number] for number in range(1000)},
    }
    answer = await exchange(surface_auth(), "POST", "/sign-up/email", send=body)
    assert answer.status == 200
    assert len(answer.json()["user"]["settings"]) == 1000


async def test_a_body_that_drips_is_given_up_and_holds_nobody_up() -> None:
    """S59: a byte now and then does not keep the request alive; others are served meanwhile."""
    async with serving(body_timeout=0.3) as app, connected(app) as slow:
        now = asyncio.get_running_loop().time
        began = now()
        await slow.begin("/sign-in/email", "content-type: application/json", "content-length: 500")
        answering = asyncio.create_task(slow.answer())
        while not answering.done() and now() - began < 4:
            slow.writer.write(b" ")
            await asyncio.sleep(0.05)
            async with connected(app) as other:
                await other.begin("/ok", "connection: close", method="GET")
                assert (await other.answer())[0] == 200
        assert await answering == (408, "REQUEST_TIMEOUT", True)
        assert now() - began < 3


async def test_a_client_that_goes_away_in_the_middle_is_no_error_of_ours(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """S59: half a body, then silence: nothing is signed up and nothing is logged as our failure."""
    with caplog.at_level(logging.ERROR):
        async with serving() as app:
            async with connected(app) as wire:
                await wire.begin("/sign-up/email", "content-type: application/json", "content-length: 500")
                wire.writer.write(b'{"name":"Ada","email":"ada@example.com"')
                await wire.writer.drain()
            async with connected(app) as other:
                await other.begin("/ok", "connection: close", method="GET")
                assert (await other.answer())[0] == 200
            assert await app.auth.services.users.by_email("ada@example.com") is None
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_the_cap_and_the_patience_are_options() -> None:
    """S59: the same refusals at other values."""
    auth = surface_auth(surface_options(advanced=Advanced(max_body_size=100)))
    answer = await exchange(auth, "POST", "/sign-in/email", send={"email": "a" * 100})
    assert (answer.status, answer.code) == (413, "PAYLOAD_TOO_LARGE")
    assert ("connection", "close") in answer.headers
