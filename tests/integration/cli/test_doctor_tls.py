"""The doctor at an address with TLS: what browsers trust, and the cookies they keep there."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from ostiary.cli.doctor.finding import Finding, Level
from ostiary.cli.doctor.live import travel
from ostiary.domain.runtime import FrozenRuntime
from ostiary.options import Advanced
from ostiary.server.application import Application
from ostiary.server.settings import Settings
from tests.builders import SECRET, some_auth, some_options
from tests.listening import served
from tests.mail_server import make_authority

from .conftest import free_port

Findings = dict[str, Finding]


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that makes certificates; this machine trusts them unless told otherwise."""

    def make(host: str = "127.0.0.1", *, here: bool = True) -> None:
        authority = make_authority(tmp_path, host)
        if here:
            monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))

    return make


async def found(folder: Path, clock: FrozenRuntime, base: str = "https", **options: Any) -> Sequence[Finding]:
    """Serve over TLS what takes itself to be at `base`, and go there."""
    port = free_port()
    origin = f"https://127.0.0.1:{port}"
    auth = some_auth(some_options(base_url=f"{base}://127.0.0.1:{port}", **options), clock)
    async with served(auth, port, folder):
        return await travel(Application(Settings.model_validate({"secret": SECRET}), auth), origin, ())


def worst(findings: Sequence[Finding]) -> Findings:
    """Return what is worst of each subject."""
    ranked = sorted(findings, key=lambda each: list(Level).index(each.level))
    return {each.subject.removeprefix("live: "): each for each in ranked}


async def test_a_server_with_tls_is_found_well(
    trusted: Callable[..., None], tmp_path: Path, clock: FrozenRuntime
) -> None:
    """Cookies with Secure and its prefix come back, by a certificate of the operator's own authority."""
    trusted()
    by_subject = worst(await found(tmp_path, clock))
    assert {name for name, each in by_subject.items() if each.level is not Level.OK} == {"https"}
    assert "Strict-Transport-Security" in by_subject["https"].cure
    assert (by_subject["cookies"].level, by_subject["cookies"].message) == (
        Level.OK,
        "kept by browsers, and returned",
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "elsewhere.example"])
async def test_a_certificate_that_nobody_trusts_is_named_with_its_cure(
    trusted: Callable[..., None], tmp_path: Path, clock: FrozenRuntime, host: str
) -> None:
    """Of an unknown authority, and for another name."""
    trusted(host, here=host != "127.0.0.1")
    [finding] = await found(tmp_path, clock)
    assert (finding.level, finding.subject) == (Level.FAILURE, "live: https")
    assert finding.message.startswith("browsers do not trust https://127.0.0.1:")
    assert "SSL_CERT_FILE" in (finding.cure or "")


@pytest.mark.parametrize(
    ("base", "options"),
    [("http", {}), ("https", {"advanced": Advanced(use_secure_cookies=False)})],
    ids=["base URL without TLS", "Secure turned off"],
)
async def test_cookies_that_are_not_secure_are_found(
    trusted: Callable[..., None], tmp_path: Path, clock: FrozenRuntime, base: str, options: dict[str, Any]
) -> None:
    """S23: over TLS a browser keeps them, and would show them over http as well."""
    trusted()
    cookies = worst(await found(tmp_path, clock, base, **options))["cookies"]
    assert cookies.level is Level.FAILURE
    assert cookies.message.startswith("not Secure")
    assert "BETTER_AUTH_URL to https://127.0.0.1:" in (cookies.cure or "")
