"""The servers that `serve` runs and `init` writes, as processes, over HTTP."""

import json
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from tests.builders import PASSWORD
from tests.unit.cli.conftest import Command

from .conftest import Serving

ADA = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD}


@pytest.mark.parametrize("workers", ["1", "2"])
def test_serve_signs_people_up_and_ends_cleanly_when_asked(
    configured: Path, serving: Serving, workers: str, command: Command
) -> None:
    server = serving("-m", "ostiary.cli", "serve", "--workers", workers)
    assert server.await_answer("/readyz").json()["status"] == "ok"
    with httpx2.Client(base_url=server.address) as client:
        assert client.post("/api/auth/sign-up/email", json=ADA).status_code == 200
        for _ in range(8):  # whichever worker answers
            session = client.get("/api/auth/get-session", headers={"connection": "close"}).json()
            assert session["user"]["email"] == ADA["email"]
        assert client.get("/docs").status_code == 200
        wrong = {**ADA, "password": "not the password"}
        assert httpx2.post(f"{server.address}/api/auth/sign-in/email", json=wrong).status_code == 401
    assert server.stop() == 0, server.log
    assert not server.is_listening()
    assert "signed_up" in server.log
    assert "INVALID_EMAIL_OR_PASSWORD" in server.log
    assert [
        secret
        for secret in (PASSWORD, wrong["password"], session["session"]["token"])
        if secret in server.log
    ] == []
    listed = command("users", "list", "--json")
    assert listed.exit_code == 0, listed.output
    [user] = json.loads(listed.stdout)
    assert user["email"] == ADA["email"]


def test_a_header_that_nobody_was_asked_to_trust_changes_no_address(
    configured: Path, serving: Serving
) -> None:
    """S55: the connection's address counts, even from this machine, unless a proxy was named."""
    server = serving("-m", "ostiary.cli", "serve")
    server.await_answer("/readyz")
    headers = {"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https"}
    with httpx2.Client(base_url=server.address, headers=headers) as client:
        client.post("/api/auth/sign-up/email", json=ADA)
        assert client.get("/api/auth/get-session").json()["session"]["ipAddress"] == "127.0.0.1"
    assert server.stop() == 0


def test_the_application_that_init_writes_signs_people_up(
    command: Command, directory: Path, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command("init", "shop").exit_code == 0
    server = serving("-m", "uvicorn", "app:app", folder=directory / "shop")
    assert server.await_answer("/api/me").status_code == 401
    with httpx2.Client(base_url=server.address) as client:
        assert client.post("/api/auth/sign-up/email", json=ADA).status_code == 200
        me = client.get("/api/me")
        assert (me.status_code, me.json()["email"]) == (200, ADA["email"])
        assert "/api/me" in client.get("/openapi.json").json()["paths"]
    server.stop()
    monkeypatch.chdir(directory / "shop")
    doctor = command("doctor", "--app", "app:auth")
    assert doctor.exit_code == 0, doctor.output
    assert "no failures, no warnings." in doctor.output
    assert ADA["email"] in command("users", "list", "--app", "app:auth").stdout


def test_an_application_can_be_served_by_its_auth(
    command: Command, directory: Path, serving: Serving
) -> None:
    command("init", ".")
    server = serving("-m", "ostiary.cli", "serve", "--app", "app:auth", "--workers", "2")
    assert server.await_answer("/readyz").json()["status"] == "ok"
    assert httpx2.get(f"{server.address}/api/auth/ok").json() == {"ok": True}
    assert httpx2.get(f"{server.address}/api/me").status_code == 404
    assert server.stop() == 0


def test_nodes_that_migrate_at_once_take_turns(configured: Path) -> None:
    program = [sys.executable, "-m", "ostiary.cli", "migrate"]
    nodes = [subprocess.Popen(program, cwd=configured, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    assert [(node.wait(60), node.communicate()[1].count("Error")) for node in nodes] == [(0, 0)] * 3


def test_a_server_is_attacked_only_by_whoever_names_it_twice(
    configured: Path, serving: Serving, command: Command
) -> None:
    (configured / "ostiary.toml").write_text(
        'database = "sqlite:///people.db"\n[options]\nuser = {deleteUser = {enabled = true}}\n'
        'rateLimit = {customRules = {"/sign-in/email" = {window = 60, max = 30}}}\n'
    )
    server = serving("-m", "ostiary.cli", "serve")
    server.await_answer("/readyz")
    for hosts in ([], ["--i-operate", "app.example"]):
        refused = command("attack", server.address, *hosts)
        assert refused.exit_code == 2
        assert "--i-operate 127.0.0.1" in refused.stderr
    mine = ("--i-operate", "127.0.0.1")
    report = command("attack", server.address, *mine, "--json")
    assert report.exit_code == 0, report.output
    document = json.loads(report.stdout)
    assert {check["outcome"] for check in document["checks"]} <= {"held", "skipped"}
    assert document["accountsLeft"] == []
    assert command("users", "list").stdout == "No users.\n"
    assert server.stop() == 0
    gone = command("attack", server.address, *mine)
    assert gone.exit_code == 3
    assert "cannot connect" in gone.stderr
