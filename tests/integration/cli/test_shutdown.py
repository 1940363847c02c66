"""Readiness in bounded time, and an end that loses nothing."""

import asyncio
import json
import signal
import socket
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from ostiary.domain.errors import StorageUnavailable
from ostiary.server.app import application_server
from ostiary.server.application import Application
from ostiary.server.settings import Settings
from tests.builders import PASSWORD, Browser, some_auth

from .conftest import PATIENCE, Server, Serving

ADA = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD}


async def test_a_database_that_is_silent_makes_a_server_unready_in_bounded_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """S86: not one that refuses: one that takes the question and never answers."""
    auth = some_auth()
    app = application_server(Application(Settings.model_validate({"migrate": False}), auth))
    monkeypatch.setattr("ostiary.server.health._PATIENCE", 0.05)

    async def silent() -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(auth.services.store, "ping", silent)
    async with Browser(app, base="", origin=None) as browser:
        answer = await browser.get("/readyz")
        assert (answer.status_code, answer.json()["database"]) == (503, "unavailable")
        assert (await browser.get("/healthz")).status_code == 200

        async def gone() -> None:
            raise StorageUnavailable("the password is hunter2")

        monkeypatch.setattr(auth.services.store, "ping", gone)
        answer = await browser.get("/readyz")
        assert answer.status_code == 503
        assert "hunter2" not in answer.text
        monkeypatch.undo()
        assert (await browser.get("/readyz")).status_code == 200


class HalfSent:
    """A request whose body is still under way."""

    def __init__(self, server: Server) -> None:
        body = json.dumps(ADA).encode()
        self.rest = body[10:]
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
        head = (
            "POST /api/auth/sign-up/email HTTP/1.1\r\n"
            f"host: 127.0.0.1:{server.port}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        self.socket.sendall(head.encode() + body[:10])

    def finish(self) -> bytes:
        self.socket.sendall(self.rest)
        received = b""
        while chunk := self.socket.recv(65536):
            received += chunk
        return received


def refuses(server: Server) -> bool:
    try:
        httpx2.get(f"{server.address}/healthz", timeout=2)
    except httpx2.TransportError:
        return True
    return False


def test_a_request_under_way_is_answered_while_new_ones_are_refused(
    configured: Path, serving: Serving
) -> None:
    server = serving("-m", "ostiary.cli", "serve")
    server.await_answer("/readyz")
    request = HalfSent(server)
    httpx2.get(f"{server.address}/healthz")  # the half request has been taken up by now
    server.process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    while not refuses(server):
        assert time.monotonic() < deadline, "new connections are still taken"
    assert server.process.poll() is None, "it ended with a request under way"
    with closing(request.socket):
        answer = request.finish()
    assert answer.startswith(b"HTTP/1.1 200"), answer
    assert server.process.wait(PATIENCE) == 0, server.log
    with closing(sqlite3.connect(configured / "people.db")) as database:
        assert database.execute('SELECT email FROM "user"').fetchall() == [(ADA["email"],)]
        # work beside the request was finished, too: the events are linked, though their time had not come
        linked = database.execute('SELECT count(*), count(position) FROM "auditEvent"').fetchone()
    assert linked == (2, 2)


def test_sign_ups_in_a_crowd_are_answered_or_refused_but_never_lost(
    configured: Path, serving: Serving
) -> None:
    """Every 200 that was sent before the end is a row after it."""
    server = serving("-m", "ostiary.cli", "serve")
    server.await_answer("/readyz")
    answered: list[str] = []
    started = threading.Event()

    def sign_up(number: int) -> None:
        for attempt in range(20):
            email = f"ada{number}-{attempt}@example.com"
            try:
                answer = httpx2.post(
                    f"{server.address}/api/auth/sign-up/email", json={**ADA, "email": email}, timeout=PATIENCE
                )
            except httpx2.TransportError:
                return
            if answer.status_code == 200:
                answered.append(email)
                started.set()

    people = [threading.Thread(target=sign_up, args=(number,)) for number in range(4)]
    for person in people:
        person.start()
    assert started.wait(PATIENCE)
    assert server.stop() == 0, server.log
    for person in people:
        person.join(PATIENCE)
    with closing(sqlite3.connect(configured / "people.db")) as database:
        kept = {email for (email,) in database.execute('SELECT email FROM "user"')}
    assert answered
    assert set(answered) <= kept
