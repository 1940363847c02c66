"""S90: the bill of materials names what is pinned, as the standard wants it."""

import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from requirements.pins import RUN, read
from tests.release.conftest import ROOT

SCHEMAS = files("cyclonedx.schema") / "_res"
ADDRESS = "http://cyclonedx.org/schema/"
FRONT_ENDS = ("frontend", "frontend/packages/ostiary-react")
Bill = dict[str, Any]  # JSON


def schema(name: str) -> Bill:
    loaded: Bill = json.loads((SCHEMAS / f"{name}.SNAPSHOT.schema.json").read_text("utf-8"))
    return loaded


def faults(bill: Bill) -> list[str]:
    parts = ("spdx", "jsf-0.82", "cryptography-defs")
    known = [(f"{ADDRESS}{name}.SNAPSHOT.schema.json", schema(name)) for name in parts]
    registry = jsonschema_rs.Registry(known)
    validator = jsonschema_rs.validator_for(schema(f"bom-{bill['specVersion']}"), registry=registry)
    return [str(error) for error in validator.iter_errors(bill)]


def written(path: Path, epoch: str = "1700000000") -> bytes:
    command = [sys.executable, "-m", "requirements.sbom", str(path)]
    subprocess.run(command, cwd=ROOT, env={"SOURCE_DATE_EPOCH": epoch}, check=True)
    return path.read_bytes()


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> Bill:
    made: Bill = json.loads(written(tmp_path_factory.mktemp("bill") / "ostiary.cdx.json"))
    return made


def test_the_bill_is_valid(bill: Bill) -> None:
    assert faults(bill) == []
    del bill["components"][0]["name"]
    assert len(faults(bill)) == 1


def test_the_bill_has_what_is_pinned_with_every_hash(bill: Bill) -> None:
    listed = {
        each["purl"]: {digest["content"] for digest in each["hashes"] if digest["alg"] == "SHA-256"}
        for each in bill["components"]
    }
    assert listed == {f"pkg:pypi/{pin.name}@{pin.version}": set(pin.sha256) for pin in read(RUN)}
    assert len(listed) == len(bill["components"])


def test_every_part_declares_its_licence(bill: Bill) -> None:
    assert [each["name"] for each in bill["components"] if not each.get("licenses")] == []
    assert bill["metadata"]["component"]["licenses"] == [{"license": {"id": "MIT"}}]


def test_the_bill_says_what_needs_what(bill: Bill) -> None:
    needs = {each["ref"].partition("@")[0]: each.get("dependsOn", []) for each in bill["dependencies"]}
    names = {
        name: {part.partition("@")[0].removeprefix("pkg:pypi/") for part in of} for name, of in needs.items()
    }
    assert names["pkg:pypi/cffi"] == {"pycparser"}
    assert names["pkg:pypi/ostiary"] >= {"fastapi", "cryptography", "asyncmy", "prometheus-client"}


def test_the_same_commit_gives_the_same_bill(tmp_path: Path) -> None:
    first, again, later = (
        written(tmp_path / "bill", epoch) for epoch in ("1700000000", "1700000000", "1800000000")
    )
    assert first == again != later


@pytest.mark.parametrize("folder", FRONT_ENDS)
def test_npm_writes_the_bill_of_a_front_end_from_its_lock(folder: str) -> None:
    command = ["npm", "sbom", "--package-lock-only", "--sbom-format", "cyclonedx"]
    ran = subprocess.run(command, cwd=ROOT / folder, check=True, capture_output=True)
    front_end: Bill = json.loads(ran.stdout)
    locked = json.loads((ROOT / folder / "package-lock.json").read_text())["packages"]
    pinned = {(name.rpartition("node_modules/")[2], each["version"]) for name, each in locked.items() if name}
    assert faults(front_end) == []
    assert {(each["name"], each["version"]) for each in front_end["components"]} == pinned
    assert [each["name"] for each in front_end["components"] if not each.get("hashes")] == []
