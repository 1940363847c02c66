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
KEPT = ("PATH", "HOME", "VIRTUAL_ENV")
# what stands beside this file is measured, whichever copy is installed
SOURCES = os.pathsep.join([str(HERE.parent), str(HERE.parent / "src")])
ENVIRONMENT = {"NODE_ENV": "production", "BETTER_AUTH_TELEMETRY": "0", "PYTHONPATH": SOURCES}

Json = Mapping[str, Any]  # a configuration in Better Auth's names


class Contestant(Enum):
    """Who answers."""

    OSTIARY = "Ostiary"
    FASTAPI = "Ostiary in FastAPI"
    NODE = "Better Auth on Node"
    FRAME = "bare ASGI application"
    ROUTE = "FastAPI route without a dependency"
    EMPTY_DEPENDENCY = "with a dependency that does nothing"
    JOSERFC = "with joserfc in a dependency"
    VERIFIER = "with CurrentUser of a Verifier"
    HOSTED_ROUTE = "with CurrentUser of an Auth"
    JOSE = "bare node:http with jose"
    PORT = "better-auth-server, a port to Python"
    BRIDGE = "with fastapi-better-auth-bridge"
    FASTAPI_USERS = "with fastapi-users, which reads the user"


PEERS_PYTHON = HERE / "peers" / ".venv" / "bin" / "python"
PEERS = {
    Contestant.PORT: "better_auth_server",
    Contestant.BRIDGE: "bridge",
    Contestant.FASTAPI_USERS: "users",
}
NODE_PROGRAMS = {Contestant.NODE: "node_server.mjs", Contestant.JOSE: "node_route.mjs"}


def _command(contestant: Contestant, setting: Json) -> list[str]:
    if contestant in NODE_PROGRAMS:
        return ["node", "--no-warnings", str(HERE / NODE_PROGRAMS[contestant]), json.dumps(setting)]
    if contestant in PEERS:
        return [str(PEERS_PYTHON), "-m", f"benchmarks.peers.{PEERS[contestant]}", json.dumps(setting)]
    hosted = {**setting, "host": contestant.name.lower()}
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
        self,
        contestant: Contestant,
        options: Json,
        database: str = "",
        *,
        migrate: bool = True,
        trust: Json | None = None,
    ) -> None:
        """Start it and wait until it listens; `trust` is what a protected route believes in."""
        setting = {"options": options, "database": database, "migrate": migrate, "trust": trust}
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
        on_loop, *_ = Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()
        return Cpu(time.clock_gettime(_clock_of(pid)), int(on_loop) / 1e9)

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


def _clock_of(pid: int) -> int:
    """Return what clock_getcpuclockid does: a clock in nanoseconds, where `stat` has ticks of ten million."""
    return (~pid << 3) | 2


async def first_answer(server: Server) -> float:
    """Return the seconds from the start of the process to its first 200."""
    answer = await ask(server.port, request("GET", "/api/auth/ok"))
    if answer.status != 200:
        raise AssertionError(f"unexpected answer {answer.status}: {answer.body!r}")
    return time.perf_counter() - server.began
