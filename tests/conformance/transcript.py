"""What was asked and answered in one run of a scenario, and where two runs differ."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest

from tests.conformance.normalise import Json


@dataclass(frozen=True)
class Exchange:
    """One request with its answer, or one look into the database, normalised."""

    step: str
    request: str
    parts: Mapping[str, str]
    raw: Json = None

    def __str__(self) -> str:
        """Lay the exchange out for reading."""
        lines = [self.request]
        for part, value in self.parts.items():
            lines.append(f"{part}: {value}" if "\n" not in value else f"{part}:\n{value}")
        return "\n".join(lines)


BROKEN_OFF = "broken off"
NOTHING = Exchange("", "", {})


@dataclass(frozen=True)
class Difference:
    """One part of one step that two servers answered differently."""

    scenario: str
    step: str
    part: str
    left: str | None
    right: str | None

    def __str__(self) -> str:
        """Show both sides as a unified diff."""
        left = [] if self.left is None else self.left.splitlines()
        right = [] if self.right is None else self.right.splitlines()
        diff = difflib.unified_diff(left, right, lineterm="", n=2)
        lines = [line for line in diff if not line.startswith(("---", "+++", "@@"))]
        return "\n".join([f"  {self.part}", *(f"    {line}" for line in lines)])


@dataclass
class Transcript:
    """The exchanges of one scenario with one server, in order."""

    scenario: str
    server: str
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def breakdown(self) -> Json:
        """What broke the scenario off before its end, None where nothing did."""
        last = self.exchanges[-1]
        return last.raw if last.step == BROKEN_OFF else None

    def differences(self, other: "Transcript") -> Iterator[Difference]:
        """Yield every part in which the other server's run is not the same.

        Requests are left out: where they differ, an answer before them did.
        """
        for mine, theirs in zip_longest(self.exchanges, other.exchanges, fillvalue=NOTHING):
            step = mine.step or theirs.step
            for part in dict.fromkeys([*mine.parts, *theirs.parts]):
                left, right = mine.parts.get(part), theirs.parts.get(part)
                if left != right:
                    yield Difference(self.scenario, step, part, left, right)

    def as_json(self) -> Json:
        """Return the transcript for a file."""
        return {
            "scenario": self.scenario,
            "server": self.server,
            "exchanges": [
                {
                    "step": exchange.step,
                    "request": exchange.request.splitlines(),
                    "answer": {part: _lines(value) for part, value in exchange.parts.items()},
                    "raw": exchange.raw,
                }
                for exchange in self.exchanges
            ],
        }


def _lines(value: str) -> Json:
    return [*value.splitlines()] if "\n" in value else value


def report(left: Transcript, right: Transcript, differences: list[Difference]) -> str:
    """Lay differences out for reading: minus is the left server, plus the right one."""
    lines = [f"{left.scenario}: - is {left.server}, + is {right.server}"]
    requests = {exchange.step: exchange.request for exchange in left.exchanges}
    step = None
    for difference in differences:
        if difference.step != step:
            step = difference.step
            request = requests.get(step, "").splitlines()
            lines += ["", step, *(f"  | {line}" for line in request)]
        lines.append(str(difference))
    return "\n".join(lines)
