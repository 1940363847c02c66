"""Encryption at rest: XChaCha20-Poly1305 envelopes under versioned secrets."""

import binascii
import hashlib
import re
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ostiary.crypto.javascript import text_to_bytes
from ostiary.crypto.signing import Keyring
from ostiary.domain.runtime import Runtime

_NONCE = 24
_TAG = 16
_CONSTANTS = struct.unpack("<4I", b"expand 32-byte k")
_VERSIONED = re.compile(r"\$ba\$([0-9]{1,15})\$([0-9A-Fa-f]*)")
_LOOKS_SEALED = re.compile(r"\$ba\$.*|(?:[0-9A-Fa-f]{2})+", re.DOTALL)
_PURPOSE_SALT = b"better-auth:oauth-encryption:v1"


class SealError(Exception):
    """The text is no envelope, or none of the secrets opens it."""


def seal(plaintext: str, keyring: Keyring, runtime: Runtime) -> str:
    """Encrypt with the current secret; the text names its version where versions are used."""
    nonce = runtime.random_bytes(_NONCE)
    sealed = (nonce + encrypt(_key(keyring.current), nonce, text_to_bytes(plaintext))).hex()
    return sealed if keyring.version is None else f"$ba${keyring.version}${sealed}"


def unseal(sealed: str, keyring: Keyring) -> str:
    """Decrypt what `seal` or a Better Auth server made; raises SealError."""
    data, secrets = _open_envelope(sealed, keyring)
    for secret in secrets:
        try:
            return decrypt(_key(secret), data[:_NONCE], data[_NONCE:]).decode()
        except (InvalidTag, UnicodeDecodeError):
            continue
    raise SealError("no secret opens this envelope")


def looks_sealed(text: str) -> bool:
    """Tell an envelope from plain text that was stored before encryption was switched on."""
    return _LOOKS_SEALED.fullmatch(text) is not None


def purpose_secret(secret: str, purpose: str) -> str:
    """Return the secret for one purpose, such as `oauth-state-cookie`, so that no envelope serves two."""
    info = f"better-auth:{purpose}:v1".encode()
    return HKDF(SHA256(), 32, _PURPOSE_SALT, info).derive(text_to_bytes(secret)).hex()


def purpose_keyring(keyring: Keyring, purpose: str) -> Keyring:
    """Return the ring of the purpose's secrets, versions kept."""
    return keyring.derive(lambda secret: purpose_secret(secret, purpose))


def _open_envelope(sealed: str, keyring: Keyring) -> tuple[bytes, tuple[str, ...]]:
    """Return the encrypted bytes and the secrets that may open them."""
    secrets = keyring.all
    if sealed.startswith("$ba$"):
        envelope = _VERSIONED.fullmatch(sealed)
        secret = keyring.by_version(int(envelope[1])) if envelope else None
        if envelope is None or secret is None:
            raise SealError("the envelope names no version of the keyring")
        sealed, secrets = envelope[2], (secret,)
    try:
        data = binascii.unhexlify(sealed)
    except ValueError as error:
        raise SealError("the envelope is not hexadecimal") from error
    if len(data) < _NONCE + _TAG:
        raise SealError("the envelope is too short")
    return data, secrets


def _key(secret: str) -> bytes:
    return hashlib.sha256(text_to_bytes(secret)).digest()


def encrypt(key: bytes, nonce: bytes, plaintext: bytes, associated: bytes | None = None) -> bytes:
    """XChaCha20-Poly1305: a 32-byte key, a 24-byte nonce; the tag is the last 16 bytes."""
    return _cipher(key, nonce).encrypt(_short(nonce), plaintext, associated)


def decrypt(key: bytes, nonce: bytes, ciphertext: bytes, associated: bytes | None = None) -> bytes:
    """Undo `encrypt`; a wrong key or a changed bit raises cryptography's InvalidTag."""
    return _cipher(key, nonce).decrypt(_short(nonce), ciphertext, associated)


def _cipher(key: bytes, nonce: bytes) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(hchacha20(key, nonce[:16]))


def _short(nonce: bytes) -> bytes:
    return bytes(4) + nonce[16:]


def hchacha20(key: bytes, nonce: bytes) -> bytes:
    """Derive a subkey from a 32-byte key and 16 bytes of nonce (draft-irtf-cfrg-xchacha section 2.2).

    A ChaCha20 block is the state after the rounds plus the state before them. Subtracting the latter, which
    is public in the two rows that make the subkey, leaves HChaCha20, computed by the library's own rounds.
    """
    keystream = Cipher(ChaCha20(key, nonce), mode=None).encryptor().update(bytes(64))
    block = struct.unpack("<16I", keystream)
    before = _CONSTANTS + struct.unpack("<4I", nonce)
    after = block[:4] + block[12:]
    return struct.pack(
        "<8I", *((late - early) & 0xFFFFFFFF for late, early in zip(after, before, strict=True))
    )
