"""Encrypted content is proved, then decrypted, then freed of an exact padding (RFC 7518 section 5.2)."""

import base64
import hmac
import itertools
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from ostiary.crypto.jose import _decrypt, decrypt_jwt, encrypt_jwt
from ostiary.crypto.session_cache import SESSION_SALT
from ostiary.crypto.signed_jwt import sign_jwt, verify_jwt
from ostiary.crypto.signing import Keyring
from ostiary.crypto.token_form import TokenRefused
from ostiary.domain.runtime import FrozenRuntime

RING = Keyring.of("new-secret-new-secret-new-secret-0123")
HOUR = timedelta(hours=1)
NOW = datetime(2030, 1, 1, tzinfo=UTC)

# RFC 7518 appendix B.3
KEY = bytes(range(64))
TEXT = (
    b"A cipher system must not be required to be secret, and it must be able to fall into the hands of the "
    b"enemy without inconvenience"
)
ASSOCIATED = "The second principle of Auguste Kerckhoffs"
VECTOR = bytes.fromhex("1af38c2dc2b96ffdd86694092341bc04")
ENCRYPTED = bytes.fromhex(
    "4affaaadb78c31c5da4b1b590d10ffbd3dd8d5d302423526912da037ecbcc7bd822c301dd67c373bccb584ad3e9279c2"
    "e6d12a1374b77f077553df829410446b36ebd97066296ae6427ea75c2e0846a11a09ccf5370dc80bfecbad28c73f09b3"
    "a3b75e662a2594410ae496b2e2e6609e31e6e02cc837f053d21f37ff4f51950bbe2638d09dd7a4930930806d0703b1f6"
)
TAG = bytes.fromhex("4dd3b4c088a7f45c216839645b2012bf2e6269a8c56a816dbc1b267761955bc5")


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _compact(*parts: bytes, header: str = ASSOCIATED, wrapped_key: str = "") -> str:
    return ".".join([header, wrapped_key, *map(_text, parts)])


def test_content_is_decrypted_as_the_standard_says() -> None:
    assert _decrypt(_compact(VECTOR, ENCRYPTED, TAG), KEY) == TEXT


@pytest.mark.parametrize(
    "token",
    [
        _compact(VECTOR + ENCRYPTED[:16], ENCRYPTED[16:], TAG),
        _compact(VECTOR[:15], VECTOR[15:] + ENCRYPTED, TAG),
        _compact(b"", VECTOR + ENCRYPTED, TAG),
        _compact(VECTOR, ENCRYPTED, TAG[:16]),
        _compact(VECTOR, ENCRYPTED, b""),
        _compact(VECTOR, ENCRYPTED, TAG + b"\0"),
        _compact(VECTOR, ENCRYPTED, TAG, header=ASSOCIATED + "."),
        _compact(VECTOR, ENCRYPTED, TAG, wrapped_key="AA"),
        _compact(VECTOR, b"", TAG),
    ],
)
def test_content_whose_parts_were_moved_cut_or_added_to_is_refused(token: str) -> None:
    """The tag covers the parts one after another, so some of these have a tag that fits."""
    with pytest.raises(ValueError):  # noqa: PT011  any ValueError is the contract
        _decrypt(token, KEY)


@pytest.mark.parametrize("padding", [b"", b"\x00", b"\x11", b"\x01\x02", b"\x02\x03\x03"])
def test_content_with_another_padding_is_refused_even_under_its_tag(padding: bytes) -> None:
    sealing = Cipher(AES(KEY[32:]), CBC(VECTOR)).encryptor()
    encrypted = sealing.update(padding.rjust(32, b"x")) + sealing.finalize()
    length = (8 * len(ASSOCIATED)).to_bytes(8)
    tag = hmac.digest(KEY[:32], ASSOCIATED.encode() + VECTOR + encrypted + length, "sha512")[:32]
    with pytest.raises(ValueError, match="padding"):
        _decrypt(_compact(VECTOR, encrypted, tag), KEY)


def test_s19_a_token_with_any_single_bit_changed_is_refused() -> None:
    runtime = FrozenRuntime(NOW)
    signed = sign_jwt({"a": 1}, RING, HOUR, runtime)
    sealed = encrypt_jwt({"a": 1}, RING, SESSION_SALT, HOUR, runtime)
    for place, bit in itertools.product(range(len(sealed)), range(8)):
        with pytest.raises(TokenRefused):
            decrypt_jwt(_flipped(sealed, place, bit), RING, SESSION_SALT, NOW)
    for place, bit in itertools.product(range(len(signed)), range(8)):
        with pytest.raises(TokenRefused):
            verify_jwt(_flipped(signed, place, bit), RING, NOW)


def _flipped(token: str, place: int, bit: int) -> str:
    return token[:place] + chr(ord(token[place]) ^ 1 << bit) + token[place + 1 :]
