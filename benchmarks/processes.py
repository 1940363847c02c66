"""The servers under comparison as processes, and what they cost."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from benchmarks.load import ask, request

HERE = Path(__file__).parent
TICKS = os.sysconf("SC_CLK_TCK")
KEPT = ("PATH", "HOME", "VIRTUAL_ENV")
ENVIRONMENT = {"NODE_ENV": "production", "BETTER_AUTH_TELEMETRY": "0", "PYTHONPATH": str(HERE.parent)}

Json = Mapping[str, Any]  # a configuration in Better Auth's names


class Contestant(Enum):
    """Who answers."""

    OSTIARY = "Ostiary"
    FASTAPI = "Ostiary in FastAPI"
    NODE = "Better Auth on Node"
    FRAME = "bare ASGI application"


HOSTS = {Contestant.OSTIARY: "asgi", Contestant.FASTAPI: "fastapi", Contestant.FRAME: "frame"}


def _command(contestant: Contestant, setting: Json) -> list[str]:
    if contestant is Contestant.NODE:
        return ["node", "--no-warnings", str(HERE / "node_server.mjs"), json.dumps(setting)]
    hosted = {**setting, "host": HOSTS[contestant]}
    return [sys.executable, "-m", "benchmarks.ostiary_server", json.dumps(hosted)]


@dataclass(frozen=True)
class Cpu:
    """Seconds of processor time: of the whole process, and of its first thread, which runs the event loop."""

    process: float
    loop: float

    def since(self, earlier: "Cpu") -> "Cpu":
        """Return what was spent in between."""
        return Cpu(self.process - earlier.process, self.loop - earlier.loop)


class Server:
    """One process with one configuration on one database."""

    def __init__(
        self, contestant: Contestant, options: Json, database: str = "", *, migrate: bool = True
    ) -> None:
        """Start it and wait until it listens."""
        setting = {"options": options, "database": database, "migrate": migrate}
        environment = {name: os.environ[name] for name in KEPT if name in os.environ} | ENVIRONMENT
        self.contestant = contestant
        self.began = time.perf_counter()
        self._process = subprocess.Popen(
            _command(contestant, setting),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{contestant.value} did not start; what it says is above")
        self.port: int = json.loads(line)["port"]

    def cpu(self) -> Cpu:
        """Return what the process has spent so far, user and system."""
        pid = self._process.pid
        return Cpu(_spent(f"/proc/{pid}/stat"), _spent(f"/proc/{pid}/task/{pid}/stat"))

    def resident(self) -> float:
        """Return the memory in use, in MiB."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024

    async def stall(self) -> float:
        """Return how late the event loop was at most since the last question, in milliseconds."""
        answer = await ask(self.port, request("GET", "/stall"))
        return float(json.loads(answer.body)["longest"])

    def close(self) -> None:
        """End it, and wait until it has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def __enter__(self) -> "Server":
        """Return the running server."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.close()


def _spent(stat: str) -> float:
    # the name in brackets may hold anything; user and system time are the 14th and 15th field
    fields = Path(stat).read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


async def first_answer(server: Server) -> float:
    """Return the seconds from the start of the process to its first 200."""
    answer = await ask(server.port, request("GET", "/api/auth/ok"))
    if answer.status != 200:
        raise AssertionError(f"unexpected answer {answer.status}: {answer.body!r}")
    return time.perf_counter() - server.began
