"""Finds PostgreSQL, MariaDB and Redis on this machine, or installs and starts private ones for the tests.

Run as `python -m tests.services`; exits with 1 and says what is missing where it cannot.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HOME = Path(tempfile.gettempdir()) / "ostiary-services"
PATIENCE = 30.0


@dataclass(frozen=True)
class Service:
    """A server the tests talk to on 127.0.0.1."""

    name: str
    port: int
    package: str
    binary: str
    start: Callable[[str], None]

    def answers(self) -> bool:
        """Tell whether somebody listens on the port."""
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def find(self) -> str | None:
        """Return the path of the server's program."""
        places = ["/usr/sbin", "/usr/local/sbin", *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
        return shutil.which(self.binary) or shutil.which(self.binary, path=":".join(places))


def run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def spawn(*command: str) -> None:
    log = (HOME / f"{Path(command[0]).name}.log").open("ab")
    subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)


def as_user(name: str) -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["runuser", "-u", name, "--"] if os.geteuid() == 0 else []


def start_postgresql(binary: str) -> None:
    data = HOME / "postgresql"
    if not (data / "PG_VERSION").exists():
        data.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            shutil.chown(data, "postgres")
        initdb = str(Path(binary).with_name("initdb"))
        run(*as_user("postgres"), initdb, "-D", str(data), "-U", "postgres", "--auth=trust", "-E", "UTF8")
    control = str(Path(binary).with_name("pg_ctl"))
    options = f"-p 5432 -k {data} -c listen_addresses=127.0.0.1 -c fsync=off"
    run(*as_user("postgres"), control, "-D", str(data), "-o", options, "-l", str(data / "log"), "-w", "start")


def start_mariadb(binary: str) -> None:
    data = HOME / "mariadb"
    owner = ["--user=mysql"] if os.geteuid() == 0 else []
    if not (data / "mysql").exists():
        data.mkdir(parents=True, exist_ok=True)
        install = shutil.which("mariadb-install-db") or "mariadb-install-db"
        run(install, f"--datadir={data}", "--auth-root-authentication-method=normal", *owner)
    places = [f"--datadir={data}", f"--socket={data}/socket", f"--pid-file={data}/pid"]
    spawn(binary, *places, *owner, "--bind-address=127.0.0.1", "--port=3306")


def start_redis(binary: str) -> None:
    spawn(binary, "--bind", "127.0.0.1", "--port", "6379", "--save", "", "--appendonly", "no")


SERVICES = (
    Service("PostgreSQL", 5432, "postgresql", "postgres", start_postgresql),
    Service("MariaDB", 3306, "mariadb-server", "mariadbd", start_mariadb),
    Service("Redis", 6379, "redis-server", "redis-server", start_redis),
)


BOUNCER = "PgBouncer", "pgbouncer"
"""Started by the tests that need it."""


def install(name: str, package: str) -> None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    print(f"{name} is not installed: installing {package}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for command in (["update", "-q"], ["install", "-qy", "--no-install-recommends", package]):
        subprocess.run(["apt-get", *command], check=True, stdout=subprocess.DEVNULL, env=environment)


def ensure(service: Service) -> bool:
    """Return whether the service answers, after doing what can be done about it."""
    if service.answers():
        return True
    if service.find() is None:
        install(service.name, service.package)
    binary = service.find()
    if binary is None:
        print(f"MISSING: {service.name} on 127.0.0.1:{service.port}; install the package {service.package}")
        return False
    if not service.answers():
        print(f"starting {service.name} on 127.0.0.1:{service.port}")
        HOME.mkdir(exist_ok=True)
        HOME.chmod(0o755)
        service.start(binary)
    deadline = time.monotonic() + PATIENCE
    while not service.answers():
        if time.monotonic() > deadline:
            print(f"MISSING: {service.name} does not answer on 127.0.0.1:{service.port}; see {HOME}")
            return False
        time.sleep(0.2)
    return True


def has_bouncer() -> bool:
    """Return whether PgBouncer is there, after doing what can be done about it."""
    name, package = BOUNCER
    if shutil.which(package, path=f"{os.environ['PATH']}:/usr/sbin") is None:
        install(name, package)
    return shutil.which(package, path=f"{os.environ['PATH']}:/usr/sbin") is not None


if __name__ == "__main__":
    found = {service.name: ensure(service) for service in SERVICES}
    found["PgBouncer"] = has_bouncer()
    sys.exit(0 if all(found.values()) else 1)
