"""Results as tables: on the terminal, in results.json, and in the page about performance."""

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

from benchmarks import databases
from benchmarks.processes import HERE

RESULTS = HERE / "results.json"
PAGE = HERE.parent / "docs" / "explanation" / "performance.md"
BEGIN, END = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"


@dataclass(frozen=True)
class Verdict:
    """A target, what was measured, and whether that meets it."""

    target: str
    measured: str
    met: bool


@dataclass(frozen=True)
class Table:
    """What one scenario came to."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    verdicts: Sequence[Verdict] = ()

    def lines(self) -> list[str]:
        """Return the table in Markdown, its columns aligned."""
        cells = [list(self.columns), *map(list, self.rows)]
        widths = [max(len(row[column]) for row in cells) for column in range(len(self.columns))]
        written = ["| " + " | ".join(_aligned(row, widths)) + " |" for row in cells]
        rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
        verdicts = [
            f"- {'met' if v.met else '**missed**'}: {v.target}; measured: {v.measured}" for v in self.verdicts
        ]
        return [
            f"### {self.title}",
            "",
            written[0],
            rule,
            *written[1:],
            *([""] if verdicts else []),
            *verdicts,
            "",
        ]


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *others = zip(row, widths, strict=True)
    return [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]


def machine() -> str:
    """Describe what everything ran on."""
    node = subprocess.run(["node", "--version"], check=True, capture_output=True, text=True).stdout.strip()
    return (
        f"{os.cpu_count()} shared cores; Python {platform.python_version()}, uvicorn {version('uvicorn')}, "
        f"Node {node.removeprefix('v')}, Better Auth {_better_auth()}, PostgreSQL {databases.version()}."
    )


def _better_auth() -> str:
    package = HERE.parent / "tests" / "conformance" / "node_modules" / "better-auth" / "package.json"
    return str(json.loads(package.read_text())["version"])


def publish(tables: Mapping[str, Table], order: Sequence[str]) -> None:
    """Keep the tables beside those of scenarios that were not run now, and write the page anew."""
    kept: dict[str, Any] = json.loads(RESULTS.read_text())["scenarios"] if RESULTS.exists() else {}
    measured = {name: asdict(table) for name, table in tables.items()}
    scenarios = {name: measured.get(name, kept.get(name)) for name in order}
    document = {
        "machine": machine(),
        "scenarios": {name: it for name, it in scenarios.items() if it is not None},
    }
    RESULTS.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    _write_page(document)


def _write_page(document: Mapping[str, Any]) -> None:
    lines = [document["machine"], ""]
    for scenario in document["scenarios"].values():
        verdicts = [Verdict(**verdict) for verdict in scenario["verdicts"]]
        lines += Table(scenario["title"], scenario["columns"], scenario["rows"], verdicts).lines()
    before, _, rest = PAGE.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n{END}{after}")
