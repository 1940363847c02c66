"""Looking after the keys that sign tokens."""

from pathlib import Path

from .conftest import Command


def test_a_rotation_is_listed_the_newest_first(command: Command, configured: Path) -> None:
    assert configured.is_dir()
    assert command("migrate").exit_code == 0
    assert "No keys yet" in command("keys", "list").output
    first, second = (command("keys", "rotate").output.split()[1] for _ in range(2))
    newest, older = command("keys", "list").output.splitlines()
    assert newest.startswith(second)
    assert newest.endswith("signs")
    assert older.startswith(first)
    assert "proves only, since" in older


def test_a_server_without_keys_says_what_to_add(command: Command, directory: Path) -> None:
    secret = "a" * 40
    (directory / "bare.py").write_text(
        f'from ostiary import Auth, Options\nauth = Auth(Options(secret="{secret}"), "sqlite://")\n'
    )
    result = command("keys", "list", "--app", "bare:auth")
    assert result.exit_code == 2
    assert "add Jwt() to its plugins" in result.output
