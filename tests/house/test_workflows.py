"""S90: workflows run what was reviewed, with the least rights, and nothing that a stranger can write."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").iterdir())
PINNED = re.compile(r"uses: (\./\S+|[\w./-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+)$")
SIGNS, PUBLISHES = {"id-token": "write"}, {"contents": "write"}
RIGHTS = {"attest": SIGNS | {"attestations": "write"}, "pypi": SIGNS, "release": PUBLISHES}
"""Of the jobs that may do more than read."""
Job = dict[str, Any]  # YAML


def jobs(path: Path) -> dict[str, Job]:
    parsed: dict[str, Job] = yaml.safe_load(path.read_text())["jobs"]
    return parsed


def steps(path: Path) -> Iterator[tuple[str, Job]]:
    for name, job in jobs(path).items():
        yield from ((name, step) for step in job.get("steps", []))


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.stem)
def workflow(request: pytest.FixtureRequest) -> Path:
    """Return each workflow in turn."""
    path: Path = request.param
    return path


def test_every_action_is_pinned_to_a_commit(workflow: Path) -> None:
    used = [line.strip() for line in workflow.read_text().splitlines() if "uses:" in line]
    assert used
    assert [line for line in used if not PINNED.search(line)] == []


def test_an_action_is_used_in_one_version() -> None:
    used = {line for path in WORKFLOWS for line in re.findall(r"uses: (\S+@\S+)", path.read_text())}
    assert len({line.partition("@")[0] for line in used}) == len(used)


def test_a_job_may_read_unless_it_has_to_do_more(workflow: Path) -> None:
    assert yaml.safe_load(workflow.read_text())["permissions"] == {"contents": "read"}
    granted = {name: job["permissions"] for name, job in jobs(workflow).items() if "permissions" in job}
    assert granted == {name: rights for name, rights in RIGHTS.items() if name in jobs(workflow)}


def test_no_job_that_signs_or_publishes_runs_the_project(workflow: Path) -> None:
    commands = {step["run"] for name, step in steps(workflow) if name in RIGHTS and "run" in step}
    assert [
        command for command in commands if not command.startswith(("rm dist/", "gh release create "))
    ] == []


def test_no_command_is_put_together_from_what_an_event_says(workflow: Path) -> None:
    assert [step["run"] for _, step in steps(workflow) if "${{" in step.get("run", "")] == []
    assert "pull_request_target" not in workflow.read_text()
    assert "secrets." not in workflow.read_text()


def test_no_checkout_leaves_its_token_behind(workflow: Path) -> None:
    checkouts = [step for _, step in steps(workflow) if "actions/checkout@" in step.get("uses", "")]
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_commands_exist(workflow: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for _, step in steps(workflow):
        command, *arguments = step.get("run", "none").split()
        assert set(arguments) <= targets or command != "make"
        assert (ROOT / command).is_file() or "/" not in command
