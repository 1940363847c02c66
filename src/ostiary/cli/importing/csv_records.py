"""Reads CSV one record at a time, and goes on at the next line where one is broken."""

import csv
from collections import deque
from collections.abc import Iterator
from typing import Final, TextIO

from ostiary.cli.importing.cells import is_torn
from ostiary.cli.importing.newcomers import Unreadable

_LONGEST: Final = 1 << 24  # characters of a cell
_MOST_LINES: Final = 1000  # of one record: a quote that is never closed would take the rest of the file along
csv.field_size_limit(_LONGEST)


class Records:
    """The records of a file, with the lines that were read too far."""

    def __init__(self, file: TextIO) -> None:
        """Read nothing yet."""
        self._file = file
        self._ahead: deque[str] = deque()
        self._taken: list[str] = []
        self._line = 0

    def next(self, width: int = 0, *, exact: bool = False) -> tuple[str, list[str]] | Unreadable | None:
        """Return the next record that is not empty, with its place; None at the end.

        Of a record of another width all lines but the first are read again: they may be whole.
        """
        while True:
            self._taken, place = [], f"line {self._line + 1}"
            reason, cells = self._read(width, exact=exact)
            if reason:
                self._ahead.extendleft(reversed(self._taken[1:]))
                self._line += 1
                return Unreadable(place, reason)
            self._line += len(self._taken)
            if cells or not self._taken:
                return (place, cells) if cells else None

    def _read(self, width: int, *, exact: bool) -> tuple[str, list[str]]:
        try:
            cells = next(csv.reader(self._lines(), strict=True), [])
        except csv.Error as error:
            return f"broken CSV: {error}", []
        if is_torn("".join(self._taken)):
            return "not in UTF-8", []
        if cells and width and (len(cells) > width or (exact and len(cells) < width)):
            return "another number of cells than columns", []
        return "", cells

    def _lines(self) -> Iterator[str]:
        while len(self._taken) < _MOST_LINES:
            line = self._ahead.popleft() if self._ahead else self._file.readline(_LONGEST)
            if not line:
                return
            self._taken.append(line)
            yield line
