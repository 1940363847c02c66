"""Asks vulnerability services about every package that a lock names.

`python -m requirements.audit [LOCK...]`, by default all locks, exits with 0 where nothing is known, with 1
where something is, and with 2 where a service gave no answer, which says nothing about the packages.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from requirements.pins import DEV

ROOT = DEV.parents[1]
NOTHING_KNOWN, SOMETHING_KNOWN, NO_ANSWER = 0, 1, 2
# The service of the Open Source Vulnerabilities, unless the same variable names another.
ENVIRONMENT = {"PIP_AUDIT_VULNERABILITY_SERVICE": "osv", **os.environ}
PIP_AUDIT = (
    "-m",
    "pip_audit",
    "--require-hashes",
    "--disable-pip",
    "--strict",
    "--progress-spinner=off",
    "--format=json",
)
NPM_AUDIT = ("npm", "audit", "--package-lock-only", "--json", "--loglevel=silent")


class Vulnerability(BaseModel):
    """What pip-audit says of one vulnerability."""

    id: str
    fix_versions: list[str]


class Package(BaseModel):
    """What pip-audit says of one package."""

    name: str
    version: str
    vulns: list[Vulnerability]


class PipReport(BaseModel):
    """The JSON of pip-audit."""

    dependencies: list[Package]

    def known(self) -> Iterator[str]:
        """Yield each vulnerability with the versions that are free of it."""
        for package in self.dependencies:
            for each in package.vulns:
                cure = f"fixed in {', '.join(each.fix_versions)}" if each.fix_versions else "not fixed"
                yield f"{package.name} {package.version}: {each.id}, {cure}"


class Affected(BaseModel):
    """What npm says of one package."""

    severity: str
    range: str


class NpmReport(BaseModel):
    """The JSON of npm audit."""

    vulnerabilities: dict[str, Affected]

    def known(self) -> Iterator[str]:
        """Yield each affected package with its affected versions."""
        for name, each in self.vulnerabilities.items():
            yield f"{name} {each.range}: {each.severity}"


class NoAnswer(Exception):
    """The tool has no report, and says why."""


Report = TypeVar("Report", PipReport, NpmReport)


def report(kind: type[Report], *command: str) -> Report:
    """Return what the tool reports; its exit code tells no finding from a failure. Raises `NoAnswer`."""
    ran = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    try:
        return kind.model_validate_json(ran.stdout)
    except ValidationError:
        complaint = ran.stderr.strip().rpartition("\n")[2] or " ".join(ran.stdout.split())
        raise NoAnswer(complaint[:200]) from None


def known(lock: Path) -> list[str]:
    """Return what is known about the packages of one lock. Raises `NoAnswer`."""
    if lock.name == "package-lock.json":
        return list(report(NpmReport, *NPM_AUDIT, f"--prefix={lock.parent}").known())
    return list(report(PipReport, sys.executable, *PIP_AUDIT, f"--requirement={lock}").known())


def locks() -> list[Path]:
    """Return every lock of the project; what runs is also among what it is developed with."""
    listed = subprocess.check_output(["git", "ls-files", "*package-lock.json"], cwd=ROOT, text=True)
    return [DEV, *(ROOT / line for line in listed.splitlines())]


def main(paths: list[Path]) -> int:
    """Print what is known, lock by lock, and return the worst outcome: a finding, then silence."""
    outcomes = set()
    for lock in paths:
        try:
            found = known(lock)
        except NoAnswer as silence:
            print(f"{lock}: NOT AUDITED, for there is no answer: {silence}")
            outcomes.add(NO_ANSWER)
        else:
            print(f"{lock}: {'; '.join(found) or 'nothing known'}")
            outcomes.add(SOMETHING_KNOWN if found else NOTHING_KNOWN)
    return SOMETHING_KNOWN if SOMETHING_KNOWN in outcomes else max(outcomes)


if __name__ == "__main__":
    sys.exit(main([Path(each) for each in sys.argv[1:]] or locks()))
