"""S75: whatever is asked of an owner's session, what others have makes no difference to the answer."""

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    Engine,
    String,
    and_,
    case,
    cast,
    create_engine,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.exc import SAWarning, SQLAlchemyError
from sqlalchemy.orm import Session, aliased, joinedload, selectinload
from sqlalchemy.pool import StaticPool

from ostiary.integrations.sqlalchemy import OwnershipError, SyncOwnRows
from tests.integration.owned.models import Base, Person, Project, Remark, Task, Team

OWNED: list[tuple[Any, str]] = [
    (Task, "title"),
    (aliased(Task), "title"),
    (Project, "name"),
    (aliased(Project), "name"),
]
SHARED: list[tuple[Any, str]] = [(Team, "name"), (Remark, "id")]


def filled(*people: str) -> Engine:
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(
            [Person(id="ada"), Person(id="eve"), Team(id=1, name="Engines"), Team(id=2, name="Taps")]
        )
        session.flush()
        for person in people:
            first = 1 if person == "ada" else 100
            for number in range(first, first + 2):
                session.add(
                    Project(id=number, name=f"{person} {number}", user_id=person, team_id=number % 2 + 1)
                )
                session.flush()
                session.add(Task(id=number, title=f"{person} {number}", user_id=person, project_id=number))
            session.flush()
        session.add_all([Remark(id=1, task_id=1), Remark(id=2, task_id=100)])
        session.commit()
    return engine


@pytest.fixture(scope="module")
def alone() -> Iterator[SyncOwnRows]:
    engine = filled("ada")
    yield SyncOwnRows(engine)
    engine.dispose()


@pytest.fixture(scope="module")
def beside() -> Iterator[SyncOwnRows]:
    engine = filled("ada", "eve")
    yield SyncOwnRows(engine)
    engine.dispose()


models = st.sampled_from([*OWNED, *SHARED])
texts = st.sampled_from(["ada 1", "eve 100", "Engines"])


@st.composite
def columns(draw: st.DrawFn, model: tuple[Any, str] | None = None) -> Any:
    entity, name = model or draw(models)
    column = getattr(entity, draw(st.sampled_from([name, "id"])))
    shapes: list[Callable[[], Any]] = [
        lambda: column,
        lambda: func.coalesce(cast(column, String), draw(texts)),
        lambda: case((cast(column, String) == draw(texts), 1), else_=0),
        lambda: func.max(column),
        lambda: or_(cast(column, String) == draw(texts), entity.id == 100),
        lambda: func.row_number().over(order_by=column),
        lambda: select(func.count(column)).scalar_subquery(),
    ]
    return draw(st.sampled_from(shapes))()


@st.composite
def conditions(draw: st.DrawFn, depth: int = 2) -> Any:
    entity, name = draw(models)
    column = getattr(entity, name)
    plain = cast(column, String) == draw(texts)
    shapes: list[Callable[[], Any]] = [
        lambda: plain,
        lambda: func.lower(cast(column, String)) == draw(texts),
        lambda: tuple_(entity.id, column).in_([(100, "eve 100"), (1, "ada 1")]),
        lambda: Team.projects.any(plain),
        lambda: Remark.task.has(plain),
        lambda: Task.project == None,  # noqa: E711
    ]
    if depth:
        below = draw(conditions(depth=depth - 1))
        nested: list[Callable[[], Any]] = [
            lambda: and_(plain, below),
            lambda: or_(plain, below),
            lambda: exists().where(below),
            lambda: exists().where(and_(plain, below)),
            lambda: select(entity.id).where(below).exists(),
            lambda: entity.id.in_(select(entity.id).where(below)),
            lambda: select(literal(1)).where(below).exists(),
            lambda: ~exists(select(column).where(below).correlate(None)),
        ]
        shapes += nested
    return draw(st.sampled_from(shapes))()


@st.composite
def statements(draw: st.DrawFn) -> Any:
    statement = select(*draw(st.lists(columns(), min_size=1, max_size=2)))
    for _ in range(draw(st.integers(0, 2))):
        statement = statement.where(draw(conditions()))
    joins: list[Callable[[Any], Any]] = [
        lambda each: each,
        lambda each: each.join(Task.project),
        lambda each: each.join(Team.projects),
        lambda each: each.outerjoin(Project, Project.team_id == Team.id),
        lambda each: each.select_from(Team).join(Project, draw(conditions(depth=1))),
        lambda each: each.select_from(Task),
        lambda each: each.order_by(draw(columns())),
        lambda each: each.group_by(draw(columns())).having(draw(conditions(depth=1))),
    ]
    statement = draw(st.sampled_from(joins))(statement)
    wrappers: list[Callable[[Any], Any]] = [
        lambda each: each,
        lambda each: select(each.subquery()),
        lambda each: select(each.cte()),
        lambda each: union_all(each, each),
        lambda each: select(Team.id, each.subquery()),
        lambda each: select(literal(1)).where(each.exists()),
        lambda each: select(Team).options(joinedload(Team.projects).options(selectinload(Project.tasks))),
    ]
    return draw(st.sampled_from(wrappers))(statement)


def answer(rows: SyncOwnRows, statement: Any) -> Any:
    """Return what a statement finds, refusals and mistakes included."""
    with rows.of("ada") as session:
        try:
            found = session.execute(statement).unique().all()
        except OwnershipError:
            return "refused"
        except SQLAlchemyError as error:
            return type(error).__name__
        return sorted(repr(tuple(map(_plain, row))) for row in found)


def _plain(value: object) -> object:
    if isinstance(value, Team):
        return value.id, sorted((each.id, *(task.id for task in each.tasks)) for each in value.projects)
    return value.id if isinstance(value, Base) else value


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(statement=statements())
def test_others_make_no_difference_to_any_answer(
    alone: SyncOwnRows, beside: SyncOwnRows, statement: Any
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # products of tables are what we look for
        assert answer(beside, statement) == answer(alone, statement), str(statement)


def test_without_the_owner_others_do_make_a_difference(alone: SyncOwnRows, beside: SyncOwnRows) -> None:
    with Session(alone.engine) as few, Session(beside.engine) as more:
        assert few.scalars(select(Task.title)).all() != more.scalars(select(Task.title)).all()
