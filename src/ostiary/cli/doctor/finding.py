"""What an examination finds."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Level(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    HINT = "hint"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence on one subject, and what to change."""

    level: Level
    subject: str
    message: str
    cure: str = ""


Findings: TypeAlias = Iterator[Finding]


@dataclass(frozen=True, slots=True)
class Subject:
    """Makes the findings on one subject."""

    name: str

    def ok(self, message: str) -> Finding:
        """Nothing to change."""
        return Finding(Level.OK, self.name, message)

    def hint(self, message: str, cure: str = "") -> Finding:
        """Something to know."""
        return Finding(Level.HINT, self.name, message, cure)

    def warning(self, message: str, cure: str) -> Finding:
        """Something to change before strangers come."""
        return Finding(Level.WARNING, self.name, message, cure)

    def failure(self, message: str, cure: str) -> Finding:
        """Something that does not work or is not safe."""
        return Finding(Level.FAILURE, self.name, message, cure)
