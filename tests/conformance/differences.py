"""The differences that are meant: each listed once, with its reason."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from tests.conformance.transcript import Difference

AGAIN = " again"
"""The end of a server's name where it is compared with itself."""
LIST = Path(__file__).parent / "differences.json"


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One meant difference; scenario, step, part, left and right are patterns with `*`."""

    left: str
    """The server on the left of the comparison."""
    right: str
    """The server on the right."""
    scenario: str
    """`configuration/scenario`."""
    step: str
    """Number, method, path and label of the step."""
    part: str
    """`status`, a header's name, `set-cookie`, `cookie <name>`, `body`, `rows`."""
    says: str | None = ""
    """What the part's value on the right must contain for the entry to apply; None: there is no such part."""
    reason: str
    """Why, in a sentence that stands in the explanation of the differences as well."""

    def covers(self, difference: Difference, left: str, right: str) -> bool:
        """Say whether this entry explains a difference between two servers."""
        return (
            self.between(left, right)
            and fnmatchcase(difference.scenario, self.scenario)
            and fnmatchcase(difference.step, self.step)
            and fnmatchcase(difference.part, self.part)
            and (self.says in (difference.right or "") if self.says is not None else not difference.right)
        )

    def between(self, left: str, right: str) -> bool:
        """Say whether this entry is about these two servers."""
        return fnmatchcase(left, self.left) and fnmatchcase(right.removesuffix(AGAIN), self.right)


def listed() -> list[Listed]:
    """Read the list, where `parts` names several parts and what each of them may say on the right."""
    return [single for entry in json.loads(LIST.read_text()) for single in _singles(**entry)]


def _singles(parts: Mapping[str, Sequence[str | None]] | None = None, **entry: str) -> Iterator[Listed]:
    if parts is None:
        yield Listed(**entry)
    for part, sayings in (parts or {}).items():
        yield from (Listed(part=part, says=says, **entry) for says in sayings)


@dataclass
class Judge:
    """Tells meant differences from others, and remembers which entries were needed."""

    entries: list[Listed]

    def __post_init__(self) -> None:
        """Begin with every entry unneeded."""
        self.needed: set[tuple[int, str, str]] = set()
        self.judged: set[tuple[str, str, str]] = set()

    def unexplained(
        self, scenario: str, left: str, right: str, differences: Iterable[Difference]
    ) -> list[Difference]:
        """Return the differences that no entry explains."""
        self.judged.add((scenario, left, right))
        rest: list[Difference] = []
        for difference in differences:
            covering = [
                number for number, entry in enumerate(self.entries) if entry.covers(difference, left, right)
            ]
            self.needed.update((number, left, right) for number in covering)
            if not covering:
                rest.append(difference)
        return rest

    def stale(self, scenarios: Iterable[str]) -> list[str]:
        """Return the entries that no longer explain anything, of those whose scenarios were all played."""
        names = list(scenarios)
        pairs = {(left, right) for _, left, right in self.judged}
        found: list[str] = []
        for number, entry in enumerate(self.entries):
            meant = [name for name in names if fnmatchcase(name, entry.scenario)]
            if not meant:
                found.append(f"entry {number} names no scenario: {entry}")
            for left, right in pairs:
                played = all((name, left, right) in self.judged for name in meant)
                if entry.between(left, right) and played and (number, left, right) not in self.needed:
                    found.append(f"entry {number} explains nothing between {left} and {right}: {entry}")
        return found
