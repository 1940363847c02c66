"""The mail page: what was sent, on the machine of whoever develops, and nowhere else."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from examples.tasks.application import create_app
from examples.tasks.settings import Settings
from ostiary.server import Settings as ServerSettings
from ostiary.server.app import application_server
from ostiary.server.application import Application
from tests.builders import PASSWORD, SECRET

HERE = "http://127.0.0.1:8000"
ADA = "ada@example.com"


def settings(tmp_path: Path, **changes: Any) -> Settings:
    values: dict[str, Any] = {
        "database_url": f"sqlite:///{tmp_path / 'tasks.db'}",
        "secret": SECRET,
        "base_url": HERE,
        "trusted_origins": (HERE,),
    }
    return Settings(**{**values, **changes})


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[FastAPI]:
    application = create_app(settings(tmp_path))
    async with application.router.lifespan_context(application):
        yield application


def client_of(app: FastAPI, base: str = HERE, peer: str = "127.0.0.1") -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app, client=(peer, 50_000))
    return httpx2.AsyncClient(transport=transport, base_url=base, headers={"origin": base})


async def test_the_example_shows_its_mail_with_links_that_work(app: FastAPI) -> None:
    async with client_of(app) as client:
        body = {"name": "<b>Ada</b>", "email": ADA, "password": PASSWORD, "callbackURL": "/welcome"}
        assert (await client.post("/api/auth/sign-up/email", json=body)).status_code == 200
        await client.post("/api/auth/request-password-reset", json={"email": ADA, "redirectTo": "/new"})
        await app.state.ostiary.services.background.drain()
        newest, oldest = (await client.get("/dev/mail.json")).json()
        assert (newest["kind"], oldest["kind"]) == ("reset-password", "verify-email")
        assert (newest["to"], newest["subject"]) == (ADA, "Choose a new password")
        assert (await client.get("/dev/mail.json", params={"to": "bob@example.com"})).json() == []
        [link] = oldest["links"]
        page = await client.get("/dev/mail")
        assert page.text.index("Choose a new password") < page.text.index("Verify your email address")
        assert f'href="{link.replace("&", "&amp;")}"' in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"
        html = await client.get(f"/dev/mail/{oldest['id']}")
        assert html.text == oldest["html"]
        assert (await client.get(link)).headers["location"] == "/welcome"
        assert (await client.get("/api/auth/get-session")).json()["user"]["emailVerified"]
        assert (await client.get("/dev/mail/unknown")).status_code == 404


@pytest.mark.parametrize(
    ("base", "peer", "headers"),
    [
        ("http://evil.test", "127.0.0.1", {}),
        ("http://127.0.0.1.evil.test", "127.0.0.1", {}),
        (HERE, "192.0.2.1", {}),
        (HERE, "127.0.0.1", {"x-forwarded-for": "192.0.2.1"}),
        (HERE, "127.0.0.1", {"forwarded": "for=192.0.2.1"}),
    ],
)
async def test_nobody_elsewhere_reads_it(app: FastAPI, base: str, peer: str, headers: dict[str, str]) -> None:
    """S63: neither another machine, nor through a proxy, nor a page whose name was made to resolve here."""
    async with client_of(app, base, peer) as client:
        for path in ("/dev/mail", "/dev/mail.json", "/dev/mail/one"):
            assert (await client.get(path, headers=headers)).status_code == 404


@pytest.mark.parametrize("host", ["[", "[::1", "127.0.0.1]", "[x]:y", "\xff"])
async def test_a_host_that_is_none_is_nobodys(app: FastAPI, host: str) -> None:
    """S57: a header that no client sends is answered like that of any stranger."""
    async with client_of(app) as client:
        answer = await client.get("/dev/mail", headers={"host": host.encode("latin-1")})
        assert answer.status_code == 404


@pytest.mark.parametrize(
    "changes", [{"smtp_url": "smtps://mail.example"}, {"base_url": "https://app.example"}]
)
async def test_there_is_no_page_where_mail_leaves_or_others_come(
    tmp_path: Path, changes: dict[str, str]
) -> None:
    application = create_app(settings(tmp_path, **changes))
    async with client_of(application) as client:
        assert (await client.get("/dev/mail")).status_code == 404
    assert (application.state.ostiary.services.courier is not None) is ("smtp_url" in changes)


def server(tmp_path: Path, **changes: Any) -> FastAPI:
    values = {"secret": SECRET, "database": f"sqlite:///{tmp_path / 'own.db'}", "base_url": HERE, **changes}
    chosen = ServerSettings(_env_file=None, **values)
    return application_server(Application(chosen, chosen.to_auth()))


async def test_the_standalone_server_shows_its_mail_in_development_alone(tmp_path: Path) -> None:
    app = server(tmp_path)
    async with app.router.lifespan_context(app), client_of(app) as client:
        assert (await client.get("/dev/mail")).status_code == 200
    for changes in ({"base_url": "https://app.example"}, {"smtp_url": "smtps://mail.example"}):
        async with client_of(server(tmp_path, **changes)) as client:
            assert (await client.get("/dev/mail")).status_code == 404


async def test_the_standalone_server_sends_where_its_settings_say(tmp_path: Path) -> None:
    app = server(tmp_path, smtp_url="smtps://user:secret@mail.example", options={"appName": 'Tasks, "too"'})
    mailer = app.state.ostiary.services.courier.mailer
    assert mailer.sender == '"Tasks, \\"too\\"" <no-reply@127.0.0.1>'
    assert (mailer.transport.host, mailer.transport.security) == ("mail.example", "tls")
