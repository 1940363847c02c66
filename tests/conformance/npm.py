"""Runs the npm client's journeys in Node."""

import json
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from tests.conformance.normalise import Json, Placeholders, parsed, pretty
from tests.conformance.stage import BASE_URL

CLIENTS = Path(__file__).parent / "clients"


def run(journey: str, ports: Sequence[int], seed: int, /, **settings: Json) -> Json:
    """Play a journey of `clients/` against servers that are one site to it; return what it reports.

    Raises AssertionError with the journey's own account where a step of it fails.
    """
    given = json.dumps({"site": BASE_URL, "ports": [*ports], "seed": seed, **settings})
    command = ["node", "--no-warnings", str(CLIENTS / f"{journey}.mjs"), given]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert finished.returncode == 0, f"seed {seed}:\n{finished.stderr}"
    return parsed(finished.stdout)


def comparable(outcome: Json) -> str:
    """Write a journey's report with placeholders for what differs from run to run."""
    return pretty(Placeholders().value(outcome, time.time()))
