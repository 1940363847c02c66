"""The URL-safe alphabet, without padding, and nothing else."""

import pytest

from ostiary.crypto import base64url


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"", b""), (b"f", b"Zg"), (b"fo", b"Zm8"), (b"foo", b"Zm9v"), (b"\xfb\xff\xbf", b"-_-_")],
)
def test_data_and_text_correspond(data: bytes, text: bytes) -> None:
    assert base64url.encode(data) == text
    assert base64url.decode(text.decode()) == data


@pytest.mark.parametrize("text", ["Zg==", "+/+/", "Zm 9v", "Zm9v\n", "Z", "é", "\ud800", "Zm9v!"])
def test_anything_else_is_no_base64url(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # any ValueError is the contract
        base64url.decode(text)
