"""Decodes JSON one entry at a time: an export of a million people does not fit into memory."""

import json
import re
from collections.abc import Iterator
from typing import Final, TextIO, TypeAlias

from ostiary.cli.importing.cells import is_torn
from ostiary.cli.importing.newcomers import Unreadable
from ostiary.domain.errors import JsonValue

_CHUNK: Final = 1 << 16
_LONGEST: Final = 1 << 24  # of one object; what is longer is no person
_OVERLAP: Final = 256  # of pieces, where a line is searched: more than an indentation
_WRAPPED: Final = re.compile(r'\{\s*"users"\s*:\s*\[')  # Firebase's
_BETWEEN: Final = re.compile(r"[\s,}\]]*")  # with the ends of what was broken
_DECODE: Final = json.JSONDecoder().raw_decode

Entry: TypeAlias = tuple[str, JsonValue] | Unreadable


class _Window:
    """The part of a file that is in memory, and where in the file it begins."""

    def __init__(self, file: TextIO) -> None:
        self._file, self.text, self.start = file, file.read(_CHUNK), 0
        self.line, self._column, self._told, self._nth = 1, 0, 0, 0
        self._begins = self._open()

    def _open(self) -> str:
        """Go to the first entry, and return how those that begin a line are known."""
        if self.skip() == "[":
            self.go(self.start + 1)
        elif wrapped := _WRAPPED.match(self.text, self.start):
            self.go(wrapped.end())
        else:
            return r"[^\s}\]]"  # each line is one
        return r"\{"

    @property
    def left(self) -> int:
        return len(self.text) - self.start

    def grow(self) -> bool:
        """Read on, as much again as is there; False at the end of the file."""
        more = self._file.read(max(_CHUNK, self.left))
        self.text, self.start = self.text[self.start :] + more, 0
        return bool(more)

    def go(self, end: int) -> None:
        passed, self.start = self.text[self.start : end], end
        breaks = passed.count("\n")
        self.line += breaks
        self._column = len(passed.rpartition("\n")[2]) + (0 if breaks else self._column)

    def skip(self) -> str:
        """Go to the next entry and return how it begins; nothing at the end."""
        while True:
            found = _BETWEEN.match(self.text, self.start)
            self.go(found.end() if found else self.start)
            if self.left or not self.grow():
                return self.text[self.start : self.start + 1]

    def next_line(self) -> re.Pattern[str]:
        """Return what the line of another entry looks like: it is no deeper than this one."""
        depth = min(self._column, _OVERLAP - 2)
        return re.compile(rf"\n[ \t]{{0,{depth}}}(?={self._begins})")

    def skip_to(self, line: re.Pattern[str]) -> None:
        """Go to where such a line begins, or to the end of the file."""
        while not (found := line.search(self.text, self.start)):
            self.go(max(len(self.text) - _OVERLAP, self.start))
            if not self.grow():
                self.go(len(self.text))
                return
        self.go(found.end())

    def place(self) -> str:
        """Say where the next entry is: by its line, and by its number where others are on that line."""
        self._nth = self._nth + 1 if self.line == self._told else 1
        self._told = self.line
        return f"line {self.line}" if self._nth == 1 else f"line {self.line}, entry {self._nth}"


def json_entries(file: TextIO) -> Iterator[Entry]:
    """Yield what is in an array, in Firebase's object around one, or on lines; broken entries as such."""
    window = _Window(file)
    while window.skip():
        yield _entry(window)


def _entry(window: _Window) -> Entry:
    place, next_line = window.place(), window.next_line()
    while True:
        try:
            value, end = _DECODE(window.text, window.start)
        except (ValueError, RecursionError) as error:
            is_known = window.left >= _CHUNK and next_line.search(window.text, window.start)
            if not is_known and window.left < _LONGEST and window.grow():
                continue  # the rest of it may follow
            window.skip_to(next_line)
            return Unreadable(place, f"broken JSON: {_reason(error)}")
        torn = is_torn(window.text[window.start : end])
        window.go(end)
        return Unreadable(place, "not in UTF-8") if torn else (place, value)


def _reason(error: ValueError | RecursionError) -> str:
    if not isinstance(error, json.JSONDecodeError):
        return "nested too deeply" if isinstance(error, RecursionError) else "a number that is too long"
    if error.doc[error.pos : error.pos + 1] in {"\r", "\n"} and "control" in error.msg:
        return "unterminated string"  # the line ends within it
    return error.msg.removesuffix(" at").removesuffix(" starting").lower()
