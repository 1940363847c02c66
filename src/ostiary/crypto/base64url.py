"""Base64 with the URL-safe alphabet and without padding (RFC 4648 section 5)."""

import binascii

_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
_TO_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def encode(data: bytes) -> bytes:
    """Return the ASCII text of `data`."""
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL_SAFE).rstrip(b"=")


def decode(text: str) -> bytes:
    """Return the data behind `text`; anything but the unpadded URL-safe alphabet raises ValueError."""
    if "+" in text or "/" in text or "=" in text:
        raise ValueError("not the URL-safe alphabet")
    padded = text.encode("ascii").translate(_TO_STANDARD) + b"=" * (-len(text) % 4)
    return binascii.a2b_base64(padded, strict_mode=True)
