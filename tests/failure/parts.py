"""Servers of the tests' own, to be stopped, killed and frozen as nobody would do with shared ones."""

import os
import shutil
import signal
import socket
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


def listens(port: int) -> bool:
    """Tell whether anybody takes connections."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


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
        for _ in range(2):  # the first time may miss what is started at that moment
            signal_all(self._processes, signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on."""
        signal_all(self._processes, signal.SIGCONT)

    @contextmanager
    def behind_bouncer(self, connections: int) -> Iterator[str]:
        """Run PgBouncer in transaction mode before it, with few connections; yield the address."""
        port = free_port()
        settings = self.folder / "pgbouncer.ini"
        settings.write_text(
            f"[databases]\npostgres = host=127.0.0.1 port={self.port} user=postgres\n[pgbouncer]\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
            f"pool_mode = transaction\ndefault_pool_size = {connections}\nmax_client_conn = 200\n"
        )
        command = [*as_user("postgres"), program("pgbouncer"), "-q", str(settings)]
        with (self.folder / "pgbouncer.log").open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)
        try:
            wait_until(lambda: listens(port), "PgBouncer does not listen")
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
        finally:
            signal_all(family(process.pid), signal.SIGKILL)
            process.wait(PATIENCE)

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

    def start(self, settings: str | None = None) -> None:
        """Start, by default with settings of no file, and wait until it answers."""
        plain = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)]
        command = [program("redis-server"), *([settings] if settings else plain), *self.arguments]
        with (self.folder / f"redis-{self.port}.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_until(self._answers, "Redis does not answer")

    def kill(self) -> None:
        """End it without a goodbye, if it still runs."""
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


@dataclass
class Watched:
    """A Redis, its replica, and the Sentinel that promotes it."""

    folder: Path
    master: OwnRedis
    replica: OwnRedis
    port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        """The address."""
        return f"redis+sentinel://127.0.0.1:{self.port}/ours/0"

    def is_copied(self) -> bool:
        """Tell whether the replica has what the master has."""
        from redis import Redis

        with Redis(port=self.master.port) as client:
            client.set("copied", "1")
            return bool(client.wait(1, 2000))

    @contextmanager
    def running(self) -> Iterator["Watched"]:
        """Run all three for the time of a block."""
        settings = self.folder / "sentinel.conf"
        settings.write_text(
            f"port {self.port}\nbind 127.0.0.1\ndir {self.folder}\n"
            f"sentinel monitor ours 127.0.0.1 {self.master.port} 1\n"
            "sentinel down-after-milliseconds ours 500\nsentinel failover-timeout ours 3000\n"
        )
        sentinel = OwnRedis(self.folder, self.port, ("--sentinel",))
        started = [self.master, self.replica]
        try:
            self.master.start()
            self.replica.start()
            wait_until(self.is_copied, "the replica does not follow")
            sentinel.start(str(settings))
            started.append(sentinel)
            yield self
        finally:
            for each in started:
                if each.process is not None:
                    each.kill()


def watched_redis(folder: Path) -> Watched:
    """Return a master and its replica, not yet running."""
    places = [folder / name for name in ("master", "replica")]
    for place in places:
        place.mkdir()
    master = OwnRedis(places[0], arguments=("--repl-diskless-sync-delay", "0"))
    following = ("--replicaof", f"127.0.0.1 {master.port}", "--repl-diskless-sync-delay", "0")
    return Watched(folder, master, OwnRedis(places[1], arguments=following))
