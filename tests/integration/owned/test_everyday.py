"""What people write every day is not refused, and finds what is theirs."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import desc, exists, func, insert, select, update
from sqlalchemy.orm import (
    Session,
    contains_eager,
    load_only,
    selectin_polymorphic,
    with_parent,
    with_polymorphic,
)

from ostiary.integrations.sqlalchemy import SyncOwnRows
from tests.integration.owned.models import Delivery, Errand, Project, Task, Team

Look = Callable[[Session], Any]
SUBQUERY = select(Project.id).subquery()
HERS = "ada's"

READS: dict[str, tuple[Look, Any]] = {
    "text as order": (lambda s: s.scalars(select(Task.title).order_by("title")).all(), [HERS]),
    "descending": (lambda s: s.scalars(select(Task.title).order_by(desc("title"))).all(), [HERS]),
    "label": (lambda s: s.scalars(select(Task.title.label("x")).order_by("x")).all(), [HERS]),
    "group": (lambda s: s.execute(select(Task.title, func.count()).group_by(Task.title)).all(), [(HERS, 1)]),
    "outer join and group": (
        lambda s: s.execute(
            select(Team.name, func.count(Project.id)).outerjoin(Team.projects).group_by(Team.name)
        ).all(),
        [("Engines", 1)],
    ),
    "join of a subquery": (
        lambda s: s.scalars(select(Task.title).join(SUBQUERY, SUBQUERY.c.id == Task.project_id)).all(),
        [HERS],
    ),
    "count for each": (
        lambda s: s.execute(
            select(
                Project.name,
                select(func.count(Task.id)).where(Task.project_id == Project.id).scalar_subquery(),
            )
        ).all(),
        [(HERS, 1)],
    ),
    "where there is any": (
        lambda s: s.scalars(select(Project.name).where(exists().where(Task.project_id == Project.id))).all(),
        [HERS],
    ),
    "rows in turn": (
        lambda s: s.scalars(select(Task.title).execution_options(yield_per=1)).all(),
        [HERS],
    ),
    "locked": (lambda s: s.scalars(select(Task.title).with_for_update()).all(), [HERS]),
    "query with joins": (
        lambda s: [
            task.project.name
            for task in s.query(Task).join(Task.project).options(contains_eager(Task.project)).all()
        ],
        [HERS],
    ),
    "filter by": (lambda s: s.query(Task).filter_by(title="eve's").first(), None),
    "children of a parent": (
        lambda s: s.scalars(
            select(Project.name).where(with_parent(s.get(Team, 1), Team.projects))
        ).all(),
        [HERS],
    ),
    "columns later": (lambda s: s.scalars(select(Task).options(load_only(Task.id))).one().title, HERS),
    "subclasses at once": (lambda s: len(s.scalars(select(with_polymorphic(Task, "*"))).all()), 1),
    "subclasses later": (
        lambda s: len(s.scalars(select(Task).options(selectin_polymorphic(Task, [Delivery, Errand]))).all()),
        1,
    ),
    "merge": (lambda s: s.merge(Task(id=1, title="merged")).user_id, "ada"),
    "one row inserted": (
        lambda s: (s.execute(insert(Task), {"title": "x"}), s.query(Task.user_id).all())[1],
        [("ada",), ("ada",)],
    ),
    "update by a subquery": (
        lambda s: s.execute(
            update(Task).where(Task.project_id.in_(select(Project.id))).values(title="x")
        ).rowcount,
        1,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("look", "found"), READS.values(), ids=READS)
def test_it_works(sync_engine: Any, look: Look, found: Any) -> None:
    with SyncOwnRows(sync_engine).of("ada") as session:
        assert look(session) == found


def test_what_is_added_by_a_relationship_is_hers(sync_engine: Any) -> None:
    with SyncOwnRows(sync_engine).of("ada") as session:
        project = session.get_one(Project, 1)
        project.tasks.append(Task(title="more"))
        session.commit()
        assert [task.user_id for task in project.tasks] == ["ada", "ada"]
        session.delete(project.tasks[1])
        session.commit()
        assert len(project.tasks) == 1
