"""Reads the locks: what is pinned, and the hash of every file it may come in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
RUN, DEV = HERE / "run.lock", HERE / "dev.lock"
_PIN = re.compile(
    r"^(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?P<files>(?: \\\n    --hash=sha256:[0-9a-f]{64})+)$",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Pin:
    """One version of one package."""

    name: str
    """Normalised: lower case, hyphens."""
    version: str
    sha256: tuple[str, ...]
    """Of the source and of the wheel for each platform, in hexadecimal."""


def read(lock: Path) -> Iterator[Pin]:
    """Yield what the lock pins, by name."""
    for found in _PIN.finditer(lock.read_text()):
        yield Pin(found["name"], found["version"], tuple(re.findall(r"sha256:(\w+)", found["files"])))
