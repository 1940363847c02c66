"""Ada's and Eve's rows, and sessions that see the one's or the other's."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from ostiary.integrations.sqlalchemy import OwnRows
from tests.contract.places import POSTGRES, SQLITE, Place, param
from tests.integration.owned.models import Base, Person, Project, Remark, Task, Team

DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}


@pytest.fixture(params=[param(SQLITE), param(POSTGRES)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    place: Place = request.param
    made = place.create(tmp_path)
    yield made
    place.drop(made)


@pytest.fixture
async def engine(url: str) -> AsyncIterator[AsyncEngine]:
    made = create_async_engine(make_url(url).set(drivername=DRIVERS[make_url(url).get_backend_name()]))
    async with made.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with AsyncSession(made) as session:
        await session.run_sync(fill)
    yield made
    await made.dispose()


def fill(session: Session) -> None:
    session.add_all([Person(id="ada"), Person(id="eve"), Team(name="Engines")])
    session.flush()
    for number, person in ((1, "ada"), (2, "eve")):
        session.add(Project(name=f"{person}'s", user_id=person, team_id=1))
        session.flush()
        session.add(Task(title=f"{person}'s", user_id=person, project_id=number))
        session.flush()
        session.add(Remark(task_id=number))
    session.commit()


@pytest.fixture
def rows(engine: AsyncEngine) -> OwnRows:
    return OwnRows(engine)


@pytest.fixture
async def ada(rows: OwnRows) -> AsyncIterator[AsyncSession]:
    async with rows.of("ada") as session:
        yield session


@pytest.fixture
async def everything(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """Return a session of the application's own, which is restricted by nothing."""
    async with AsyncSession(engine) as session:
        yield session


@pytest.fixture
def sync_engine(tmp_path: Path) -> Iterator[object]:
    made = create_engine(f"sqlite:///{tmp_path}/sync.db")
    Base.metadata.create_all(made)
    with Session(made) as session:
        fill(session)
    yield made
    made.dispose()
