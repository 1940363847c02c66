"""The same requests, step by step, to real reference servers and to Ostiary: every answer is compared."""

from itertools import combinations
from pathlib import Path

import pytest

from tests.conformance.conftest import REFERENCES
from tests.conformance.differences import Judge, listed
from tests.conformance.scenarios.every import SCENARIOS
from tests.conformance.stage import Scenario, Stage
from tests.conformance.transcript import report

pytestmark = pytest.mark.services
EXPLANATION = Path(__file__).parents[2] / "docs" / "explanation" / "differences.md"


@pytest.mark.parametrize(
    ("stage", "scenario"),
    [pytest.param(each.configuration, each, id=each.name) for each in SCENARIOS],
    indirect=["stage"],
    scope="session",
)
def test_every_server_answers_alike(stage: Stage, scenario: Scenario, judge: Judge) -> None:
    """S48 and others by way of the scenarios: nothing differs but what is listed with its reason."""
    transcripts = stage.play(scenario)
    reports: list[str] = []
    for one, other in combinations(transcripts.values(), 2):
        found = judge.unexplained(scenario.name, one.server, other.server, one.differences(other))
        reports += [report(one, other, found)] if found else []
    if reports:
        pytest.fail("\n\n".join(reports), pytrace=False)
    assert [transcripts[reference].breakdown for reference in REFERENCES] == [None] * len(REFERENCES)


def test_no_listed_difference_is_stale(judge: Judge) -> None:
    assert judge.stale(scenario.name for scenario in SCENARIOS) == []


def test_scenarios_have_names_of_their_own() -> None:
    names = [scenario.name for scenario in SCENARIOS]
    assert sorted(set(names)) == sorted(names)


def test_every_listed_difference_is_explained() -> None:
    text = " ".join(EXPLANATION.read_text().split())
    assert [entry.reason for entry in listed() if entry.reason not in text] == []
