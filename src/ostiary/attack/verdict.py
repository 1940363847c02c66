"""What a check found out."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from ostiary.attack.scene import Scene


class Outcome(StrEnum):
    """How a check ended."""

    HELD = "held"
    BROKEN = "BROKEN"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One check, and what it found out."""

    check: "Check"
    outcome: Outcome
    detail: str = ""


class Skipped(Exception):
    """The check cannot be made here; the message says why."""


Run: TypeAlias = "Callable[[Scene], Awaitable[list[str]]]"


@dataclass(frozen=True, slots=True)
class Check:
    """One requirement, and how to try it."""

    row: int
    """The number of the requirement in the project's own list."""
    asvs: tuple[str, ...]
    """Where OWASP ASVS asks for it; empty where its source is another."""
    title: str
    run: Run
    """Returns what is broken, one sentence for each."""
