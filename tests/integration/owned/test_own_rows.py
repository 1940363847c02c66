"""S75: an owner's session reads and changes the owner's rows, and refuses what might reach others."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import (
    delete,
    event,
    exists,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
    table,
    text,
    union,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import (
    ORMExecuteState,
    Session,
    aliased,
    joinedload,
    make_transient_to_detached,
    selectinload,
    subqueryload,
    undefer,
)

from ostiary.integrations.sqlalchemy import Owned, OwnershipError, OwnRows, OwnSession, SyncOwnRows
from tests.integration.owned.models import Delivery, Errand, Person, Project, Remark, Task, Team, Unmarked

TASKS = Task.__table__
SUBQUERY = select(Task).subquery()
OTHER = aliased(Task)

HERS: dict[str, Any] = {
    "entity": select(Task.title),
    "expression": select(func.lower(Task.title)),
    "alias": select(OTHER.title),
    "entity on a subquery": select(aliased(Task, SUBQUERY).title),
    "subquery": select(SUBQUERY.c.title),
    "common table": select(select(Task.title).cte().c.title),
    "union": union(select(Task.title), select(OTHER.title)),
    "scalar subquery": select(select(func.max(Task.title)).scalar_subquery()),
    "join": select(Task.title).join(Task.project),
    "join from what is shared": select(Task.title).select_from(Team).join(Team.projects).join(Project.tasks),
    "outer join": select(OTHER.title).select_from(Task).outerjoin(OTHER, literal(True)),
    "named in a condition": select(Task.title).where(Task.project_id == Project.id),
    "subclass": select(Errand.title).union(select(Task.title)),
}


@pytest.mark.parametrize("statement", HERS.values(), ids=HERS)
async def test_every_shape_of_select_finds_her_rows_only(ada: AsyncSession, statement: Any) -> None:
    assert (await ada.execute(statement)).scalars().all() == ["ada's"]


EVES = "eve's"
NOTHING: dict[str, Any] = {
    "exists": select(Team.id).where(exists().where(Task.title == EVES)),
    "exists within": select(Team.id).where(select(Task.id).where(Task.title == EVES).exists()),
    "any": select(Team.id).where(Team.projects.any(Project.name == EVES)),
    "has": select(Remark.id).where(Remark.task.has(Task.title == EVES)),
    "in": select(Team.id).where(Team.id.in_(select(Project.team_id).where(Project.name == EVES))),
    "a condition alone": select(Team.id).where(Team.id == Project.team_id, Project.name == EVES),
    "having": select(Team.id).group_by(Team.id).having(select(func.count(Task.id)).scalar_subquery() > 1),
}


@pytest.mark.parametrize("statement", NOTHING.values(), ids=NOTHING)
async def test_no_condition_tells_what_others_have(ada: AsyncSession, statement: Any) -> None:
    assert (await ada.execute(statement)).all() == []


async def test_what_is_looked_up_by_its_key_is_hers_or_not_there(ada: AsyncSession) -> None:
    assert (await ada.get(Task, 2)) is None
    assert (await ada.get(Project, 2)) is None
    assert (await ada.get_one(Task, 1)).title == "ada's"
    assert await ada.scalar(select(func.count()).select_from(Task)) == 1


@pytest.mark.parametrize("load", [selectinload, joinedload, subqueryload])
async def test_relationships_load_her_rows_only(ada: AsyncSession, load: Callable[..., Any]) -> None:
    teams = select(Team).options(load(Team.projects).options(load(Project.tasks)))
    team = (await ada.scalars(teams)).unique().one()
    assert [(project.name, [task.title for task in project.tasks]) for project in team.projects] == [
        ("ada's", ["ada's"])
    ]
    remarks = (await ada.scalars(select(Remark).options(load(Remark.task)).order_by(Remark.id))).all()
    assert [remark.task.title if remark.task else None for remark in remarks] == ["ada's", None]


async def test_relationships_loaded_late_hold_her_rows_only(ada: AsyncSession) -> None:
    def look(session: Session) -> tuple[list[str], list[str | None]]:
        team = session.get_one(Team, 1)
        remarks = [session.get_one(Remark, number).task for number in (1, 2)]
        return [project.name for project in team.projects], [task and task.title for task in remarks]

    assert await ada.run_sync(look) == (["ada's"], ["ada's", None])


async def test_a_new_parent_loads_no_foreign_children(ada: AsyncSession, everything: AsyncSession) -> None:
    """Nothing that a query brought along tells the loader whose rows to load."""
    team = Team(id=9, name="New")
    ada.add(team)
    await ada.commit()
    await everything.execute(update(Project).values(team_id=9))
    await everything.commit()
    assert await ada.run_sync(lambda _: [project.name for project in team.projects]) == ["ada's"]


async def test_a_computed_column_counts_her_rows_only(ada: AsyncSession) -> None:
    team = (await ada.scalars(select(Team).options(undefer(Team.tasks_in_all)))).one()
    assert team.tasks_in_all == 1


async def test_a_row_that_is_given_away_meanwhile_is_gone(
    ada: AsyncSession, everything: AsyncSession
) -> None:
    task = await ada.get_one(Task, 1)
    await ada.rollback()
    await everything.execute(update(Task).values(user_id="eve", title="secret"))
    await everything.commit()
    with pytest.raises(InvalidRequestError):
        await ada.refresh(task)
    assert "title" not in vars(task)


async def test_new_rows_are_hers(ada: AsyncSession, everything: AsyncSession) -> None:
    ada.add(Task(title="added"))
    await ada.execute(insert(Task), [{"title": "one"}, {"title": "two"}])
    await ada.execute(insert(Task).values(title="three"))
    returned = await ada.scalars(insert(Task).returning(Task), [{"title": "four"}])
    assert [task.user_id for task in returned] == ["ada"]
    ada.add(Delivery(title="five", address="here"))
    await ada.commit()
    titles = select(Task.title).where(Task.user_id == "ada").order_by(Task.title)
    assert (await everything.scalars(titles)).all() == [
        "ada's", "added", "five", "four", "one", "three", "two"
    ]  # fmt: skip


async def test_bulk_changes_reach_her_rows_only(ada: AsyncSession, everything: AsyncSession) -> None:
    await ada.execute(update(Task).values(title="changed"))
    returned = await ada.scalars(update(Task).values(title="again").returning(Task.title))
    assert returned.all() == ["again"]
    last = select(func.max(Project.name)).scalar_subquery()
    await ada.execute(update(Task).values(title=last).where(Task.project.has()))
    await ada.commit()
    rows = await everything.execute(select(Task.title, Task.project_id).order_by(Task.id))
    assert rows.all() == [("ada's", 1), ("eve's", 2)]
    await ada.execute(delete(Remark))
    assert (await ada.execute(delete(Task))).rowcount == 1
    await ada.commit()
    assert (await everything.scalars(select(Task.title))).all() == ["eve's"]


REFUSED: dict[str, Any] = {
    "text behind a SELECT": select(Task.id, Task.title).suffix_with("UNION ALL SELECT id, title FROM task"),
    "table": select(TASKS),
    "column of a table": select(Team.id).where(TASKS.c.title == "x"),
    "alias of a table": select(TASKS.alias()),
    "lightweight table": select(table("owned_task")),
    "column of a table below the model": select(Task.id, select(func.max(TASKS.c.title)).scalar_subquery()),
    "relationship without its model": select(Team.id).where(Task.project == None),  # noqa: E711
    "table in a subquery": select(Team.id).where(Team.id.in_(select(TASKS.c.id))),
    "entity on a table": select(aliased(Task, select(TASKS).subquery())),
    "statement of the core": select(exists().where(Task.title == EVES)),
    "models in what is no model": select(Team.id).where(
        exists().where(or_(Task.title == EVES, Task.id == 7))
    ),
    "model deep in a condition": select(Team.id).where(func.coalesce(Task.title, "x") == EVES),
    "second model of an expression": select(Team.name + Task.title),
    "class that nobody marked": select(Unmarked),
    "text": text("SELECT title FROM owned_task"),
    "text in a condition": select(Team.id).where(text("(SELECT 1 FROM owned_task)")),
    "text as a column": select(Team.id, literal_column("(SELECT max(title) FROM owned_task)")),
    "text for an entity": select(Task).from_statement(text("SELECT * FROM owned_task")),
    "table for an entity": select(Task.title).from_statement(select(TASKS)),
    "table update": update(TASKS).values(title="x"),
    "table delete": delete(TASKS),
    "table insert": insert(TASKS).values(title="x", user_id="eve"),
    "change of the owner": update(Task).values(user_id="ada"),
    "change of the owner by its column": update(Task).values({TASKS.c.owner: "ada"}),
    "ordered change of the owner": update(Task).ordered_values((Task.user_id, "ada")),
    "update of two tables": update(Team).where(Project.name == EVES).values(name="x"),
    "update of an alias": update(OTHER).values(title="x"),
    "update of a table that joins the owner's": update(Delivery).values(address="x"),
    "delete by a second table": delete(Remark).where(Remark.task_id == Task.id),
    "update without the mapper": update(Task).values(title="x").execution_options(dml_strategy="core_only"),
    "insert from a select": insert(Team).from_select(["name"], select(Task.title)),
    "insert of a subquery": insert(Team).values(name=select(func.max(Task.title)).scalar_subquery()),
    "insert of others": insert(Task).values(title="x", user_id="eve"),
    "insert of others by column": insert(Task).values({TASKS.c.owner: "eve", TASKS.c.title: "x"}),
    "insert of many at once": insert(Task).values([{"title": "x"}]),
    "insert that replaces": insert(Task).prefix_with("OR REPLACE").values(id=2, title="x"),
    "insert or update": sqlite.insert(Task).values(id=2, title="x").on_conflict_do_update(
        index_elements=["id"], set_={"title": "x"}
    ),
    "insert or update there": postgresql.insert(Task).values(id=2, title="x").on_conflict_do_update(
        index_elements=["id"], set_={"title": "x"}
    ),
    "change within a select": select(Team.id).add_cte(update(Task).values(title="x").cte()),
}  # fmt: skip


@pytest.mark.parametrize("statement", REFUSED.values(), ids=REFUSED)
async def test_what_cannot_be_restricted_is_refused(
    ada: AsyncSession, everything: AsyncSession, statement: Any
) -> None:
    with pytest.raises(OwnershipError):
        await ada.execute(statement)
    await ada.commit()
    rows = await everything.execute(select(Task.title, Task.user_id).order_by(Task.id))
    assert rows.all() == [("ada's", "ada"), ("eve's", "eve")]


PARAMETERS: dict[str, tuple[Any, Any]] = {
    "update by keys": (update(Task), [{"id": 2, "title": "x"}]),
    "owner among parameters": (update(Task).where(Task.id == 1), {"user_id": "eve"}),
    "insert of others": (insert(Task), [{"title": "x", "user_id": "eve"}]),
    "insert of others by the column's name": (insert(Task), [{"title": "x", "owner": "eve"}]),
}


@pytest.mark.parametrize(("statement", "parameters"), PARAMETERS.values(), ids=PARAMETERS)
async def test_parameters_give_nothing_away(ada: AsyncSession, statement: Any, parameters: Any) -> None:
    with pytest.raises(OwnershipError):
        await ada.execute(statement, parameters)


def add_foreign(session: Session) -> None:
    session.add(Task(title="x", user_id="eve"))


def add_by_relationship(session: Session) -> None:
    session.add(Task(title="x", person=session.get_one(Person, "eve")))


def give_away(session: Session) -> None:
    session.get_one(Task, 1).user_id = "eve"


def give_away_by_relationship(session: Session) -> None:
    session.get_one(Task, 1).person = session.get_one(Person, "eve")


def forge(session: Session) -> None:
    task = Task(id=2, user_id="ada")
    make_transient_to_detached(task)
    session.add(task)


def delete_forged(session: Session) -> None:
    task = Task(id=2, user_id="ada")
    make_transient_to_detached(task)
    session.delete(task)


def merge_blindly(session: Session) -> None:
    task = Task(id=2, user_id="ada", title="x")
    make_transient_to_detached(task)
    session.merge(task, load=False)


CHANGES: list[Callable[[Session], object]] = [
    add_foreign,
    add_by_relationship,
    give_away,
    give_away_by_relationship,
    forge,
    delete_forged,
    merge_blindly,
    lambda session: session.bulk_save_objects([Task(title="x", user_id="eve")]),
    lambda session: session.bulk_insert_mappings(Task.__mapper__, [{"title": "x", "user_id": "eve"}]),
    lambda session: session.bulk_update_mappings(Task.__mapper__, [{"id": 2, "title": "x"}]),
    lambda session: session.connection(),
]


@pytest.mark.parametrize("change", CHANGES)
async def test_a_change_of_what_is_not_hers_is_refused(
    ada: AsyncSession, everything: AsyncSession, change: Callable[[Session], object]
) -> None:
    def attempt(session: Session) -> None:
        change(session)
        session.commit()

    with pytest.raises(OwnershipError):
        await ada.run_sync(attempt)
    await ada.rollback()
    rows = await everything.execute(select(Task.title, Task.user_id).order_by(Task.id))
    assert rows.all() == [("ada's", "ada"), ("eve's", "eve")]


async def test_what_another_hook_lets_in_is_refused_at_the_door(ada: AsyncSession) -> None:
    """The application's own hook comes after ours and takes another statement."""

    def replace(state: ORMExecuteState) -> None:
        state.statement = select(Task).from_statement(select(TASKS))

    event.listen(ada.sync_session, "do_orm_execute", replace)
    with pytest.raises(OwnershipError):
        await ada.scalars(select(Task))


async def test_what_is_shared_stays_shared(ada: AsyncSession) -> None:
    assert len((await ada.scalars(select(Person))).all()) == 2
    await ada.execute(update(Team).values(name="Renamed"))
    await ada.execute(insert(Team).values(name="Another"))
    assert (await ada.scalars(select(Team.name).order_by(Team.id))).all() == ["Renamed", "Another"]
    assert await ada.scalar(select(func.now())) is not None


async def test_sessions_of_two_people_share_no_criteria(rows: OwnRows) -> None:
    """SQLAlchemy keeps compiled statements: whose they were must not be kept with them."""
    for person in ("ada", "eve", "ada"):
        async with rows.of(person) as session:
            assert (await session.scalars(select(Task.title))).all() == [f"{person}'s"]
            assert (await session.get(Task, 2) is None) == (person == "ada")


async def test_an_owner_session_keeps_its_own_kind_of_id(engine: AsyncEngine) -> None:
    session = OwnRows(engine, id_type=int).of("7")
    assert isinstance(session.sync_session, OwnSession)
    assert session.sync_session.owner == 7
    await session.close()


def test_synchronous_sessions_keep_the_same_rule(sync_engine: Any) -> None:
    with SyncOwnRows(sync_engine).of("ada") as session:
        assert session.scalars(select(Task.title)).all() == ["ada's"]
        assert session.get(Task, 2) is None
        assert session.query(Task).count() == 1
        assert [project.name for project in session.get_one(Team, 1).projects] == ["ada's"]
        assert session.query(Task).filter(Task.id == 2).update({"title": "x"}) == 0
        session.add(Task(title="new"))
        session.commit()
        assert session.query(Task).delete() == 2
        with pytest.raises(OwnershipError):
            session.execute(text("SELECT 1"))


def test_sessions_of_the_application_are_restricted_by_nothing(sync_engine: Any) -> None:
    with Session(sync_engine) as session:
        assert len(session.scalars(select(Task)).all()) == 2
        session.add(Task(title="for eve", user_id="eve"))
        session.get_one(Task, 1).user_id = "eve"
        session.commit()
        assert session.scalars(select(Task.user_id).distinct()).all() == ["eve"]


def test_the_mark_is_no_model() -> None:
    assert not hasattr(Owned, "__mapper__")
