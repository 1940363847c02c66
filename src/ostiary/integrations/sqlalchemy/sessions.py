"""A session that sees one owner's rows, and changes no others."""

from typing import Any, Final, NoReturn

from sqlalchemy import ClauseElement, Select, event, func, inspect, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import (
    ORMExecuteState,
    Session,
    SessionTransaction,
    with_loader_criteria,
)

from ostiary.integrations.sqlalchemy.mappings import refuse_unbounded_mappings
from ostiary.integrations.sqlalchemy.ownership import OWNER_KEY, Owned, OwnershipError
from ostiary.integrations.sqlalchemy.references import (
    refuse_computed_references,
    refuse_foreign_references,
    refuse_statement_references,
)
from ostiary.integrations.sqlalchemy.statements import own_insert, refuse_expression, refuse_unbounded

SETTING: Final = "ostiary.user_id"
"""The setting of PostgreSQL that policies compare the owner with."""


class OwnSession(Session):
    """A session of one owner: every statement is restricted to their rows, or refused."""

    def __init__(self, *arguments: Any, owner: object, tell_database: bool = False, **more: Any) -> None:
        """`tell_database` names the owner to PostgreSQL at the start of every transaction."""
        super().__init__(*arguments, **more)
        self.info[OWNER_KEY] = owner
        self.tell_database = tell_database
        self.criteria: Final = with_loader_criteria(
            Owned, lambda model: model.user_id == owner, include_aliases=True
        )

    @property
    def owner(self) -> Any:
        """Whose rows these are."""
        return self.info[OWNER_KEY]

    def merge(self, instance: Any, *, load: bool = True, **more: Any) -> Any:
        """Copy an object into the session; it is always looked up, so that it is the owner's."""
        if not load:
            raise OwnershipError("merge(load=False) trusts what it is given: leave it out")
        return super().merge(instance, load=load, **more)

    def connection(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse: what goes over the bare connection is restricted by nothing."""
        raise OwnershipError("an owner's session lends its connection to nobody: use the engine")

    def bulk_save_objects(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse: it asks nobody."""
        raise OwnershipError("use add_all() or execute(insert(Model), rows)")

    def bulk_insert_mappings(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse: it asks nobody."""
        raise OwnershipError("use add_all() or execute(insert(Model), rows)")

    def bulk_update_mappings(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse: it asks nobody."""
        raise OwnershipError("change the objects, or execute(update(Model).where(...))")


def _restrict(state: ORMExecuteState) -> None:
    session = state.session
    if not isinstance(session, OwnSession):
        return
    if state.is_column_load:
        _restrict_refresh(state, session)
        return
    refuse_unbounded_mappings(refuse_unbounded(state), has_options=bool(_options(state)))
    refuse_statement_references(state)
    if state.is_insert:
        own_insert(state, session.owner)
    elif state.is_orm_statement and session.criteria not in _options(state):
        state.statement = state.statement.options(session.criteria)


def _options(state: ORMExecuteState) -> Any:  # a tuple of options; it has no public name
    return getattr(state.statement, "_with_options", ())


def _restrict_refresh(state: ORMExecuteState, session: OwnSession) -> None:
    """Restrict the reload of an object by hand: criteria leave it out, and its owner may have changed."""
    mapper = state.bind_mapper
    if mapper is not None:
        refuse_unbounded_mappings([mapper], has_options=bool(_options(state)))
        state.statement = state.statement.options(session.criteria)
    if mapper is None or not issubclass(mapper.class_, Owned) or not isinstance(state.statement, Select):
        return
    if mapper.columns["user_id"].table is mapper.local_table:
        state.statement = state.statement.where(mapper.class_.user_id == session.owner)


def _refuse_detached(_: Session, instance: object) -> None:
    """Refuse an object that was loaded elsewhere: a flush would change its row by the primary key alone."""
    if isinstance(instance, Owned) and inspect(instance).has_identity:
        raise OwnershipError("this object comes from another session: load it here, or use merge()")


def _refuse_foreign_references(session: Session, *_: object) -> None:
    """Refuse a foreign key to somebody else's row, now that relationships have set theirs."""
    refuse_foreign_references(session)


def _refuse_expressions(session: Session, *_: object) -> None:
    """Refuse values that are SELECTs: the statements of a flush are restricted by nothing."""
    refuse_computed_references(session)
    for instance in (*session.new, *session.dirty):
        for value in inspect(instance).dict.values():
            clause = value.__clause_element__() if hasattr(value, "__clause_element__") else value
            if isinstance(clause, ClauseElement):
                refuse_expression(clause)


def _tell_database(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    """Name the owner for this transaction alone, so that a pool between us and the server may share."""
    if isinstance(session, OwnSession) and session.tell_database and transaction.parent is None:
        connection.execute(select(func.set_config(SETTING, str(session.owner), True)))


event.listen(OwnSession, "do_orm_execute", _restrict)
event.listen(OwnSession, "before_attach", _refuse_detached)
event.listen(OwnSession, "before_flush", _refuse_expressions)
event.listen(OwnSession, "after_flush", _refuse_foreign_references)
event.listen(OwnSession, "after_begin", _tell_database)
