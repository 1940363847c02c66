"""The example application: everybody's own tasks, and nobody else's."""

import asyncio
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import inspect, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from examples.tasks.application import create_app
from examples.tasks.settings import Settings, kept_secret, secret_file
from examples.tasks.storage import StoredTask, create_table, open_engine
from ostiary import Auth
from ostiary.domain.roles import ROLE
from ostiary.integrations.fastapi import current_user
from ostiary.integrations.pytest import SignedIn
from ostiary.integrations.sqlalchemy import OwnRows, prove_isolation
from ostiary.services.users import NewUser
from tests.builders import ORIGIN, SECRET, SESSION_COOKIE, code_of, some_options
from tests.contract.places import SQL_PLACES, SQLITE, Place

PREFIXES = ["/api/tasks", "/api/v1/tasks"]


@pytest.fixture(params=[SQLITE], ids=["sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    place: Place = request.param
    made = place.create(tmp_path)
    yield made
    place.drop(made)


on_every_database = pytest.mark.parametrize("url", SQL_PLACES, indirect=True)


@pytest.fixture
async def app(url: str) -> AsyncIterator[FastAPI]:
    application = create_app(Settings(database_url=url, secret=SECRET, base_url=ORIGIN, trusted_origins=()))
    async with application.router.lifespan_context(application):
        yield application


@pytest.fixture
async def ada(signed_in: SignedIn) -> httpx2.AsyncClient:
    return await signed_in("ada@example.com", name="Ada")


@pytest.fixture
async def eve(signed_in: SignedIn) -> httpx2.AsyncClient:
    return await signed_in("eve@example.com", name="Eve")


async def a_task(client: httpx2.AsyncClient, prefix: str = "/api/tasks", **values: Any) -> Any:
    answer = await client.post(prefix, json={"title": "Write", **values})
    assert answer.status_code == 201, answer.text
    return answer.json()


@on_every_database
async def test_a_task_is_made_read_changed_and_deleted(ada: httpx2.AsyncClient) -> None:
    for prefix in PREFIXES:
        await live_through_a_task(ada, prefix)


async def live_through_a_task(ada: httpx2.AsyncClient, prefix: str) -> None:
    made = await ada.post(prefix, json={"title": "  Write the notes ", "notes": "on the 🖨", "done": False})
    assert made.status_code == 201
    task = made.json()
    assert (task["title"], task["notes"], task["done"]) == ("Write the notes", "on the 🖨", False)
    assert made.headers["location"] == f"{prefix}/{task['id']}"
    own = f"{prefix}/{task['id']}"
    assert (await ada.get(own)).json() == task
    assert (await ada.patch(own, json={"done": True})).json() == {**task, "done": True}
    assert (await ada.put(own, json={"title": "Rest"})).json() == {**task, "title": "Rest", "notes": ""}
    assert (await ada.get(prefix)).json()["items"] == [{**task, "title": "Rest", "notes": ""}]
    deleted = await ada.delete(own)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (await ada.get(own)).status_code == 404
    assert (await ada.get(prefix)).json() == {"items": [], "total": 0, "limit": 20, "offset": 0}


EVERY_VERB: list[tuple[str, Any]] = [
    ("GET", None),
    ("PUT", {"title": "Mine"}),
    ("PATCH", {"done": True}),
    ("PATCH", {}),
    ("DELETE", None),
]


@on_every_database
async def test_somebody_elses_task_is_404(ada: httpx2.AsyncClient, eve: httpx2.AsyncClient) -> None:
    """S75: for every verb under both prefixes, and no other answer tells that the task exists."""
    for prefix in PREFIXES:
        task = await a_task(ada, prefix)
        for method, body in EVERY_VERB:
            foreign = await eve.request(method, f"{prefix}/{task['id']}", json=body)
            unknown = await eve.request(method, f"{prefix}/{task['id'] + 1000}", json=body)
            assert foreign.status_code == unknown.status_code == 404, (method, prefix)
            assert foreign.content == unknown.content
        assert (await ada.get(f"{prefix}/{task['id']}")).json() == task


async def test_lists_hold_ones_own_tasks_only(ada: httpx2.AsyncClient, eve: httpx2.AsyncClient) -> None:
    mine = await a_task(ada)
    await a_task(eve)
    page = (await ada.get("/api/v1/tasks")).json()
    assert (page["items"], page["total"]) == ([mine], 1)


async def test_lists_come_in_pages_the_newest_first(ada: httpx2.AsyncClient) -> None:
    made = [(await a_task(ada, title=f"Task {number}"))["id"] for number in range(5)]
    page = (await ada.get("/api/tasks", params={"limit": 2, "offset": 1})).json()
    assert [task["id"] for task in page["items"]] == [made[3], made[2]]
    assert (page["total"], page["limit"], page["offset"]) == (5, 2, 1)
    beyond = (await ada.get("/api/tasks", params={"offset": 5})).json()
    assert (beyond["items"], beyond["total"]) == ([], 5)


async def test_what_a_person_owns_comes_from_the_session_and_never_from_the_body(
    ada: httpx2.AsyncClient, eve: httpx2.AsyncClient
) -> None:
    """S62."""
    owner = (await ada.get("/api/auth/get-session")).json()["user"]["id"]
    task = await a_task(eve, user_id=owner, userId=owner, id=4711, createdAt="2001-01-01T00:00:00Z")
    assert task["id"] != 4711
    assert (await ada.get("/api/tasks")).json()["total"] == 0
    assert (await eve.get("/api/tasks")).json()["items"] == [task]


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_nobody_reaches_nothing(signed_in: SignedIn, ada: httpx2.AsyncClient, prefix: str) -> None:
    task = await a_task(ada, prefix)
    async with signed_in.anybody() as stranger:
        for method, path in (
            ("GET", prefix),
            ("POST", prefix),
            ("GET", f"{prefix}/{task['id']}"),
            ("PUT", f"{prefix}/{task['id']}"),
            ("PATCH", f"{prefix}/{task['id']}"),
            ("DELETE", f"{prefix}/{task['id']}"),
        ):
            answer = await stranger.request(method, path, json={"title": "x"} if method != "GET" else None)
            assert (answer.status_code, code_of(answer)) == (401, "UNAUTHORIZED"), (method, path)


async def test_other_sites_change_nothing(ada: httpx2.AsyncClient) -> None:
    """S30."""
    task = await a_task(ada)
    for method in ("PUT", "PATCH", "DELETE"):
        evil = {"origin": "https://evil.example"}
        answer = await ada.request(method, f"/api/tasks/{task['id']}", json={"title": "x"}, headers=evil)
        assert (answer.status_code, code_of(answer)) == (403, "INVALID_ORIGIN")
    assert (await ada.get(f"/api/tasks/{task['id']}")).json() == task


BAD_BODIES = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"{}",
    b'{"title": null}',
    b'{"title": 1}',
    b'{"title": ""}',
    b'{"title": "   "}',
    b'{"title": ["x"]}',
    b'{"title": "x\\u0000y"}',
    b'{"title": "\\ud800"}',
    b'{"title": "x", "notes": "\\u0000"}',
    b'{"title": "x", "done": "perhaps"}',
    b'{"title": "x", "done": NaN}',
    b'{"title": Infinity}',
    b'{"title": "' + b"x" * 201 + b'"}',
    b'{"title": "x", "notes": "' + b"x" * 10_001 + b'"}',
    b"[" * 100_000,
    b'{"title": "\xff\xfe"}',
    b'{"title": ' + b"9" * 5_000 + b"}",
]


async def test_bad_input_is_refused_and_nothing_is_written(ada: httpx2.AsyncClient) -> None:
    """S57, S58, S59: a clear refusal that repeats nothing of the input."""
    for body in BAD_BODIES:
        answer = await ada.post("/api/tasks", content=body, headers={"content-type": "application/json"})
        assert answer.status_code in {400, 422}, body[:40]
        detail = answer.json()["detail"]
        assert detail == "There was an error parsing the body" or "input" not in detail[0]
    assert (await ada.get("/api/tasks")).json()["total"] == 0


async def test_a_change_is_validated_as_well(ada: httpx2.AsyncClient) -> None:
    task = await a_task(ada)
    for body in ({"title": None}, {"title": ""}, {"done": None}, {"notes": 1}):
        assert (await ada.patch(f"/api/tasks/{task['id']}", json=body)).status_code == 422, body
    assert (await ada.get(f"/api/tasks/{task['id']}")).json() == task


async def test_identifiers_and_pages_that_can_be_none_are_refused(ada: httpx2.AsyncClient) -> None:
    for task_id in ("0", "-1", "abc", "1.5", "2147483648", "9" * 400, "%00", "1%27%20OR%201=1"):
        assert (await ada.get(f"/api/tasks/{task_id}")).status_code == 422, task_id
    for query in ("limit=0", "limit=101", "limit=x", "offset=-1", f"offset={2**31}", "limit=1&limit=x"):
        assert (await ada.get(f"/api/tasks?{query}")).status_code == 422, query


async def test_a_large_body_is_refused_before_it_is_read(ada: httpx2.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b"{"
        raise AssertionError("it was read")

    headers = {"content-type": "application/json", "content-length": str(60_000_000)}
    assert (await ada.post("/api/tasks", content=endless(), headers=headers)).status_code == 413


async def stored(app: FastAPI, owner: str) -> int:
    """Return how many tasks of a person the database holds."""
    async with AsyncSession(app.state.engine) as session:
        found = await session.scalars(select(StoredTask).where(StoredTask.user_id == owner))
        return len(found.all())


@on_every_database
async def test_nobody_reaches_anybody_elses_tasks_by_any_way_there_is(
    app: FastAPI, ada: httpx2.AsyncClient, eve: httpx2.AsyncClient
) -> None:
    """S75: whatever a route may come to ask of its session."""
    sessions = [(await each.get("/api/auth/get-session")).json() for each in (ada, eve)]
    owners = (sessions[0]["user"]["id"], sessions[1]["user"]["id"])
    samples = {StoredTask: lambda: StoredTask(title="Sample", notes="", done=False)}
    assert await prove_isolation(OwnRows(app.state.engine), owners=owners, samples=samples)


@on_every_database
async def test_tasks_go_with_the_person(
    app: FastAPI, ada: httpx2.AsyncClient, eve: httpx2.AsyncClient
) -> None:
    owner = (await ada.get("/api/auth/get-session")).json()["user"]["id"]
    await a_task(ada)
    kept = await a_task(eve)
    assert await stored(app, owner) == 1
    deleted = await ada.post("/api/auth/delete-user", json={})
    assert deleted.json() == {"success": True, "message": "User deleted"}
    assert (await ada.get("/api/tasks")).status_code == 401
    assert await stored(app, owner) == 0
    assert (await eve.get("/api/tasks")).json()["items"] == [kept]


@on_every_database
async def test_a_task_of_somebody_who_is_deleted_meanwhile_is_refused(
    app: FastAPI, signed_in: SignedIn
) -> None:
    ghost = app.state.ostiary.services.users.draft(NewUser(email="ghost@example.com", name="Ghost"))
    app.dependency_overrides[current_user] = lambda: ghost
    async with signed_in.anybody() as tab:
        answer = await tab.post("/api/tasks", json={"title": "Haunt"})
    assert (answer.status_code, code_of(answer)) == (401, "UNAUTHORIZED")


async def test_a_person_signs_up_with_a_strong_password_and_starts(signed_in: SignedIn) -> None:
    async with signed_in.anybody() as tab:
        ada = {"name": "Ada", "email": "ada@example.com", "password": "password"}
        weak = await tab.post("/api/auth/sign-up/email", json=ada)
        assert weak.status_code == 400
        assert code_of(weak) == "PASSWORD_MISSING_UPPERCASE"
        strong = await tab.post("/api/auth/sign-up/email", json={**ada, "password": "Analytical-Engine-1"})
        assert strong.status_code == 200
        assert strong.json()["user"]["role"] == "user"
        assert (await a_task(tab))["title"] == "Write"


async def test_a_client_with_tokens_works_like_a_browser(signed_in: SignedIn) -> None:
    person = {"email": "grace@example.com", "password": "Nanoseconds-of-Wire-1", "name": "Grace"}
    async with signed_in.anybody() as client:
        del client.headers["origin"]
        pair = (await client.post("/api/auth/signup", json=person)).json()
        client.headers["authorization"] = f"Bearer {pair['access_token']}"
        assert (await a_task(client))["title"] == "Write"
        assert (await client.get("/api/admin/workload")).status_code == 403
        form = {"username": person["email"], "password": person["password"]}
        envelope = (await client.post("/api/v1/auth/login", data=form)).json()
        client.headers["authorization"] = f"Bearer {envelope['access_token']}"
        assert (await client.get("/api/v1/tasks")).json()["total"] == 1
        assert client.cookies.get(SESSION_COOKIE) is None


@on_every_database
async def test_an_administrator_sees_how_much_everybody_has_to_do(
    app: FastAPI, ada: httpx2.AsyncClient
) -> None:
    await a_task(ada)
    await a_task(ada, done=True)
    assert (await ada.get("/api/admin/workload")).status_code == 403
    auth: Auth = app.state.ostiary
    user = await auth.services.users.by_email("ada@example.com")
    assert user is not None
    await auth.services.users.change(user, {ROLE: "admin"})
    assert (await ada.get("/api/admin/workload")).json() == [
        {"userId": user.id, "name": "Ada", "email": "ada@example.com", "total": 2, "done": 1}
    ]


async def test_the_start_page_and_the_document_are_there(signed_in: SignedIn) -> None:
    async with signed_in.anybody() as tab:
        page = await tab.get("/")
        assert page.headers["content-type"].startswith("text/html")
        assert "default-src 'self'" in page.headers["content-security-policy"]
        for file, kind in (("page.js", "text/javascript"), ("page.css", "text/css")):
            assert f"/page/{file}" in page.text
            assert (await tab.get(f"/page/{file}")).headers["content-type"].startswith(kind)
        assert (await tab.get("/page/..%2Fsettings.py")).status_code == 404
        assert (await tab.get("/docs")).status_code == 200
        document = (await tab.get("/openapi.json")).json()
        assert {"/api/auth/sign-in/email", "/api/tasks/{task_id}", "/api/v1/tasks"} <= set(document["paths"])


async def test_the_application_starts_again_on_its_own_database(url: str) -> None:
    for _ in range(2):
        settings = Settings(database_url=url, secret=SECRET, base_url=ORIGIN, trusted_origins=())
        application = create_app(settings)
        async with application.router.lifespan_context(application), SignedIn(application).anybody() as tab:
            assert (await tab.get("/api/auth/ok")).json() == {"ok": True}


@on_every_database
async def test_processes_that_start_at_once_make_one_table(url: str) -> None:
    first, *others = (open_engine(url) for _ in range(6))
    await Auth(some_options(), url).migrate()
    await asyncio.gather(*(create_table(engine) for engine in (first, *others)))
    async with first.connect() as connection:
        assert await connection.run_sync(lambda sync: inspect(sync).get_indexes("task"))
    for engine in (first, *others):
        await engine.dispose()


async def test_what_is_no_race_stays_an_error(tmp_path: Path) -> None:
    (tmp_path / "app.db").write_bytes(b"this is no database at all, and never was" * 100)
    engine = open_engine(f"sqlite:///{tmp_path}/app.db")
    with pytest.raises(DBAPIError):
        await create_table(engine)
    await engine.dispose()


def test_the_module_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    environment = {**os.environ, "PORT": "0", "DATABASE_URL": f"sqlite:///{tmp_path / 'app.db'}"}
    command = [sys.executable, "-m", "examples.tasks"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            line = next(line for line in process.stderr if "running on" in line)
            address = re.search(r"http://127\.0\.0\.1:\d+", line)
            assert address is not None
            assert httpx2.get(f"{address.group()}/api/auth/ok", timeout=10).json() == {"ok": True}
        finally:
            process.send_signal(signal.SIGTERM)
        assert "shutdown complete" in process.stderr.read()
    assert (tmp_path / "app.db.secret").exists()


class TestSettings:
    def test_a_secret_is_made_once_and_kept_for_its_owner_alone(self, tmp_path: Path) -> None:
        environment = {"DATABASE_URL": f"sqlite:///{tmp_path / 'app.db'}"}
        first, second = (Settings.from_environment(environment) for _ in range(2))
        assert first.secret == second.secret
        assert len(first.secret) >= 32
        kept = tmp_path / "app.db.secret"
        assert kept.read_text() == f"{first.secret}\n"
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600

    def test_secrets_of_other_databases_are_other_secrets(self, tmp_path: Path) -> None:
        assert kept_secret(tmp_path / "a.secret") != kept_secret(tmp_path / "b.secret")

    @pytest.mark.parametrize(
        ("database_url", "path"),
        [
            ("sqlite:///ostiary.db", "ostiary.db.secret"),
            ("sqlite:////var/lib/app.db", "/var/lib/app.db.secret"),
            ("sqlite://", ".ostiary-secret"),
            ("postgresql://user:password@host/app", ".ostiary-secret"),
        ],
    )
    def test_the_secret_lies_beside_the_database(self, database_url: str, path: str) -> None:
        assert secret_file(database_url) == Path(path)

    def test_the_environment_decides(self) -> None:
        settings = Settings.from_environment(
            {
                "PORT": "9000",
                "DATABASE_URL": "postgresql://host/app",
                "BETTER_AUTH_SECRET": SECRET,
                "BETTER_AUTH_URL": "https://tasks.example",
                "BETTER_AUTH_TRUSTED_ORIGINS": "https://a.example, https://b.example",
            }
        )
        assert (settings.port, settings.secret, settings.base_url) == (9000, SECRET, "https://tasks.example")
        assert {"http://localhost:9000", "https://a.example", "https://b.example"} <= set(
            settings.trusted_origins
        )

    def test_without_one_it_serves_on_this_machine(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        settings = Settings.from_environment({})
        assert (settings.database_url, settings.base_url) == ("sqlite:///ostiary.db", "http://127.0.0.1:8000")
        assert settings.trusted_origins == (
            "http://127.0.0.1:8000",
            "http://localhost:8000",
            "http://localhost:3000",
            "http://127.0.0.1:5173",
            "http://localhost:5173",
        )
        assert SECRET not in repr(settings)
        assert (tmp_path / "ostiary.db.secret").exists()


async def test_the_front_end_is_told_which_providers_and_which_mails_there_are(tmp_path: Path) -> None:
    environment = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/offers.db",
        "BETTER_AUTH_SECRET": SECRET,
        "OSTIARY_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8",
        "GITHUB_CLIENT_ID": "our id",
        "GITHUB_CLIENT_SECRET": "our secret",
    }
    settings = Settings.from_environment(environment)
    assert settings.trusted_proxies == ("127.0.0.1", "10.0.0.0/8")
    transport = httpx2.ASGITransport(create_app(settings))
    async with httpx2.AsyncClient(transport=transport, base_url=settings.base_url) as client:
        offers = (await client.get("/api/offers")).json()
    assert offers["signUp"] is offers["mail"] is True
    assert offers["mailPage"] == "http://127.0.0.1:8000/dev/mail"
    assert offers["providers"] == [{"id": "github", "name": "GitHub"}]
    assert "our" not in str(offers)
