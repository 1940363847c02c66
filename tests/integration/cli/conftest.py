"""The command line of the unit tests, and servers as processes."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx2
import pytest

from tests.unit.cli.conftest import command, configured, directory

__all__ = ["command", "configured", "directory", "serving"]

PATIENCE = 60.0
Serving = Callable[..., "Server"]


class Server:
    """A server in a process of its own."""

    def __init__(self, directory: Path, arguments: tuple[str, ...], port: int) -> None:
        """Start it."""
        self.address = f"http://127.0.0.1:{port}"
        self.port = port
        self._command = [sys.executable, *arguments]
        self._directory = directory
        self._log = directory / f"{port}.log"
        self.process = self._started()

    def _started(self) -> "subprocess.Popen[bytes]":
        with self._log.open("ab") as log:
            return subprocess.Popen(
                self._command, cwd=self._directory, stdout=log, stderr=log, start_new_session=True
            )

    def start_again(self) -> None:
        """Start it anew, where it was before."""
        self.process.wait(PATIENCE)
        self.process = self._started()

    @property
    def log(self) -> str:
        """Return what it has written so far."""
        return self._log.read_text("utf-8", "replace")

    def await_answer(self, path: str) -> httpx2.Response:
        """Ask until it answers."""
        deadline = time.monotonic() + PATIENCE
        while True:
            with suppress(httpx2.TransportError):
                return httpx2.get(self.address + path)
            assert self.process.poll() is None, self.log
            assert time.monotonic() < deadline, self.log
            time.sleep(0.1)

    def is_listening(self) -> bool:
        """Tell whether any of its processes still takes connections."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> int:
        """Ask it to end, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def ended(server: Server) -> Iterator[Server]:
    """End whatever is left of a server and its workers, which are in a session of their own."""
    try:
        yield server
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.process.pid, signal.SIGKILL)
        server.process.wait(PATIENCE)


@pytest.fixture
def serving(directory: Path) -> Iterator[Serving]:
    """Return a function that starts `python` with arguments and `--port` in the working directory."""
    with ExitStack() as servers:

        def start(*arguments: str, folder: Path = directory) -> Server:
            port = free_port()
            return servers.enter_context(ended(Server(folder, (*arguments, "--port", str(port)), port)))

        yield start
