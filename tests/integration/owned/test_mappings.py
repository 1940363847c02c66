"""S75: what a mapping adds to a statement reads the caller's rows, or the model is refused."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, ForeignKey, String, create_engine, func, literal_column, select
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    column_property,
    foreign,
    joinedload,
    mapped_column,
    relationship,
)

from ostiary.integrations.sqlalchemy import Owned, OwnershipError, SyncOwnRows


class Base(DeclarativeBase):
    pass


class Note(Owned, Base):
    __tablename__ = "note"
    id: Mapped[int] = mapped_column(primary_key=True)
    shelf_id: Mapped[int] = mapped_column(ForeignKey("shelf.id"))


NOTES = Note.__table__


class Shelf(Base):
    __tablename__ = "shelf"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    notes = column_property(
        select(func.count(Note.id)).where(Note.shelf_id == id).correlate_except(Note).scalar_subquery()  # noqa: A003  the column
    )


SHELVES = Shelf.__table__
ALL_NOTES = select(func.count(NOTES.c.id)).where(NOTES.c.shelf_id == SHELVES.c.id).scalar_subquery()


class Counting(Base):
    __table__ = SHELVES
    notes = column_property(ALL_NOTES)


class CountingLater(Base):
    __table__ = SHELVES
    notes = column_property(ALL_NOTES, deferred=True)


class CountingByText(Base):
    __table__ = SHELVES
    notes = column_property(literal_column("(SELECT count(*) FROM note)"))


class Unmarked(Base):
    __table__ = NOTES


class WithUnmarked(Base):
    __table__ = SHELVES
    notes = relationship(
        Unmarked, primaryjoin=lambda: foreign(NOTES.c.shelf_id) == SHELVES.c.id, lazy="joined", viewonly=True
    )


class Through(Base):
    __table__ = SHELVES
    shelves = relationship(
        Shelf,
        secondary=NOTES,
        primaryjoin=lambda: NOTES.c.shelf_id == SHELVES.c.id,
        secondaryjoin=lambda: NOTES.c.shelf_id == Shelf.id,
        viewonly=True,
    )


class Room(Base):
    __tablename__ = "room"
    id: Mapped[int] = mapped_column(primary_key=True)
    shelf_id: Mapped[int] = mapped_column(ForeignKey("shelf.id"))
    shelf: Mapped[Counting] = relationship(lazy="joined")


class Corridor(Base):
    __table__ = Room.__table__
    shelf: Mapped[Counting] = relationship(Counting, viewonly=True)


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = create_engine("sqlite://")
    Base.metadata.create_all(made)
    with Session(made) as session:
        session.add(Shelf(name="one"))
        session.flush()
        session.add_all([Note(user_id="ada", shelf_id=1), Note(user_id="eve", shelf_id=1), Room(shelf_id=1)])
        session.commit()
    yield made
    made.dispose()


REFUSED: dict[str, Callable[[Session], object]] = {
    "column": lambda session: session.scalars(select(Counting)).all(),
    "column by key": lambda session: session.get(Counting, 1),
    "column in a subquery": lambda session: session.execute(select(select(Counting).subquery())).all(),
    "deferred column": lambda session: session.scalars(select(CountingLater)).all(),
    "text": lambda session: session.scalars(select(CountingByText)).all(),
    "unmarked model": lambda session: session.scalars(select(WithUnmarked)).unique().all(),
    "secondary table": lambda session: session.scalars(select(Through)).all(),
    "loaded along": lambda session: session.scalars(select(Room)).all(),
    "loaded along by option": lambda session: session.scalars(
        select(Corridor).options(joinedload(Corridor.shelf))
    ).all(),
}


@pytest.mark.parametrize("read", REFUSED.values(), ids=REFUSED)
def test_a_mapping_that_reads_past_the_model_is_refused(
    engine: Engine, read: Callable[[Session], object]
) -> None:
    with SyncOwnRows(engine).of("ada") as session, pytest.raises(OwnershipError, match=r"[A-Z]\w+\.\w+: "):
        read(session)


def test_a_column_computed_of_the_model_counts_her_rows(engine: Engine) -> None:
    with SyncOwnRows(engine).of("ada") as session:
        assert session.scalars(select(Shelf.notes)).all() == [1]
        [shelf] = session.scalars(select(Shelf))
        assert shelf.notes == 1
        session.refresh(shelf)
        assert shelf.notes == 1


def test_a_column_of_a_new_object_counts_her_rows(engine: Engine) -> None:
    """What was never loaded has no criteria that its reload could take over."""
    with SyncOwnRows(engine).of("ada") as session:
        shelf = Shelf(name="two")
        session.add(shelf)
        session.commit()
        with Session(engine) as everything:
            everything.add(Note(user_id="eve", shelf_id=2))
            everything.commit()
        assert shelf.notes == 0


def test_what_is_not_loaded_is_not_refused(engine: Engine) -> None:
    with SyncOwnRows(engine).of("ada") as session:
        assert [corridor.id for corridor in session.scalars(select(Corridor))] == [1]
