"""Foreign keys: nobody's row leads to somebody else's."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, insert, literal, select, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from ostiary.integrations.sqlalchemy import OwnershipError
from tests.integration.owned.models import Errand, Project, Remark, Task


def change_key(session: Session) -> None:
    session.get_one(Task, 1).project_id = 2


def change_many(session: Session) -> None:
    session.add_all([Task(title="x", project_id=1), Task(title="y", project_id=2)])


REFUSED: dict[str, Callable[[Session], object]] = {
    "new": lambda session: session.add(Task(title="x", project_id=2)),
    "new of a model that inherits": lambda session: session.add(Errand(title="x", project_id=2)),
    "new of a shared model": lambda session: session.add(Remark(task_id=2)),
    "changed": change_key,
    "one of many": change_many,
    "computed": lambda session: session.add(Task(title="x", project_id=literal(2))),
    "merged": lambda session: session.merge(Task(id=1, project_id=2)),
    "insert": lambda session: session.execute(insert(Task).values(title="x", project_id=2)),
    "insert of many": lambda session: session.execute(insert(Task), [{"title": "x", "project_id": 2}]),
    "insert of shared rows": lambda session: session.execute(insert(Remark).values([{"task_id": 2}])),
    "insert into a bare table": lambda session: session.execute(
        insert(Remark.__table__).values(task_id=2)  # type: ignore[arg-type]  # a Table
    ),
    "insert of what is computed": lambda session: session.execute(
        insert(Remark).values(task_id=literal(1) + 1)
    ),
    "insert or update": lambda session: session.execute(
        sqlite.insert(Remark).values(task_id=1).on_conflict_do_update(["id"], set_={"task_id": 2})
    ),
    "update": lambda session: session.execute(update(Task).values(project_id=2)),
    "update by attribute": lambda session: session.execute(update(Task).values({Task.project_id: 2})),
    "update in order": lambda session: session.execute(
        update(Task).ordered_values((Task.title, "x"), (Task.project_id, 2))
    ),
    "update of a shared model": lambda session: session.execute(update(Remark).values(task_id=2)),
    "update by keys": lambda session: session.execute(update(Remark), [{"id": 1, "task_id": 2}]),
}


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED)
async def test_nothing_leads_to_somebody_elses_row(
    ada: AsyncSession, everything: AsyncSession, change: Callable[[Session], object]
) -> None:
    """S75"""

    def attempt(session: Session) -> None:
        change(session)
        session.commit()

    with pytest.raises(OwnershipError):
        await ada.run_sync(attempt)
    await ada.rollback()
    led = select(func.count()).select_from(Task).where(Task.user_id == "ada", Task.project_id != 1)
    assert await everything.scalar(led) == 0
    assert (await everything.scalars(select(Remark.task_id).order_by(Remark.id))).all() == [1, 2]


def new_with_new(session: Session) -> None:
    session.add(Project(name="x", tasks=[Task(title="x")]))


def loaded(session: Session) -> None:
    session.add(Task(title="x", project=session.get_one(Project, 1)))


ALLOWED: dict[str, Callable[[Session], object]] = {
    "key": lambda session: session.add(Task(title="x", project_id=1)),
    "nothing": lambda session: session.add(Task(title="x")),
    "loaded": loaded,
    "new with new": new_with_new,
    "shared": lambda session: session.add(Remark(task_id=1)),
    "insert": lambda session: session.execute(insert(Task), [{"title": "x", "project_id": 1}] * 2),
    "update": lambda session: session.execute(update(Task).values(project_id=None)),
    "another column": lambda session: setattr(session.get_one(Task, 1), "title", "y"),
}


@pytest.mark.parametrize("change", ALLOWED.values(), ids=ALLOWED)
async def test_what_leads_to_ones_own_row_is_written(
    ada: AsyncSession, change: Callable[[Session], Any]
) -> None:
    def attempt(session: Session) -> None:
        change(session)
        session.commit()

    await ada.run_sync(attempt)
