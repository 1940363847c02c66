"""Runs the named scenarios, or all of them: `python -m benchmarks get-session-postgresql`."""

import argparse
import time

from benchmarks.report import publish
from benchmarks.requirements import require
from benchmarks.scenarios import SCENARIOS


def main() -> None:
    """Run, print, publish."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="scenario", help=", ".join(SCENARIOS))
    chosen = parser.parse_args().scenarios or list(SCENARIOS)
    if unknown := [name for name in chosen if name not in SCENARIOS]:
        parser.error(f"no such scenario: {', '.join(unknown)}; there are {', '.join(SCENARIOS)}")
    require()
    tables = {}
    for name in chosen:
        began = time.perf_counter()
        tables[name] = SCENARIOS[name]()
        print(
            "\n".join(tables[name].lines()),
            f"({name}: {time.perf_counter() - began:.0f} s)\n",
            sep="\n",
            flush=True,
        )
    publish(tables, list(SCENARIOS))


if __name__ == "__main__":
    main()
