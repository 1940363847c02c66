"""The servers under comparison, each one process that serves many configurations."""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from tests.conformance.normalise import Json

HERE = Path(__file__).parent
NODE = ("node", "--no-warnings")
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "1.7.7": (*NODE, str(HERE / "server.mjs")),
    "1.7.24": (*NODE, str(HERE / "latest" / "server.mjs")),
    "ostiary": (sys.executable, str(HERE / "ostiary_server.py")),
}
KEPT = ("PATH", "HOME", "PYTHONPATH", "VIRTUAL_ENV", "REFERENCE_LOG")
ENVIRONMENT = {"NODE_ENV": "production", "TZ": "Europe/Berlin", "BETTER_AUTH_TELEMETRY": "0"}


class ServerFailedError(Exception):
    """The process ended or could not start a configuration; carries what it wrote to standard error."""


class ServerProcess:
    """One process; configurations are started and stopped by name over its standard input."""

    def __init__(self, command: tuple[str, ...]) -> None:
        """Start the process and wait until it is ready."""
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        self._lock = threading.Lock()
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  it lives as long as the process
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**kept, **ENVIRONMENT},
            text=True,
        )
        self._answer()

    def start(self, name: str, options: Json, database: str | None, redis: str | None) -> int:
        """Start a configuration, on a database unless it keeps nothing, and return its port."""
        answer = self._ask({"start": name, "options": options, "database": database, "redis": redis})
        port = answer["port"]
        assert isinstance(port, int)
        return port

    def stop(self, name: str) -> None:
        """Stop a configuration and release its connections."""
        self._ask({"stop": name})

    def close(self) -> None:
        """End the process: it ends by itself when its standard input does."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._log.close()

    def _ask(self, request: dict[str, Json]) -> dict[str, Json]:
        with self._lock:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            return self._answer()

    def _answer(self) -> dict[str, Json]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._log.seek(0)
            raise ServerFailedError(f"the process ended\n{self._log.read().decode(errors='replace')[-4000:]}")
        answer: dict[str, Json] = json.loads(line)
        if "error" in answer:
            raise ServerFailedError(str(answer["error"]))
        return answer
