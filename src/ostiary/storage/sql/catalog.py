"""What is known of a schema before the first connection: its tables, rows and statements on one database."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from ostiary.domain.models import ACCOUNT, SESSION, USER
from ostiary.domain.schema import Schema
from ostiary.storage.sql.rows import Dialect, Rows
from ostiary.storage.sql.statements import Statement, Statements
from ostiary.storage.sql.tables import metadata_of


@dataclass(frozen=True)
class Catalog:
    """A schema on one kind of database. Everything is worked out once, when it is first needed."""

    schema: Schema
    dialect: Dialect

    @cached_property
    def metadata(self) -> sa.MetaData:
        """The tables as SQLAlchemy knows them."""
        return metadata_of(self.schema, self.dialect)

    @cached_property
    def rows(self) -> dict[str, Rows[Any]]:
        """How the rows of each model are read and written."""
        return {model.name: Rows(model, self.schema, self.dialect) for model in self.schema.models}

    @cached_property
    def statements(self) -> Statements:
        """The compiled statements."""
        kept = [model for model in self.schema.models if model.name not in self.schema.unkept]
        tables = {model.name: self.metadata.tables[model.table_name] for model in kept}
        return Statements(tables, {name: rows.names for name, rows in self.rows.items()}, self.dialect)

    @cached_property
    def serial(self) -> bool:
        """Whether the database gives identifiers."""
        return self.schema.id_type == "serial"

    @cached_property
    def session_with_user(self) -> Statement:
        """Both rows of a token in one indexed join."""
        session, user = self.statements.tables[SESSION.name], self.statements.tables[USER.name]
        columns = [*self.statements.columns(SESSION.name), *self.statements.columns(USER.name)]
        joined = sa.join(session, user, session.c.userId == user.c.id)
        token = self.statements.equals(session.c.token, sa.bindparam("v0"))
        return self.statements.compile(sa.select(*columns).select_from(joined).where(token))

    @cached_property
    def credential(self) -> Statement:
        """A user and the account that holds the password, in one join."""
        user, account = self.statements.tables[USER.name], self.statements.tables[ACCOUNT.name]
        columns = [*self.statements.columns(USER.name), *self.statements.columns(ACCOUNT.name)]
        user_id = user.c.id if self.schema.id_type == "text" else sa.cast(user.c.id, sa.String(36))
        holds_password = sa.and_(
            account.c.userId == user.c.id,
            account.c.providerId == sa.bindparam("v0"),
            account.c.accountId == user_id,
        )
        email = self.statements.equals(user.c.email, sa.bindparam("v1"))
        joined = sa.outerjoin(user, account, holds_password)
        return self.statements.compile(sa.select(*columns).select_from(joined).where(email))

    @cached_property
    def held_user(self) -> Statement:
        """A user, whom nobody changes before the transaction ends."""
        user = self.statements.tables[USER.name]
        wanted = self.statements.equals(user.c.id, sa.bindparam("v0"))
        columns = self.statements.columns(USER.name)
        return self.statements.compile(sa.select(*columns).where(wanted).with_for_update(read=True))

    @cached_property
    def held_account(self) -> Statement:
        """A user and one of the accounts; nobody changes either before the transaction ends."""
        user, account = self.statements.tables[USER.name], self.statements.tables[ACCOUNT.name]
        columns = [*self.statements.columns(USER.name), *self.statements.columns(ACCOUNT.name)]
        joined = sa.join(user, account, account.c.userId == user.c.id)
        wanted = sa.and_(
            self.statements.equals(user.c.id, sa.bindparam("v0")),
            self.statements.equals(account.c.id, sa.bindparam("v1")),
        )
        query = sa.select(*columns).select_from(joined).where(wanted)
        return self.statements.compile(query.with_for_update(read=True))
