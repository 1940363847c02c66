"""The URL-safe alphabet, without padding, and nothing else."""

import pytest

from ostiary.crypto import base64url

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"", b""), (b"f", b"Zg"), (b"fo", b"Zm8"), (b"foo", b"Zm9v"), (b"\xfb\xff\xbf", b"-_-_")],
)
def test_data_and_text_correspond(data: bytes, text: bytes) -> None:
    assert base64url.encode(data) == text
    assert base64url.decode(text.decode()) == data


@pytest.mark.parametrize(
    "text", ["Zg==", "+/+/", "Zm 9v", "Zm9v\n", "Z", "é", "\ud800", "Zm9v!", "Zh", "Zm9"]
)
def test_anything_else_is_no_base64url(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # any ValueError is the contract
        base64url.decode(text)


def test_no_two_texts_stand_for_the_same_data() -> None:
    """S28: the last letter has bits to spare, and whoever sets them has changed a signed text."""
    for data in (b"a", b"ab", b"abc", bytes(range(64)), bytes(range(65))):
        text = base64url.encode(data).decode()
        others = [text[:-1] + letter for letter in ALPHABET if letter != text[-1]]
        assert [other for other in others if decoded(other) == data] == []
        assert decoded(text) == data


def decoded(text: str) -> bytes | None:
    try:
        return base64url.decode(text)
    except ValueError:
        return None
