"""S90: what the project is built from is named exactly, and pip and npm check what they get."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name

from requirements.pins import DEV, RUN, read

ROOT = Path(__file__).parents[2]
PIN = re.compile(r"^[A-Za-z0-9._-]+(\[[a-z,]+\])?==[^\s*]+( ; .+)?$")


def tracked(name: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True)
    return [ROOT / line for line in listed.stdout.splitlines() if Path(line).name == name]


def requirements(path: Path) -> list[str]:
    lines = (line.partition(" #")[0].strip() for line in path.read_text().splitlines())
    return [line for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.name)
def test_every_python_package_is_pinned_to_one_version(path: Path) -> None:
    lines = requirements(path)
    assert [line for line in lines if not PIN.match(line)] == []
    names = [line.partition("==")[0].lower() for line in lines]
    assert len(names) == len(set(names))


def test_what_runs_is_also_what_is_tested() -> None:
    run, dev = (requirements(ROOT / "requirements" / name) for name in ("run.txt", "dev.txt"))
    assert sorted(set(run) - set(dev)) == []


@pytest.mark.parametrize("lock", [RUN, DEV], ids=lambda path: path.name)
def test_every_python_package_is_locked_with_its_hashes(lock: Path) -> None:
    """`make lock` writes them."""
    pins = (line.split("==") for line in requirements(lock.with_suffix(".txt")))
    assert {canonicalize_name(name): version for name, version in pins} == {
        pin.name: pin.version for pin in read(lock)
    }
    assert lock.read_text().count("==") == len(list(read(lock)))


def test_what_runs_has_the_hashes_that_are_tested() -> None:
    assert set(read(RUN)) <= set(read(DEV))


def locked(lock: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return the packages that come from a registry."""
    for name, package in lock["packages"].items():
        if name.partition("node_modules/")[1] and not package.get("link"):
            yield name, package


@pytest.mark.parametrize("path", tracked("package-lock.json"), ids=lambda path: path.parent.name)
def test_every_npm_package_is_locked_with_its_hash(path: Path) -> None:
    packages = dict(locked(json.loads(path.read_text())))
    assert packages
    assert [name for name, package in packages.items() if not package.get("integrity")] == []
    assert [name for name, package in packages.items() if "resolved" in package] == []


@pytest.mark.parametrize("path", tracked("package.json"), ids=lambda path: path.parent.name)
def test_every_npm_package_is_asked_for_in_one_version(path: Path) -> None:
    asked = json.loads(path.read_text())
    for group in ("dependencies", "devDependencies"):
        loose = {n: v for n, v in asked.get(group, {}).items() if not re.match(r"^(\d|file:|workspace:)", v)}
        assert loose == {}
    assert path.with_name("package-lock.json").exists() or not asked.get("dependencies")
