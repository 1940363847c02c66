"""S90: an audit tells what is known from what nobody could be asked about."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from requirements.audit import NO_ANSWER, NOTHING_KNOWN, SOMETHING_KNOWN
from tests.key_server import KeyServer, key_server
from tests.release.conftest import ROOT

PIP_KNOWS = {"vulns": [{"id": "PYSEC-0000-1", "summary": "bad", "affected": []}]}
NPM_KNOWS = {
    "is-odd": [{"id": 1, "title": "bad", "severity": "high", "vulnerable_versions": "<4", "url": "x:"}]
}
PUBLISHED = {
    "name": "is-odd",
    "versions": {number: {"name": "is-odd", "version": number} for number in ("3.0.1", "4.0.0")},
}
LOCKED = {
    "name": "front-end",
    "lockfileVersion": 3,
    "packages": {"": {"dependencies": {"is-odd": "3.0.1"}}, "node_modules/is-odd": {"version": "3.0.1"}},
}


@pytest.fixture(params=["some.lock", "package-lock.json"])
def lock(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a lock of either kind with one package."""
    path = tmp_path / str(request.param)
    path.write_text(f"h11==0.16.0 --hash=sha256:{'0' * 64}" if path.suffix == ".lock" else json.dumps(LOCKED))
    return path


async def audit(lock: Path, service: KeyServer) -> tuple[int, str]:
    """Ask a service in the place of both; return the exit code and what was printed."""
    there = {"PIP_AUDIT_OSV_URL": service.origin, "npm_config_registry": service.origin}
    ran = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "requirements.audit", str(lock),
        cwd=ROOT, env={**os.environ, **there}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    printed, _ = await ran.communicate()
    assert ran.returncode is not None
    return ran.returncode, printed.decode()


async def test_a_service_that_knows_nothing_is_the_only_clean_bill(lock: Path) -> None:
    async with key_server() as service:
        service.body = b"{}"
        assert await audit(lock, service) == (NOTHING_KNOWN, f"{lock}: nothing known\n")
        assert len(service.requests) == 1


async def test_what_is_known_is_named_and_fails(lock: Path) -> None:
    async with key_server() as service:
        service.body = json.dumps(PIP_KNOWS if lock.suffix == ".lock" else NPM_KNOWS).encode()
        service.at["/is-odd"] = json.dumps(PUBLISHED).encode()
        code, printed = await audit(lock, service)
    assert code == SOMETHING_KNOWN
    assert "h11 0.16.0: PYSEC-0000-1, not fixed" in printed or "is-odd <4: high" in printed


@pytest.mark.parametrize("status", [404, 405, 503])
async def test_a_service_that_refuses_is_no_clean_bill(lock: Path, status: int) -> None:
    async with key_server() as service:
        service.status, service.body = status, b"{}"
        code, printed = await audit(lock, service)
    assert code == NO_ANSWER
    assert "NOT AUDITED" in printed


async def test_a_service_that_is_away_is_no_clean_bill(lock: Path) -> None:
    async with key_server() as service:
        pass
    code, printed = await audit(lock, service)
    assert code == NO_ANSWER
    assert "NOT AUDITED" in printed
