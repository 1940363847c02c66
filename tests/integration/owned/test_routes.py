"""Routes that ask for the caller's rows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fastapi import FastAPI, HTTPException
from sqlalchemy import create_engine, select
from sqlalchemy.ext.asyncio import create_async_engine

from ostiary import Auth, ConfigurationError
from ostiary.integrations.sqlalchemy import MyRows, OwnRows, SyncMyRows, SyncOwnRows
from tests.builders import PASSWORD, Browser, code_of
from tests.integration.owned.models import Base, Project


@pytest.fixture
async def app(auth: Auth, tmp_path: Path) -> AsyncIterator[FastAPI]:
    engine = create_engine(f"sqlite:///{tmp_path}/rows.db")
    Base.metadata.create_all(engine)
    asynchronous = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/rows.db")
    made = FastAPI()
    auth.install(made)
    OwnRows(asynchronous).install(made)

    @made.post("/projects/{name}")
    async def add(name: str, session: MyRows) -> None:
        session.add(Project(name=name))

    @made.post("/refused/{name}")
    async def refuse(name: str, session: MyRows) -> None:
        session.add(Project(name=name))
        await session.flush()
        raise HTTPException(409)

    @made.get("/projects")
    async def names(session: MyRows) -> list[str]:
        return list(await session.scalars(select(Project.name).order_by(Project.id)))

    @made.get("/in-a-thread")
    def names_in_a_thread(session: SyncMyRows) -> list[str]:
        return list(session.scalars(select(Project.name).order_by(Project.id)))

    made.state.threads = SyncOwnRows(engine)
    yield made
    await asynchronous.dispose()
    engine.dispose()


@asynccontextmanager
async def signed_up(app: FastAPI, name: str) -> AsyncIterator[Browser]:
    async with Browser(app, base="") as tab:
        body = {"name": name, "email": f"{name}@example.com", "password": PASSWORD}
        assert (await tab.post("/api/auth/sign-up/email", json=body)).status_code == 200
        yield tab


async def test_a_route_gets_the_callers_rows(app: FastAPI) -> None:
    async with signed_up(app, "ada") as ada, signed_up(app, "eve") as eve:
        assert (await ada.post("/projects/engine")).status_code == 200
        assert (await eve.post("/projects/tap")).status_code == 200
        assert (await ada.get("/projects")).json() == ["engine"]
        assert (await eve.get("/projects")).json() == ["tap"]


async def test_a_route_that_refuses_writes_nothing(app: FastAPI) -> None:
    async with signed_up(app, "ada") as ada:
        assert (await ada.post("/refused/engine")).status_code == 409
        assert (await ada.get("/projects")).json() == []


async def test_nobody_has_no_rows(app: FastAPI) -> None:
    async with Browser(app, base="") as tab:
        answer = await tab.get("/projects")
        assert (answer.status_code, code_of(answer)) == (401, "UNAUTHORIZED")


async def test_a_route_in_a_thread_gets_the_callers_rows(app: FastAPI) -> None:
    async with signed_up(app, "ada") as ada, signed_up(app, "eve") as eve:
        await ada.post("/projects/engine")
        app.state.threads.install(app)
        assert (await ada.get("/in-a-thread")).json() == ["engine"]
        assert (await eve.get("/in-a-thread")).json() == []
        with pytest.raises(ConfigurationError, match=r"OwnRows\(engine\)\.install\(app\)"):
            await ada.get("/projects")


async def test_an_application_without_rows_is_told_how_to_have_them(app: FastAPI) -> None:
    async with signed_up(app, "ada") as ada:
        with pytest.raises(ConfigurationError, match=r"SyncOwnRows\(engine\)\.install\(app\)"):
            await ada.get("/in-a-thread")
