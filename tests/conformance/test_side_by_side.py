"""The same requests, step by step, to real reference servers and to Ostiary: every answer is compared."""

from itertools import combinations
from pathlib import Path

import pytest

from tests.conformance.conftest import REFERENCES
from tests.conformance.differences import Judge, listed
from tests.conformance.scenarios.every import SCENARIOS
from tests.conformance.stage import Scenario, Stage
from tests.conformance.transcript import report

pytestmark = [pytest.mark.services, pytest.mark.xdist_group("conformance")]
PAIRS = list(combinations(range(len(REFERENCES) + 1), 2))


@pytest.mark.parametrize(
    ("stage", "scenario", "left", "right"),
    [
        pytest.param(each.configuration, each, left, right, id=f"{each.name} {left}:{right}")
        for each in SCENARIOS
        for left, right in PAIRS
    ],
    indirect=["stage"],
    scope="session",
)
def test_both_servers_answer_alike(
    stage: Stage, scenario: Scenario, left: int, right: int, judge: Judge
) -> None:
    """S48 and others by way of the scenarios: nothing differs but what is listed with its reason."""
    transcripts = list(stage.play(scenario).values())
    one, other = transcripts[left], transcripts[right]
    found = judge.unexplained(scenario.name, one.server, other.server, one.differences(other))
    if found:
        pytest.fail(report(one, other, found), pytrace=False)
    broken = [exchange.raw for exchange in one.exchanges if exchange.step == "broken off"]
    assert not broken, broken


def test_no_listed_difference_is_stale(judge: Judge) -> None:
    assert judge.stale(scenario.name for scenario in SCENARIOS) == []


def test_scenarios_have_names_of_their_own() -> None:
    names = [scenario.name for scenario in SCENARIOS]
    assert sorted(set(names)) == sorted(names)


def test_every_listed_difference_is_explained() -> None:
    page = (Path(__file__).parents[2] / "docs" / "explanation" / "differences.md").read_text()
    text = " ".join(page.split())
    assert [entry.reason for entry in listed() if " ".join(entry.reason.split()) not in text] == []
