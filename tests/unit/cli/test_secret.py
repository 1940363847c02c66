"""New secrets and rotation."""

from pathlib import Path

import pytest

from ostiary.crypto.signing import Keyring
from tests.builders import SECRET

from .conftest import Command


def test_a_secret_has_256_bits_and_is_new_each_time(command: Command) -> None:
    secrets = {command("secret").stdout for _ in range(20)}
    assert len(secrets) == 20
    for text in secrets:
        assert text.endswith("\n")
        # 43 letters and digits: 43 * log2(62) > 256
        assert len(text.strip()) == 43
        assert text.strip().isalnum()
        assert text.isascii()


def test_rotation_puts_a_new_secret_before_the_present_one(command: Command, configured: Path) -> None:
    result = command("secret", "--rotate")
    ring = Keyring.parse(result.stdout.strip())
    assert [each.version for each in ring.secrets] == [2, 1]
    assert ring.secrets[1].value == SECRET
    assert len(ring.current) == 43
    assert "restart" in result.stderr


def test_rotation_goes_on_from_the_newest_version(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BETTER_AUTH_SECRETS", f"4:{SECRET},9:{SECRET[::-1]}")
    ring = Keyring.parse(command("secret", "--rotate").stdout.strip())
    assert [each.version for each in ring.secrets] == [10, 4, 9]
    assert [each.value for each in ring.secrets[1:]] == [SECRET, SECRET[::-1]]


def test_a_secret_that_the_list_cannot_carry_stays_where_it_is(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BETTER_AUTH_SECRET", f"{SECRET},with a comma")
    ring = Keyring.parse(command("secret", "--rotate").stdout.strip())
    assert [each.version for each in ring.secrets] == [1]


def test_without_a_secret_there_is_nothing_to_rotate(command: Command) -> None:
    result = command("secret", "--rotate")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "no secret to rotate" in result.stderr
