"""S86: the disk below a SQLite file is full in the middle of traffic, and has room again."""

import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.failure.conftest import Serve
from tests.failure.traffic import Traffic
from tests.integration.cli.conftest import Server


class SmallDisk:
    """A file system in memory, or where that is not allowed, a limit to what a process may write."""

    def __init__(self, folder: Path) -> None:
        """Mount it."""
        folder.mkdir()
        self.folder = folder
        mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "none", str(folder)]
        self.is_mounted = (
            os.geteuid() == 0 and subprocess.run(mount, check=False, capture_output=True).returncode == 0
        )

    def fill(self, server: Server) -> None:
        """Leave no room."""
        if not self.is_mounted:
            largest = max(path.stat().st_size for path in self.folder.iterdir())
            self._limit(server, largest)
            return
        with (self.folder / "ballast").open("wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(bytes(4096))
            except OSError:
                pass

    def make_room(self, server: Server) -> None:
        """Let it go on."""
        if self.is_mounted:
            (self.folder / "ballast").unlink()
        else:
            self._limit(server, resource.RLIM_INFINITY)

    def leave(self) -> None:
        """Unmount it."""
        if self.is_mounted:
            subprocess.run(["umount", "--lazy", str(self.folder)], check=True)

    @staticmethod
    def _limit(server: Server, size: int) -> None:
        # Python ignores the signal that goes with it: writing past the limit is an error like any other.
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """Return a disk of this test."""
    disk = SmallDisk(tmp_path / "small")
    yield disk
    disk.leave()


async def test_a_full_disk_refuses_what_it_cannot_keep_and_reads_go_on(
    small_disk: SmallDisk, serve: Serve
) -> None:
    server = serve(database=f"sqlite:///{small_disk.folder}/people.db", log_level="error")
    traffic = Traffic(server.address)
    async with traffic.flowing():
        small_disk.fill(server)
        await traffic.is_refused(20)
        known = traffic.persons[0]
        read = await traffic.session_of(known)
        small_disk.make_room(server)
        assert read.status_code == 200
        assert read.json() is None or read.json()["user"]["email"] == known.email
    await traffic.judge()
    assert traffic.dropped == 0
    assert "unhandled error" not in server.log
