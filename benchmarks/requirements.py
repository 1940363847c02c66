"""What the benchmarks need beside the tests: the reference's driver for SQLite, compiled on demand."""

import subprocess

from benchmarks.processes import HERE


def require() -> None:
    """Install the driver unless it is there; it takes minutes, once."""
    if (HERE / "node_modules" / "better-sqlite3" / "build" / "Release" / "better_sqlite3.node").exists():
        return
    print("better-sqlite3 is not installed: compiling it for the reference server, once", flush=True)
    subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], check=True, cwd=HERE)
