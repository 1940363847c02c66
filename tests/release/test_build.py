"""S90: whoever builds a release again gets the same bytes, and it holds the package and nothing else."""

import os
import tarfile
import zipfile
from pathlib import Path

from tests.release.conftest import ROOT, Build

SOURCE = ROOT / "src"
DAY = 86_400


def files(folder: Path) -> set[str]:
    found = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(folder)) for path in found}


def test_another_machine_builds_the_same_bytes(built: dict[str, Path], build: Build, tmp_path: Path) -> None:
    """From the published source, at another place and time, in another zone, under another mask."""
    with tarfile.open(built[".gz"]) as source:
        source.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    for path in unpacked.rglob("*"):
        os.utime(path, (DAY, DAY))
    again = build(unpacked, mask=0o077, TZ="Asia/Tokyo", LC_ALL="C", PYTHONHASHSEED="1")
    assert {name: path.read_bytes() for name, path in again.items()} == {
        name: path.read_bytes() for name, path in built.items()
    }


def test_the_wheel_holds_the_package_whole_and_nothing_else(built: dict[str, Path]) -> None:
    names = set(zipfile.ZipFile(built[".whl"]).namelist())
    described = {name for name in names if name.partition("/")[0].endswith(".dist-info")}
    assert names - described == files(SOURCE)
    assert {
        "ostiary/py.typed",
        "ostiary/outgoing/mail/templates/layout.html",
        "ostiary/cli/template/ostiary.toml",
    } < names
    assert {name.partition("/")[2] for name in described} >= {"METADATA", "RECORD", "licenses/LICENSE"}


def test_the_source_holds_what_the_wheel_is_built_from(built: dict[str, Path]) -> None:
    with tarfile.open(built[".gz"]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    beside = {
        "CHANGELOG.md",
        "LICENSE",
        "PKG-INFO",
        "README.md",
        "SECURITY.md",
        "pyproject.toml",
        ".gitignore",
    }
    assert names == beside | {f"src/{name}" for name in files(SOURCE)}
