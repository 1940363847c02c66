"""What the benchmarks need beside the tests: the reference's driver for SQLite, and the Python peers."""

import subprocess
import sys

from benchmarks.processes import HERE, PEERS_PYTHON

PEERS = HERE / "peers"


def require() -> None:
    """Install what is not there; it takes minutes, once."""
    if not (HERE / "node_modules" / "better-sqlite3" / "build" / "Release" / "better_sqlite3.node").exists():
        print("better-sqlite3 is not installed: compiling it for the reference server, once", flush=True)
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], check=True, cwd=HERE)
    installed = PEERS / ".venv" / "installed.txt"
    wanted = (PEERS / "requirements.txt").read_text()
    if not installed.exists() or installed.read_text() != wanted:
        print("The Python peers are not installed: doing so, once", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(PEERS / ".venv")], check=True)
        pip = [str(PEERS_PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", "requirements.txt"], check=True, cwd=PEERS)
        installed.write_text(wanted)
