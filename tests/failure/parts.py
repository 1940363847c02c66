"""Servers of the tests' own, to be stopped, killed and frozen as nobody would do with shared ones."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.integration.cli.conftest import free_port
from tests.services import as_user

PATIENCE = 30.0


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
                children.setdefault(int(parent), []).append(int(entry.name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found


def signal_all(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def program(name: str) -> str:
    """Return the path of a server's program."""
    places = ["/usr/sbin", "/usr/local/sbin", *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
    found = shutil.which(name) or shutil.which(name, path=":".join(places))
    assert found is not None, f"{name} is not installed: run `make services`"
    return found


@dataclass
class OwnPostgres:
    """A cluster with one database."""

    folder: Path
    port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        """The address."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def make(self) -> None:
        """Write an empty cluster."""
        wanted = ["-D", f"{self.folder}/data", "-U", "postgres", "--auth=trust", "-E", "UTF8", "--no-sync"]
        self._run("initdb", *wanted)

    def start(self) -> None:
        """Start, and wait until it answers."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c max_connections=60"
        self._run(
            "pg_ctl", "-D", f"{self.folder}/data", "-o", options, "-l", f"{self.folder}/log", "-w", "start"
        )

    def stop(self, mode: str) -> None:
        """Stop: `fast` says goodbye to its clients, `immediate` is a crash, mended at the next start."""
        self._run("pg_ctl", "-D", f"{self.folder}/data", "-m", mode, "-w", "stop")

    def freeze(self) -> None:
        """Leave every connection open and answer nothing more."""
        signal_all(self._processes, signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on."""
        signal_all(self._processes, signal.SIGCONT)

    @property
    def is_running(self) -> bool:
        """Whether there is a server."""
        return (self.folder / "data" / "postmaster.pid").exists()

    @property
    def _processes(self) -> list[int]:
        return family(int((self.folder / "data" / "postmaster.pid").read_text().split()[0]))

    def _run(self, name: str, *arguments: str) -> None:
        with (self.folder / "control.log").open("ab") as log:  # a pipe would be held by the server
            command = [*as_user("postgres"), program(name), *arguments]
            subprocess.run(command, check=True, stdout=log, stderr=log, cwd=self.folder)


@contextmanager
def own_postgres() -> Iterator[OwnPostgres]:
    """Run a cluster for the time of a block."""
    folder = Path(tempfile.mkdtemp(prefix="ostiary-failure-"))  # not below pytest's: postgres must get in
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    cluster = OwnPostgres(folder)
    try:
        cluster.make()
        cluster.start()
        yield cluster
    finally:
        if cluster.is_running:
            cluster.thaw()
            cluster.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class OwnRedis:
    """A Redis that keeps what it acknowledged."""

    folder: Path
    port: int = field(default_factory=free_port)
    arguments: tuple[str, ...] = ("--appendonly", "yes", "--appendfsync", "always")
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """The address."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start, and wait until it answers."""
        command = [program("redis-server"), "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        with (self.folder / f"redis-{self.port}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--dir", str(self.folder), *self.arguments], stdout=log, stderr=log
            )
        wait_until(self._answers, "Redis does not answer")

    def kill(self) -> None:
        """End it without a goodbye."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(PATIENCE)

    def freeze(self) -> None:
        """Leave every connection open and answer nothing more."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        from redis import Redis
        from redis.exceptions import RedisError

        with Redis(port=self.port, socket_timeout=1) as client:
            try:
                return bool(client.ping())
            except RedisError:
                return False


@contextmanager
def own_redis(folder: Path) -> Iterator[OwnRedis]:
    """Run a Redis for the time of a block."""
    redis = OwnRedis(folder)
    redis.start()
    try:
        yield redis
    finally:
        redis.kill()
