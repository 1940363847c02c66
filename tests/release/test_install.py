"""S90: a deployment takes only files whose hash is in the lock, and the tests ran on the same ones."""

import os
import subprocess
import sys
import venv
from collections.abc import Iterable
from importlib.metadata import Distribution, distributions
from pathlib import Path
from sysconfig import get_path

import pytest
from packaging.utils import canonicalize_name

from requirements.pins import RUN, read

CLEAN = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
PINNED = {pin.name: pin for pin in read(RUN)}


def run(*command: str | Path) -> str:
    return subprocess.run(command, env=CLEAN, check=True, stdout=subprocess.PIPE, text=True).stdout


@pytest.fixture(scope="module")
def deployment(built: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an environment made by the recipe of docs/how-to/operate.md."""
    folder = tmp_path_factory.mktemp("deployment")
    venv.create(folder)
    install = (sys.executable, "-m", "pip", "--python", folder, "install", "--quiet", "--no-compile")
    run(*install, "--require-hashes", "--only-binary", ":all:", "-r", RUN)
    run(*install, "--no-deps", built[".whl"])
    return folder


def contents(package: Distribution) -> dict[str, str]:
    """Return the recorded hash of each file that came out of the wheel; scripts name their environment."""
    files = package.files or []
    made_here = ("INSTALLER", "REQUESTED", "direct_url.json")
    return {
        str(path): path.hash.value
        for path in files
        if path.hash and path.name not in made_here and ".." not in path.parts
    }


def installed(site: str | Path) -> dict[str, Distribution]:
    return {canonicalize_name(package.name): package for package in distributions(path=[str(site)])}


def test_the_lock_is_all_that_the_wheel_needs(deployment: Path) -> None:
    run(sys.executable, "-m", "pip", "--python", deployment, "check")
    assert "serve" in run(deployment / "bin" / "ostiary", "--help")
    imported = run(deployment / "bin" / "python", "-I", "-c", "import ostiary; print(ostiary.__file__)")
    assert Path(imported.strip()).is_relative_to(deployment)


def test_what_is_tested_is_what_the_lock_deploys(deployment: Path) -> None:
    """File by file: the deployment was checked against the lock, and this environment equals it."""
    (site,) = (deployment / "lib").glob("python*/site-packages")
    deployed, tested = installed(site), installed(get_path("platlib"))
    assert set(deployed) == {"ostiary", *PINNED}
    for name, pin in PINNED.items():
        assert deployed[name].version == pin.version
        assert contents(deployed[name])
        assert contents(deployed[name]) == contents(tested[name])


def download(into: Path, sha256: Iterable[str]) -> subprocess.CompletedProcess[str]:
    pin, lock = PINNED["h11"], into / "some.lock"
    lock.write_text(" ".join([f"{pin.name}=={pin.version}", *(f"--hash=sha256:{each}" for each in sha256)]))
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "-d",
        str(into),
        "-r",
        str(lock),
    ]
    return subprocess.run(command, env=CLEAN, check=False, capture_output=True, text=True)


def test_a_file_with_another_hash_is_refused(tmp_path: Path) -> None:
    known = PINNED["h11"].sha256
    assert download(tmp_path, known).returncode == 0
    refused = download(tmp_path, [each[::-1] for each in known])
    assert refused.returncode != 0
    assert "DO NOT MATCH THE HASHES" in refused.stderr
