"""Play scenarios on chosen servers, show how the answers differ, keep the transcripts.

python -m tests.conformance.play --servers 1.7.7 1.7.24 --transcripts DIR --match 'default/*'
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import groupby
from pathlib import Path

from tests.conformance.differences import Judge, listed
from tests.conformance.scenarios.every import SCENARIOS
from tests.conformance.stage import Scenario, theatre
from tests.conformance.transcript import Transcript, report


def main() -> int:
    """Play, compare the first server with each other one, and return 1 where they differ unexplained."""
    arguments = _arguments()
    chosen = [scenario for scenario in SCENARIOS if fnmatchcase(scenario.name, arguments.match)]
    judge = Judge(listed())
    exchanges, began, unexplained = 0, time.monotonic(), 0
    for played in _play(arguments.servers, chosen):
        first, *others = played.values()
        exchanges += len(first.exchanges)
        if arguments.transcripts:
            for transcript in played.values():
                _write(arguments.transcripts / transcript.server, transcript)
        if first.breakdown:
            sys.stdout.write(f"{first.scenario} is broken:\n{first.breakdown}\n")
        for other in others:
            found = judge.unexplained(first.scenario, first.server, other.server, first.differences(other))
            unexplained += len(found)
            if found:
                sys.stdout.write(report(first, other, found) + "\n\n")
    for line in judge.stale(scenario.name for scenario in SCENARIOS):
        unexplained += 1
        sys.stdout.write(f"stale: {line}\n")
    seconds = time.monotonic() - began
    sys.stdout.write(
        f"{len(chosen)} scenarios, {exchanges} exchanges, {seconds:.0f} s, {unexplained} unexplained\n"
    )
    return 1 if unexplained else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servers", nargs="+", default=["1.7.7", "ostiary"], metavar="SERVER")
    parser.add_argument("--transcripts", type=Path, help="a folder for the transcripts, one folder a server")
    parser.add_argument("--match", default="*", help="a pattern of configuration/scenario")
    return parser.parse_args()


def _play(names: list[str], scenarios: list[Scenario]) -> Iterator[dict[str, Transcript]]:
    with theatre(names) as house:
        for configuration, group in groupby(scenarios, key=lambda scenario: scenario.configuration):
            with house.stage(configuration) as stage:
                for scenario in group:
                    yield dict(stage.play(scenario))


def _write(folder: Path, transcript: Transcript) -> None:
    path = folder / f"{transcript.scenario.replace('/', '.')}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(transcript.as_json(), ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
