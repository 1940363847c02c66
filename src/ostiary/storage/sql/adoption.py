"""Reads the sessions of a database that others migrate, with whatever columns it has."""

import asyncio
import math
from collections.abc import Collection
from dataclasses import replace
from typing import Any, Final

from ostiary.domain.entities import ActiveSession
from ostiary.domain.errors import StorageUnavailable
from ostiary.domain.models import SESSION, USER
from ostiary.domain.runtime import Runtime
from ostiary.domain.schema import Field, Model, Schema
from ostiary.storage.sql.driver import Driver, PoolOptions
from ostiary.storage.sql.drivers import driver_of
from ostiary.storage.sql.rows import Dialect
from ostiary.storage.sql.store import SqlStore

_PAUSE: Final = 60.0  # seconds
_COLUMNS: Final[dict[Dialect, str]] = {
    "sqlite": "SELECT name FROM pragma_table_info({table})",
    "postgresql": "SELECT attname::text FROM pg_catalog.pg_attribute WHERE attrelid = "
    "pg_catalog.to_regclass(pg_catalog.quote_ident({table})) AND attnum > 0 AND NOT attisdropped",
    "mysql": "SELECT column_name FROM information_schema.columns "
    "WHERE table_schema = DATABASE() AND table_name = {table}",
}


class AdoptedSessions:
    """Sessions with their users, of whatever columns there are; nothing is written.

    While optional ones are missing they are looked for again: whoever migrates does not tell us, and a ban
    must not be missed.
    """

    def __init__(
        self, url: str, schema: Schema, runtime: Runtime, optional: Collection[Field[Any]] = ()
    ) -> None:
        """Read what the schema describes, but for those of the `optional` fields that the users' table lacks.

        Raises ConfigurationError for an address that is none.
        """
        self._driver = driver_of(url, PoolOptions())
        self._schema = schema
        self._runtime = runtime
        self._optional = frozenset(field.name for field in optional)
        self._store: SqlStore | None = None
        self._look_again = -math.inf
        self._adopting = asyncio.Lock()

    async def find(self, token: str) -> ActiveSession | None:
        """Return the session of a token with its user, expired or not; None if unknown."""
        store = self._known or await self._adopt()
        return await store.session_with_user(token)

    async def close(self) -> None:
        """Return every connection."""
        await self._driver.close()

    @property
    def _known(self) -> SqlStore | None:
        return self._store if self._runtime.monotonic() < self._look_again else None

    async def _adopt(self) -> SqlStore:
        async with self._adopting:
            if (known := self._known) is not None:
                return known
            wanted: tuple[Model[Any], ...] = self._schema[USER], self._schema[SESSION]
            models = tuple([await self._adopted(model) for model in wanted])
            self._store = SqlStore(replace(self._schema, models=models), self._driver, self._runtime)
            is_whole = all(
                len(found.fields) == len(model.fields) for found, model in zip(models, wanted, strict=True)
            )
            self._look_again = math.inf if is_whole else self._runtime.monotonic() + _PAUSE
            return self._store

    async def _adopted(self, model: Model[Any]) -> Model[Any]:
        columns = await _columns(self._driver, model.table_name)
        lacking = [field for field in model.fields if field.column_name not in columns]
        missing = [field.column_name for field in lacking if field.name not in self._optional]
        if missing:
            # The table may be made or migrated while we wait, so this is no mistake of ours yet.
            raise StorageUnavailable(f"the table '{model.table_name}' has no column '{missing[0]}'")
        return replace(model, fields=tuple(field for field in model.fields if field not in lacking))


async def _columns(driver: Driver, table: str) -> frozenset[str]:
    literal = "'" + table.replace("'", "''").replace("%", "%%" if driver.dialect == "mysql" else "%") + "'"
    found = await driver.fetch(_COLUMNS[driver.dialect].format(table=literal), ())
    return frozenset(str(row[0]) for row in found)
