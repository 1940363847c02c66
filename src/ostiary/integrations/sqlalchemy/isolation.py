"""Proves of an application's own models that nobody reaches anybody else's rows."""

from collections.abc import Callable, Mapping
from functools import partial
from itertools import chain
from typing import Any, TypeVar

from sqlalchemy import CursorResult, inspect, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapper, Session

from ostiary.integrations.sqlalchemy.attempts import (
    CHANGES,
    READS,
    Change,
    Prey,
    Read,
    keys_to,
    referring,
    relationship_reads,
)
from ostiary.integrations.sqlalchemy.ownership import Owned, OwnershipError, owner_of
from ostiary.integrations.sqlalchemy.rows import OwnRows, SyncOwnRows


class IsolationError(AssertionError):
    """Somebody reached somebody else's row, or nothing was proved."""


T = TypeVar("T")
Rows = OwnRows | SyncOwnRows
Samples = Mapping[type[Owned], Callable[[], Owned]]


async def prove_isolation(rows: Rows, *, owners: tuple[str, str], samples: Samples) -> list[str]:
    """Try to reach the second owner's rows as the first, by every way we know, and return what was tried.

    `samples` makes a row of each owned model, without its owner. The attempts are committed: use a database
    for tests. Raises IsolationError, naming model and way, and for an owned model without a sample.
    """
    _require_samples(samples)
    tried: list[str] = []
    for model, sample in samples.items():
        await within(rows, owners[0], partial(_add, sample=sample))
        prey = await within(rows, owners[1], partial(_lay_out, mapper=inspect(model), sample=sample))
        reads = chain(READS.items(), relationship_reads(prey))
        tried += [await _read(rows, owners[0], prey, name, read) for name, read in reads]
        tried += [await _change(rows, owners, prey, name, change) for name, change in CHANGES.items()]
        tried += [
            await _refer(rows, owners[0], prey, each, samples[each]) for each in referring(prey, samples)
        ]
    return tried


def _require_samples(samples: Samples) -> None:
    registries = {inspect(model).registry for model in samples}
    owned = {
        mapper.class_
        for registry in registries
        for mapper in registry.mappers
        if issubclass(mapper.class_, Owned)
    }
    missing = sorted(model.__name__ for model in owned - set(samples))
    if missing or not samples:
        raise IsolationError(f"there is no sample of {', '.join(missing) or 'any model'}")


async def within(rows: Rows, owner: str, work: Callable[[Session], T]) -> T:
    """Do something in a session of an owner, whichever kind of session it is."""
    if isinstance(rows, SyncOwnRows):
        with rows.of(owner) as session:
            return work(session)
    async with rows.of(owner) as session:
        return await session.run_sync(work)


def _add(session: Session, sample: Callable[[], Owned]) -> Owned:
    row = sample()
    session.add(row)
    session.commit()
    return row


def _lay_out(session: Session, mapper: Mapper[Any], sample: Callable[[], Owned]) -> Prey:
    row = _add(session, sample)
    session.refresh(row)
    identity = tuple(inspect(row).identity or ())
    session.expunge_all()
    return Prey(mapper, identity, owner_of(session), row, sample)


def _snapshot(session: Session, prey: Prey) -> list[tuple[object, ...]]:
    columns = [getattr(prey.model, each.key) for each in prey.mapper.column_attrs]
    return [tuple(row) for row in session.execute(select(*columns).order_by(*prey.keys))]


async def _read(rows: Rows, owner: str, prey: Prey, name: str, read: Read) -> str:
    def attempt(session: Session) -> list[object]:
        if session.scalars(select(prey.model)).first() is None:
            raise IsolationError(f"{prey.model.__name__}: nobody sees their own row")
        try:
            return list(read(session, prey))
        except OwnershipError:
            return []

    title = f"{prey.model.__name__}: {name}"
    if await within(rows, owner, attempt):
        raise IsolationError(f"{title} reads somebody else's row")
    return title


async def _refer(rows: Rows, owner: str, prey: Prey, model: type[Owned], sample: Callable[[], Owned]) -> str:
    """Try to let a row of one's own lead to somebody else's."""

    def attempt(session: Session) -> bool:
        row = _add(session, sample)  # first: a relationship of the sample would set its own key
        for name, value in keys_to(prey, model).items():
            setattr(row, name, value)
        try:
            session.commit()
        except (OwnershipError, SQLAlchemyError):
            return False
        return True

    title = f"{prey.model.__name__}: referred to by {model.__name__}"
    if await within(rows, owner, attempt):
        raise IsolationError(f"{title}: a row leads to somebody else's")
    return title


async def _change(rows: Rows, owners: tuple[str, str], prey: Prey, name: str, change: Change) -> str:
    def attempt(session: Session) -> bool:
        try:
            changed = change(session, prey)
            session.commit()
        except (OwnershipError, SQLAlchemyError):
            return False
        return name == "update" and isinstance(changed, CursorResult) and changed.rowcount > 0

    title = f"{prey.model.__name__}: {name}"
    before = await within(rows, owners[1], lambda session: _snapshot(session, prey))
    reached = await within(rows, owners[0], attempt)
    after = await within(rows, owners[1], lambda session: _snapshot(session, prey))
    if reached or before != after:
        raise IsolationError(f"{title} changes somebody else's row")
    return title
