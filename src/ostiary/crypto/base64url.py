"""Base64 with the URL-safe alphabet and without padding (RFC 4648 section 5)."""

import binascii

_TO_URL_SAFE = bytes.maketrans(b"+/", b"-_")
# the letters that may come last, by the length of the last group
_LAST = {2: frozenset("AQgw"), 3: frozenset("AEIMQUYcgkosw048")}


def encode(data: bytes) -> bytes:
    """Return the ASCII text of `data`."""
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL_SAFE).rstrip(b"=")


def decode(text: str) -> bytes:
    """Return the data behind `text`; ValueError for any other text than `encode` makes of that data."""
    if "+" in text or "/" in text or "=" in text:
        raise ValueError("not the URL-safe alphabet")
    # Python ignores the bits of the last letter that belong to no byte (RFC 4648 section 3.5)
    tail = len(text) % 4
    if tail in _LAST and text[-1] not in _LAST[tail]:
        raise ValueError("bits behind the last byte")
    # not `translate`, which is slower even where these two are many
    standard = text.encode("ascii").replace(b"-", b"+").replace(b"_", b"/")
    return binascii.a2b_base64(standard + b"=" * (-tail % 4), strict_mode=True)
