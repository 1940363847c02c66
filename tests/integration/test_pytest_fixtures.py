"""The fixtures that applications test with."""

import subprocess
import sys
from pathlib import Path

import pytest
from fastapi import FastAPI

from ostiary import Auth, ConfigurationError, EmailVerificationOptions, Mailer
from ostiary.domain.runtime import FrozenRuntime
from ostiary.integrations.pytest import CapturedMail, SignedIn
from tests.builders import PASSWORD, SECRET, code_of, some_auth, some_options
from tests.house.pages import DOCS, blocks

APPLICATION = """
from contextlib import asynccontextmanager

from fastapi import FastAPI
from ostiary import Auth, Options
from ostiary.integrations.fastapi import CurrentUser, require_role
from ostiary.plugins import Admin


def create_app(url, runtime, mailer):
    options = Options(secret="%s", base_url="http://localhost")
    auth = Auth(options, url, plugins=[Admin()], runtime=runtime, mailer=mailer)

    @asynccontextmanager
    async def lifespan(_):
        await auth.migrate()
        yield

    app = FastAPI(lifespan=lifespan)
    auth.install(app)
    app.get("/api/admin/workload", dependencies=[require_role("admin")])(lambda: 0)

    @app.get("/api/tasks")
    async def tasks(user: CurrentUser):
        return {"items": []}

    return app
"""


async def test_anybody_is_signed_in_by_one_line(signed_in: SignedIn) -> None:
    ada = await signed_in("ada@example.com")
    assert (await ada.get("/me")).json() == "ada@example.com"
    assert (await ada.post("/notes", json={"text": "x"})).status_code == 200
    session = (await ada.get("/api/auth/get-session")).json()
    assert (session["user"]["name"], session["user"]["emailVerified"]) == ("ada", True)


async def test_two_clients_are_two_people_or_two_devices_of_one(signed_in: SignedIn) -> None:
    ada, eve, again = [await signed_in(f"{name}@example.com") for name in ("ada", "eve", "ada")]
    assert (await eve.get("/me")).json() == "eve@example.com"
    assert (await ada.post("/api/auth/sign-out")).status_code == 200
    assert (await ada.get("/me")).status_code == 401
    assert (await again.get("/me")).json() == "ada@example.com"


async def test_fields_are_given_by_their_names(signed_in: SignedIn) -> None:
    boss = await signed_in("boss@example.com", name="Boss", role="admin", plan="large")
    assert (await boss.get("/admin")).json() == "boss@example.com"
    assert (await boss.get("/member")).json() == "large"
    clerk = await signed_in("clerk@example.com")
    assert (await clerk.get("/admin")).status_code == 403
    assert (await clerk.get("/member")).json() == "free"
    assert (await (await signed_in("clerk@example.com", role="admin")).get("/admin")).status_code == 200
    with pytest.raises(ConfigurationError, match="no field 'colour'"):
        await signed_in("clerk@example.com", colour="red")


async def test_who_is_not_signed_in_is_nobody(signed_in: SignedIn) -> None:
    answer = await signed_in.anybody().get("/me")
    assert (answer.status_code, code_of(answer)) == (401, "UNAUTHORIZED")


async def test_the_clock_ends_a_session(signed_in: SignedIn, clock: FrozenRuntime) -> None:
    ada = await signed_in("ada@example.com")
    clock.advance(days=8)
    assert (await ada.get("/me")).status_code == 401


async def test_mail_is_captured_and_its_link_works(captured_mail: CapturedMail, clock: FrozenRuntime) -> None:
    options = some_options(email_verification=EmailVerificationOptions(send_on_sign_up=True))
    auth = some_auth(options, clock, mailer=captured_mail.mailer)
    assert isinstance(captured_mail.mailer, Mailer)
    anybody = SignedIn(auth).anybody()
    person = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD}
    assert (await anybody.post("/api/auth/sign-up/email", json=person)).status_code == 200
    email = await captured_mail.last_to(auth, "ada@example.com")
    assert (await anybody.get(captured_mail.link_in(email))).status_code in {200, 302}
    session = (await anybody.get("/api/auth/get-session")).json()
    assert session["user"]["emailVerified"] is True
    assert captured_mail.to("ada@example.com") == [email]
    with pytest.raises(LookupError, match=r"no mail went to eve@example\.com"):
        await captured_mail.last_to(auth, "eve@example.com")
    await auth.close()


async def test_an_application_without_a_server_is_told_what_is_missing() -> None:
    with pytest.raises(ConfigurationError, match=r"auth\.install\(app\)"):
        SignedIn(FastAPI()).anybody()


async def test_the_server_itself_will_do(auth: Auth) -> None:
    ada = await SignedIn(auth)("ada@example.com")
    assert (await ada.get("/api/auth/get-session")).json()["user"]["email"] == "ada@example.com"


def test_the_page_about_testing_works_word_for_word(tmp_path: Path) -> None:
    """In an empty project that has what the page installs."""
    page = blocks(DOCS / "how-to" / "test-an-application.md")
    fixtures, tests = [block.code for block in page if block.language == "python"]
    (tmp_path / "app.py").write_text(APPLICATION % SECRET)
    (tmp_path / "conftest.py").write_text(fixtures)
    (tmp_path / "test_app.py").write_text(tests)
    (tmp_path / "pyproject.toml").write_text('[tool.pytest.ini_options]\nasyncio_mode = "auto"\n')
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert "2 passed" in ran.stdout, ran.stdout + ran.stderr
