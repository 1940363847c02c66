"""The tasks of whoever is signed in."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response, status
from pydantic import AfterValidator, AliasGenerator, BaseModel, ConfigDict, PlainSerializer, StringConstraints
from pydantic.alias_generators import to_camel
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from examples.tasks.storage import StoredTask, workload
from ostiary import Errors
from ostiary.integrations.fastapi import require_role
from ostiary.integrations.sqlalchemy import MyRows

router = APIRouter(
    tags=["tasks"],
    responses={
        400: {"description": "The body is no JSON"},
        401: {"description": "Nobody is signed in"},
        403: {"description": "The request comes from an origin that is not trusted"},
        413: {"description": "The body is too large"},
        503: {"description": "The database does not answer; try again later"},
    },
)


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("text must not contain NUL")  # PostgreSQL stores none
    return text


def _in_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)  # not every database keeps the zone


def _three_digits(moment: datetime) -> str:
    """Write as browsers do: more digits than milliseconds are read differently by some."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Storable = AfterValidator(_storable)
Moment = Annotated[datetime, AfterValidator(_in_utc), PlainSerializer(_three_digits, str, when_used="json")]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), Storable]
Notes = Annotated[str, StringConstraints(max_length=10_000), Storable]


class TaskInput(BaseModel):
    """A task as its owner writes it."""

    title: Title
    notes: Notes = ""
    done: bool = False


class TaskChanges(BaseModel):
    """What of a task is to change; the rest stays."""

    title: Title = ""
    notes: Notes = ""
    done: bool = False


class Task(BaseModel):
    """A task."""

    model_config = ConfigDict(
        from_attributes=True, alias_generator=AliasGenerator(serialization_alias=to_camel)
    )

    id: int
    title: str
    notes: str
    done: bool
    created_at: Moment


class TaskPage(BaseModel):
    """Some of one's tasks, the newest first."""

    items: list[Task]
    total: int
    limit: int
    offset: int


TaskId = Annotated[int, Path(ge=1, le=2**31 - 1)]
NOT_FOUND = HTTPException(status.HTTP_404_NOT_FOUND, "There is no such task")
NOT_FOUND_ANSWER: dict[int | str, dict[str, object]] = {
    404: {"description": "There is no such task, or it is somebody else's"}
}


@router.get("")
async def list_tasks(
    session: MyRows,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
) -> TaskPage:
    """List your tasks, page by page."""
    total = await session.scalar(select(func.count(StoredTask.id)))
    page = select(StoredTask).order_by(StoredTask.id.desc()).limit(limit).offset(offset)
    items = [Task.model_validate(task) for task in await session.scalars(page)]
    return TaskPage(items=items, total=total or 0, limit=limit, offset=offset)


@router.post("", status_code=status.HTTP_201_CREATED)
async def create_task(body: TaskInput, session: MyRows, request: Request, response: Response) -> Task:
    """Add a task."""
    task = StoredTask(**body.model_dump())
    session.add(task)
    try:
        await session.flush()
    except IntegrityError:
        raise Errors.UNAUTHORIZED(reason="deleted meanwhile") from None
    response.headers["location"] = f"{request.url.path}/{task.id}"
    return await _as_stored(task, session)


@router.get("/{task_id}", responses=NOT_FOUND_ANSWER)
async def read_task(task_id: TaskId, session: MyRows) -> Task:
    """Read one of your tasks."""
    return Task.model_validate(await _own_task(task_id, session))


@router.put("/{task_id}", responses=NOT_FOUND_ANSWER)
async def replace_task(task_id: TaskId, body: TaskInput, session: MyRows) -> Task:
    """Write one of your tasks anew."""
    task = await _own_task(task_id, session)
    task.title, task.notes, task.done = body.title, body.notes, body.done
    return await _as_stored(task, session)


@router.patch("/{task_id}", responses=NOT_FOUND_ANSWER)
async def change_task(task_id: TaskId, body: TaskChanges, session: MyRows) -> Task:
    """Change some of one of your tasks."""
    task = await _own_task(task_id, session)
    for name, value in body.model_dump(exclude_unset=True).items():
        setattr(task, name, value)
    return await _as_stored(task, session)


@router.delete("/{task_id}", status_code=status.HTTP_204_NO_CONTENT, responses=NOT_FOUND_ANSWER)
async def delete_task(task_id: TaskId, session: MyRows) -> None:
    """Delete one of your tasks."""
    await session.delete(await _own_task(task_id, session))


async def _own_task(task_id: int, session: AsyncSession) -> StoredTask:
    task = await session.get(StoredTask, task_id)
    if task is None:
        raise NOT_FOUND
    return task


async def _as_stored(task: StoredTask, session: AsyncSession) -> Task:
    await session.flush()
    await session.refresh(task)  # not every database keeps a moment as it was given
    return Task.model_validate(task)


class Workload(BaseModel):
    """How many tasks somebody has."""

    model_config = ConfigDict(
        from_attributes=True, alias_generator=AliasGenerator(serialization_alias=to_camel)
    )

    user_id: str
    name: str
    email: str
    total: int
    done: int


admin_router = APIRouter(
    tags=["administration"], dependencies=[require_role("admin")], responses=router.responses
)


@admin_router.get("/workload")
async def list_workload(request: Request, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> list[Workload]:
    """List who has the most tasks; for administrators."""
    return [Workload.model_validate(dict(row)) for row in await workload(request.app.state.engine, limit)]
