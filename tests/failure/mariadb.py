"""A MariaDB of the tests' own."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.failure.parts import PATIENCE, listens, program, wait_until
from tests.integration.cli.conftest import free_port


@dataclass
class OwnMaria:
    """A MariaDB with one empty database."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """The address."""
        return f"mysql://root@127.0.0.1:{self.port}/people"

    def make(self) -> None:
        """Write what a server needs before its first start, with one database and no passwords."""
        wanted = [f"--datadir={self.folder}/data", "--auth-root-authentication-method=normal", *self._owner]
        with (self.folder / "log").open("ab") as log:
            command = [program("mariadb-install-db"), *wanted, "--skip-test-db"]
            subprocess.run(command, check=True, stdout=log, stderr=log)
        (self.folder / "init.sql").write_text("CREATE DATABASE IF NOT EXISTS people;")

    def start(self) -> None:
        """Start, and wait until it answers."""
        places = [f"--datadir={self.folder}/data", f"--socket={self.folder}/socket", "--skip-log-bin"]
        places += [f"--pid-file={self.folder}/pid", f"--init-file={self.folder}/init.sql", *self._owner]
        command = [program("mariadbd"), "--no-defaults", *places, "--bind-address=127.0.0.1"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([*command, f"--port={self.port}"], stdout=log, stderr=log)
        wait_until(lambda: listens(self.port), "MariaDB does not listen")

    def kill(self) -> None:
        """End it without a goodbye; its next start mends what it left."""
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

    @property
    def _owner(self) -> list[str]:
        return ["--user=mysql"] if os.geteuid() == 0 else []


@contextmanager
def own_maria() -> Iterator[OwnMaria]:
    """Run a MariaDB for the time of a block."""
    folder = Path(tempfile.mkdtemp(prefix="ostiary-failure-"))  # not below pytest's: mysql must get in
    if os.geteuid() == 0:
        shutil.chown(folder, "mysql")
    maria = OwnMaria(folder)
    try:
        maria.make()
        maria.start()
        yield maria
    finally:
        if maria.process is not None:
            maria.kill()
        shutil.rmtree(folder, ignore_errors=True)
