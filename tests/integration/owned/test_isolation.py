"""S75: the proof for an application's own models finds every leak it looks for, and none where none is."""

from typing import Any

import pytest
from sqlalchemy import delete, false
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Session, with_loader_criteria

from ostiary.integrations.sqlalchemy import IsolationError, Owned, OwnRows, SyncOwnRows, prove_isolation
from ostiary.integrations.sqlalchemy.attempts import CHANGES, READS
from ostiary.integrations.sqlalchemy.ownership import OWNER_KEY
from tests.integration.owned.models import Delivery, Errand, Project, Remark, Task

PEOPLE = ("ada", "eve")
SAMPLES = {
    Project: lambda: Project(name="sample", team_id=1),
    Task: lambda: Task(title="sample", project=Project(name="another", team_id=1)),
    Errand: lambda: Errand(title="sample"),
    Delivery: lambda: Delivery(title="sample"),
}


@pytest.fixture
async def without_remarks(everything: AsyncSession) -> None:
    """What refers to a row would keep it from being deleted, and the proof would prove nothing."""
    await everything.execute(delete(Remark))
    await everything.commit()


@pytest.mark.usefixtures("without_remarks")
async def test_owned_models_are_proved_to_be_apart(rows: OwnRows) -> None:
    tried = await prove_isolation(rows, owners=PEOPLE, samples=SAMPLES)
    assert {"Task: get", "Task: delete", "Project: Team.projects by lazyload"} | {
        "Project: referred to by Task"
    } <= set(tried)
    assert len(tried) > len(SAMPLES) * (len(READS) + len(CHANGES))


async def test_synchronous_sessions_are_proved_as_well(sync_engine: Any) -> None:
    with Session(sync_engine) as session:
        session.execute(delete(Remark))
        session.commit()
    assert await prove_isolation(SyncOwnRows(sync_engine), owners=PEOPLE, samples=SAMPLES)


class Unrestricted(OwnRows):
    """Opens sessions as the application would without us; they only fill in the owner."""

    def of(self, user_id: str, **more: Any) -> AsyncSession:
        session = AsyncSession(self.engine, **more)
        session.sync_session.info[OWNER_KEY] = user_id
        return session


@pytest.mark.usefixtures("without_remarks")
@pytest.mark.parametrize("name", READS)
async def test_each_way_of_reading_is_a_real_one(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for other in set(READS) - {name}:
        monkeypatch.delitem(READS, other)
    unmarked(monkeypatch)
    with pytest.raises(IsolationError, match=f"Project: {name} reads"):
        await prove_isolation(Unrestricted(engine), owners=PEOPLE, samples=SAMPLES)


@pytest.mark.usefixtures("without_remarks")
@pytest.mark.parametrize("name", CHANGES)
async def test_each_way_of_changing_is_a_real_one(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for other in set(CHANGES) - {name}:
        monkeypatch.delitem(CHANGES, other)
    for read in list(READS):
        monkeypatch.delitem(READS, read)
    monkeypatch.setattr("ostiary.integrations.sqlalchemy.isolation.relationship_reads", lambda _: [])
    unmarked(monkeypatch)
    samples = {model: SAMPLES[model] for model in (Errand, Project, Task, Delivery)}
    with pytest.raises(IsolationError, match=f"Errand: {name} changes"):
        await prove_isolation(Unrestricted(engine), owners=PEOPLE, samples=samples)


def unmarked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the mark check nothing but leave the owner filled in."""
    monkeypatch.setattr("ostiary.integrations.sqlalchemy.ownership._is_foreign", lambda *_: False)


@pytest.mark.usefixtures("without_remarks")
async def test_relationships_are_tried_as_well(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    for read in list(READS):
        monkeypatch.delitem(READS, read)
    unmarked(monkeypatch)
    with pytest.raises(IsolationError, match=r"Team\.projects by lazyload reads"):
        await prove_isolation(Unrestricted(engine), owners=PEOPLE, samples=SAMPLES)


@pytest.mark.usefixtures("without_remarks")
async def test_a_row_that_leads_to_somebody_elses_is_found(
    rows: OwnRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S75"""
    monkeypatch.setattr("ostiary.integrations.sqlalchemy.sessions.refuse_foreign_references", lambda _: None)
    with pytest.raises(IsolationError, match="Project: referred to by Task: a row leads"):
        await prove_isolation(rows, owners=PEOPLE, samples=SAMPLES)


async def test_a_model_without_a_sample_is_named(rows: OwnRows) -> None:
    with pytest.raises(IsolationError, match="no sample of Delivery, Errand, Project"):
        await prove_isolation(rows, owners=PEOPLE, samples={Task: SAMPLES[Task]})


async def test_a_proof_on_nothing_is_none(rows: OwnRows) -> None:
    with pytest.raises(IsolationError, match="no sample of any model"):
        await prove_isolation(rows, owners=PEOPLE, samples={})


async def test_a_session_that_sees_nothing_at_all_proves_nothing(engine: AsyncEngine) -> None:
    class Blind(OwnRows):
        def of(self, user_id: str, **more: Any) -> AsyncSession:
            session = super().of(user_id, **more)
            session.sync_session.criteria = _nothing()
            return session

    with pytest.raises(IsolationError, match="nobody sees their own row"):
        await prove_isolation(Blind(engine), owners=PEOPLE, samples=SAMPLES)


def _nothing() -> Any:
    return with_loader_criteria(Owned, lambda _: false(), include_aliases=True)
