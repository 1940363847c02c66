"""What a release is made of: built from a copy of this checkout."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
Build = Callable[..., dict[str, Path]]


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Return what builds a folder, under a mask and with variables of its own; the files by their ending."""

    def make(source: Path, mask: int = 0o022, **environment: str) -> dict[str, Path]:
        into = tmp_path_factory.mktemp("dist")
        variables = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000", **environment}
        command = [sys.executable, "-m", "hatchling", "build", "--directory", str(into)]
        subprocess.run(command, cwd=source, umask=mask, env=variables, check=True, capture_output=True)
        return {path.suffix: path for path in into.iterdir()}

    return make


@pytest.fixture(scope="session")
def built(build: Build) -> dict[str, Path]:
    """Return the release of this checkout: `.whl` and `.gz`."""
    return build(ROOT)
