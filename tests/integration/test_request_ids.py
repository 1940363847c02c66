"""One identifier for everything a request leaves behind."""

import asyncio
import io
import json
import logging
import sys
from collections.abc import Callable
from typing import Any

import pytest

from ostiary import AuditOptions
from ostiary.domain.audit import AUDIT_EVENT
from ostiary.integrations.request_ids import RequestIds
from ostiary.server.app import application_server
from ostiary.server.application import Application
from ostiary.server.logging import configure_logging
from ostiary.server.settings import Settings
from tests.builders import Browser, some_auth, some_options


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[dict[str, Any]]]:
    """Log as the server does, and return a function that reads the lines."""
    root, stream = logging.getLogger(), io.StringIO()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    monkeypatch.setattr(sys, "stderr", stream)
    configure_logging(Settings.model_validate({"log_format": "json"}))
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


async def test_log_line_audit_event_and_answer_carry_the_identifier_that_came(
    logged: Callable[[], list[dict[str, Any]]],
) -> None:
    auth = some_auth(some_options(audit=AuditOptions(enabled=True)))
    app = application_server(Application(Settings.model_validate({"migrate": False}), auth))
    async with Browser(app, headers={"x-request-id": "edge-7f:3.a_b"}) as browser:
        answer = await browser.sign_in()
    assert (answer.status_code, answer.headers["x-request-id"]) == (401, "edge-7f:3.a_b")
    lines = logged()
    assert [line["request_id"] for line in lines if line["event"] == "refused"] == ["edge-7f:3.a_b"]
    [event] = await auth.services.store.rows(AUDIT_EVENT).all()
    assert event.request_id == "edge-7f:3.a_b"
    await auth.close()


async def test_linking_what_many_requests_did_is_the_work_of_none(
    logged: Callable[[], list[dict[str, Any]]],
) -> None:
    auth = some_auth(some_options(audit=AuditOptions(enabled=True)))
    app = application_server(Application(Settings.model_validate({"migrate": False}), auth))
    async with Browser(app, headers={"x-request-id": "one-of-many"}) as browser:
        await browser.sign_in()
    auth.services.audit.linker.hurry()
    await auth.services.background.drain()
    [linked] = [line for line in logged() if line["event"] == "audit_linked"]
    assert "request_id" not in linked
    await auth.close()


@pytest.mark.parametrize(
    "given", ["", "a b", "a\x1b[2J", "x" * 129, "é", 'a"} {"event":"signed_in', "-leading", "a,b"]
)
async def test_what_could_forge_a_line_is_no_identifier(given: str) -> None:
    app = RequestIds(some_auth())
    async with Browser(app) as browser:
        answer = await browser.get("/ok", headers={"x-request-id": given.encode()})
    assert len(answer.headers["x-request-id"]) == 20
    assert answer.headers["x-request-id"].isalnum()


async def test_two_identifiers_are_none() -> None:
    app = RequestIds(some_auth())
    async with Browser(app) as browser:
        answer = await browser.get("/ok", headers=[("x-request-id", "one"), ("x-request-id", "two")])
    assert answer.headers["x-request-id"] not in {"one", "two", "one, two"}


async def test_requests_at_the_same_moment_keep_their_own(logged: Callable[[], list[dict[str, Any]]]) -> None:
    app = RequestIds(some_auth())

    async def refused(number: int) -> str:
        async with Browser(
            app, headers={"x-request-id": f"r{number}", "user-agent": f"agent{number}"}
        ) as tab:
            return str((await tab.sign_in()).headers["x-request-id"])

    assert await asyncio.gather(*map(refused, range(8))) == [f"r{number}" for number in range(8)]
    lines = logged()
    pairs = {(line["request_id"], line["user_agent"]) for line in lines if line["event"] == "refused"}
    assert pairs == {(f"r{number}", f"agent{number}") for number in range(8)}
