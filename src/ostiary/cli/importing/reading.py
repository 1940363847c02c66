"""Reads exports of any size one row at a time: CSV, JSON, a JSON object for each line, and tables."""

import gzip
import json
import sqlite3
import tempfile
import zlib
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TextIO, TypeAlias

from sqlalchemy import make_url

from ostiary.cli.importing.csv_records import Records
from ostiary.cli.importing.json_entries import json_entries
from ostiary.cli.importing.newcomers import Unreadable
from ostiary.domain.errors import ConfigurationError, JsonValue
from ostiary.storage.sql.driver import Driver, PoolOptions
from ostiary.storage.sql.drivers import driver_of

Row: TypeAlias = Mapping[str, JsonValue]
Rows: TypeAlias = Iterator[tuple[str, Row] | Unreadable]


@contextmanager
def opened(path: Path) -> Iterator[TextIO]:
    """Open a text file, compressed or not; raises ConfigurationError where it cannot be read."""
    try:
        kind = gzip.open if path.suffix == ".gz" else open
        with kind(path, "rt", encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            yield file
    except (OSError, EOFError, zlib.error) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from None


def csv_rows(path: Path, columns: tuple[str, ...] = (), *, required: str = "") -> Rows:
    """Yield each row with its place; `columns` name them where the file has no line that does.

    Raises ConfigurationError where the first line names no column `required`: it is another kind of file.
    """
    with opened(path) as file:
        records = Records(file)
        names: Sequence[str] = columns
        if not columns:
            first = records.next()
            if first is None:
                return
            names = () if isinstance(first, Unreadable) else first[1]
            if required not in names:
                raise ConfigurationError(f"{path} has no column '{required}'")
        while record := records.next(len(names), exact=not columns):
            if isinstance(record, Unreadable):
                yield record
            else:
                place, cells = record
                yield place, dict.fromkeys(names, "") | dict(zip(names, cells, strict=False))


def json_rows(path: Path) -> Rows:
    """Yield the objects in a JSON array, in the first array of an object, or on the lines of a file."""
    with opened(path) as file:
        for entry in json_entries(file):
            if isinstance(entry, Unreadable):
                yield entry
            else:
                place, row = entry
                yield (place, row) if isinstance(row, dict) and row else Unreadable(place, "no object")


def whole(rows: Rows, path: Path) -> Iterator[Row]:
    """Yield the rows of a file that tells more of people; raises ConfigurationError at a broken one.

    Somebody who is taken over without what it says would be known to the next run, and never get it.
    """
    for row in rows:
        if isinstance(row, Unreadable):
            raise ConfigurationError(f"{path}: {row.place}: {row.reason}")
        yield row[1]


def is_csv(path: Path) -> bool:
    """Tell by the name whether a file is CSV."""
    return Path(path.name.removesuffix(".gz")).suffix.lower() == ".csv"


class Shelf:
    """Keeps what a second file says of people on disk, until the first file asks for it."""

    def __init__(self) -> None:
        """Open a file that goes when it is closed."""
        self._folder = tempfile.TemporaryDirectory(prefix="ostiary-import-")
        self._rows = sqlite3.connect(Path(self._folder.name) / "shelf.db")
        self._rows.execute("CREATE TABLE shelf (key TEXT, value TEXT)")

    def fill(self, pairs: Iterable[tuple[str, JsonValue]]) -> None:
        """Take everything in."""
        entries = ((key, json.dumps(value)) for key, value in pairs)
        self._rows.executemany("INSERT INTO shelf VALUES (?, ?)", entries)
        self._rows.execute("CREATE INDEX IF NOT EXISTS shelf_key ON shelf (key)")

    def of(self, key: str) -> list[JsonValue]:
        """Return what was said of somebody."""
        found = self._rows.execute("SELECT value FROM shelf WHERE key = ? ORDER BY rowid", (key,))
        return [json.loads(value) for (value,) in found]

    def close(self) -> None:
        """Leave nothing behind."""
        self._rows.close()
        self._folder.cleanup()


class Table:
    """Reads a table of another system's database, page by page in the order of its key."""

    def __init__(self, url: str, page: int) -> None:
        """Open nothing yet; raises ConfigurationError for a URL that is none or of no file."""
        self.driver: Final[Driver] = driver_of(url, PoolOptions(size=1))
        if self.driver.dialect == "sqlite" and not Path(file := make_url(url).database or "").is_file():
            raise ConfigurationError(f"there is no database file '{file}'")  # SQLite would make an empty one
        self._page = page

    async def rows(self, name: str, columns: tuple[str, ...]) -> AsyncIterator[Mapping[str, Any]]:
        """Yield rows by the names of their columns; the first column is the key.

        Raises ConfigurationError where the table or a column is not there.
        """
        present = await self._columns(name)
        if missing := [column for column in columns if column not in present]:
            lacking = f"column '{missing[0]}' in the table '{name}'" if present else f"table '{name}'"
            raise ConfigurationError(f"the other system's database has no {lacking}")
        after: Any = None
        listed, table = ", ".join(map(self._quoted, columns)), self._quoted(name)
        key = self._quoted(columns[0])
        while True:
            where = "" if after is None else f"WHERE {key} > {self._placeholder}"
            sql = f"SELECT {listed} FROM {table} {where} ORDER BY {key} LIMIT {self._page}"  # noqa: S608  quoted names
            found = await self.driver.fetch(sql, () if after is None else (after,))
            for row in found:
                yield dict(zip(columns, row, strict=True))
            if len(found) < self._page:
                return
            after = found[-1][0]

    async def of(self, name: str, columns: tuple[str, ...], owner: str, key: Any) -> list[Mapping[str, Any]]:
        """Return the rows that refer to a key; none where there is no such table."""
        if not await self._columns(name):
            return []
        listed, table = ", ".join(map(self._quoted, columns)), self._quoted(name)
        sql = f"SELECT {listed} FROM {table} WHERE {self._quoted(owner)} = {self._placeholder}"  # noqa: S608  the same
        return [dict(zip(columns, row, strict=True)) for row in await self.driver.fetch(sql, (key,))]

    async def _columns(self, name: str) -> set[str]:
        """Return the names of a table's columns; none where there is no such table."""
        if self.driver.dialect == "sqlite":
            sql = "SELECT name FROM pragma_table_info(?)"
        else:
            here = "DATABASE()" if self.driver.dialect == "mysql" else "ANY(current_schemas(false))"
            sql = (
                "SELECT column_name FROM information_schema.columns "  # noqa: S608  one of two texts
                f"WHERE table_schema = {here} AND table_name = {self._placeholder}"
            )
        return {str(row[0]) for row in await self.driver.fetch(sql, (name,))}

    @property
    def _placeholder(self) -> str:
        return {"postgresql": "$1", "mysql": "%s"}.get(str(self.driver.dialect), "?")

    def _quoted(self, name: str) -> str:
        mark = "`" if self.driver.dialect == "mysql" else '"'
        return f"{mark}{name}{mark}"
