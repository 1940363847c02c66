"""Log lines: events become fields, nothing secret passes, nobody forges a line."""

import json
import logging
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ostiary.server import Settings
from ostiary.server.logging import configure_logging
from tests.builders import PASSWORD

Lines = Callable[[], list[str]]


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Lines:
    def read() -> list[str]:
        return capsys.readouterr().err.splitlines()

    return read


def log_as(form: str) -> None:
    configure_logging(Settings.model_validate({"log_format": form, "access_log": True}))


def test_an_event_of_the_library_becomes_fields(lines: Lines) -> None:
    log_as("json")
    details = {"code": "INVALID_TOKEN", "ip_address": "198.51.100.7", "status": 401, "level": "forged"}
    details["event"] = "refused"
    logging.getLogger("ostiary.events").warning("refused: %s at x", "INVALID_TOKEN", extra={"auth": details})
    [line] = map(json.loads, lines())
    assert line["timestamp"].endswith("Z")
    assert {
        **details,
        "event": "refused",
        "level": "warning",
        "logger": "ostiary.events",
    }.items() <= line.items()


@pytest.mark.parametrize("form", ["json", "console"])
def test_what_is_named_like_a_secret_is_blanked(lines: Lines, form: str) -> None:
    log_as(form)
    names = ("password", "newPassword", "token", "refresh_token", "set-cookie", "Authorization", "apiKey")
    details = {**dict.fromkeys(names, "hunter2"), "body": {"password": "hunter2", "email": "ada@example.com"}}
    logging.getLogger("ostiary.events").info("changed", extra={"auth": details})
    [line] = lines()
    assert "hunter2" not in line
    assert "ada@example.com" in line


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_client_cannot_forge_a_line(lines: Lines, form: str) -> None:
    log_as(form)
    forged = "curl\n2030-01-01 signed_up user_id=root\r\x1b[2J\u2028\u202e"
    logging.getLogger("ostiary.events").info("refused", extra={"auth": {"user_agent": forged}})
    logging.getLogger("ostiary.events").info("unexpected %s", forged)
    first, second = lines()
    assert not {"\r", "\x1b", "\u202e"} & set(first + second)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text())
def test_whatever_a_client_sends_is_one_line_of_json(lines: Lines, text: str) -> None:
    log_as("json")
    lines()
    logging.getLogger("ostiary.events").info("refused", extra={"auth": {"user_agent": text}})
    [line] = lines()
    assert json.loads(line)["event"] == "refused"


def fail(password: str) -> None:
    raise ValueError("broken" * bool(password))


def test_a_traceback_tells_no_local_variable(lines: Lines) -> None:
    for form in ("json", "console"):
        log_as(form)
        try:
            fail(PASSWORD)
        except ValueError:
            logging.getLogger("ostiary").exception("unexpected")
        text = "\n".join(lines())
        assert "ValueError: broken" in text
        assert PASSWORD not in text


def test_a_request_is_logged_without_its_query(lines: Lines) -> None:
    log_as("json")
    arguments = ("127.0.0.1:1", "GET", "/api/auth/magic-link/verify?token=hunter2", "1.1", 200)
    logging.getLogger("uvicorn.access").info('%s - "%s %s HTTP/%s" %d', *arguments)
    logging.getLogger("uvicorn.error").info(
        '%s - "WebSocket %s" [accepted]', "127.0.0.1:1", "/chat?token=hunter2"
    )
    request, socket = map(json.loads, lines())
    assert request["path"] == "/api/auth/magic-link/verify"
    assert (request["method"], request["status"], request["event"]) == ("GET", 200, "request")
    assert socket["event"] == '127.0.0.1:1 - "WebSocket /chat" [accepted]'


@pytest.mark.parametrize("rest", ["", "/", "?callbackURL=/new", "%2f"])
def test_a_request_is_logged_without_the_token_of_a_mailed_link(lines: Lines, rest: str) -> None:
    """S85: it sets a new password for as long as it lives, and following the link does not use it up."""
    log_as("json")
    arguments = ("127.0.0.1:1", "GET", f"/api/auth/reset-password/hunter2{rest}", "1.1", 302)
    logging.getLogger("uvicorn.access").info('%s - "%s %s HTTP/%s" %d', *arguments)
    [line] = lines()
    assert "hunter2" not in line
    assert json.loads(line)["path"].rstrip("/") == "/api/auth/reset-password/[redacted]"


def test_requests_are_logged_only_on_demand(lines: Lines) -> None:
    configure_logging(Settings.model_validate({}))
    logging.getLogger("uvicorn.access").info('%s - "%s %s HTTP/%s" %d', "c", "GET", "/", "1.1", 200)
    assert lines() == []


def test_below_the_level_nothing_is_logged(lines: Lines) -> None:
    configure_logging(Settings.model_validate({"log_level": "warning"}))
    logging.getLogger("ostiary").info("quiet")
    logging.getLogger("ostiary").warning("loud")
    [line] = lines()
    assert "loud" in line
