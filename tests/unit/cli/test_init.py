"""What `init` writes, and what it leaves alone."""

import stat
from pathlib import Path

from ostiary.server import Settings

from .conftest import Command


def test_it_writes_an_application_with_a_secret_that_only_its_owner_reads(
    command: Command, directory: Path
) -> None:
    assert command("init", "shop").exit_code == 0
    assert {path.name for path in (directory / "shop").iterdir()} == {
        "app.py", "ostiary.toml", "README.md", ".env", ".gitignore",
    }  # fmt: skip
    environment = directory / "shop" / ".env"
    assert stat.S_IMODE(environment.stat().st_mode) == 0o600
    assert ".env" in (directory / "shop" / ".gitignore").read_text().splitlines()
    options = Settings.load(directory / "shop" / "ostiary.toml").to_options()
    assert environment.read_text() == f"BETTER_AUTH_SECRET={options.secret}\n"
    assert len(options.secret or "") == 43
    for name in ("app.py", "ostiary.toml", "README.md", ".gitignore"):
        assert (options.secret or "?") not in (directory / "shop" / name).read_text()


def test_two_applications_have_two_secrets(command: Command, directory: Path) -> None:
    command("init", "one")
    command("init", "two")
    assert (directory / "one" / ".env").read_text() != (directory / "two" / ".env").read_text()


def test_it_overwrites_nothing(command: Command, directory: Path) -> None:
    (directory / "app.py").write_text("mine")
    (directory / ".env").symlink_to("nowhere")
    result = command("init")
    assert result.exit_code == 1
    assert "app.py, .env already; nothing was written" in result.stderr
    assert {path.name for path in directory.iterdir()} == {"app.py", ".env"}
    assert (directory / "app.py").read_text() == "mine"


def test_what_git_ignores_already_stays_as_it_is(command: Command, directory: Path) -> None:
    (directory / ".gitignore").write_text("/mine\n.env\n*.log")
    assert command("init").exit_code == 0
    lines = (directory / ".gitignore").read_text().splitlines()
    assert lines[:3] == ["/mine", ".env", "*.log"]
    assert lines.count(".env") == 1
    assert "*.db" in lines


def test_a_directory_that_cannot_be_made_is_one_line(command: Command, directory: Path) -> None:
    (directory / "taken").write_text("a file")
    result = command("init", "taken")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: taken cannot be written")
