"""Whatever is signed or sealed comes back unchanged; with a single bit changed it does not come back."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwe, jws
from joserfc.jwk import OctKey

from ostiary.crypto.jose import _content_key, _decrypt, decrypt_jwt, encrypt_jwt
from ostiary.crypto.sealing import SealError, seal, unseal
from ostiary.crypto.session_cache import SESSION_SALT, CachePayload, decode, encode
from ostiary.crypto.signed_jwt import sign_jwt, verify_jwt
from ostiary.crypto.signing import Keyring, Mac, decode_cookie_value, sign, sign_cookie, unsign
from ostiary.crypto.token_form import TokenRefused
from ostiary.domain.runtime import FrozenRuntime

patient = settings(deadline=None)  # a busy machine is no failure
NOW = datetime(2030, 1, 1, tzinfo=UTC)
RUNTIME = FrozenRuntime(NOW)
RING = Keyring.of("new-secret-new-secret-new-secret-0123", "old-secret-old-secret-old-secret-0123")
FIVE = timedelta(minutes=5)

text = st.text()  # Hypothesis makes no surrogates here
secrets = st.text(min_size=14, max_size=100)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(st.text(), json_values, max_size=4)
payloads = st.builds(CachePayload, objects, objects, st.integers(0, 2**45), st.text(min_size=1))


def flip(value: str, bit: int) -> str:
    """Change one bit of the ASCII text."""
    data = bytearray(value.encode())
    data[bit // 8 % len(data)] ^= 1 << bit % 8
    return data.decode("latin-1")


@patient
@given(secrets, st.binary(max_size=200))
def test_s19_the_prepared_mac_is_hmac_sha256(secret: str, message: bytes) -> None:
    assert Mac(secret).digest(message) == hmac.digest(secret.encode(), message, hashlib.sha256)


@patient
@given(text.filter(bool), secrets)
def test_signed_cookies_round_trip(value: str, secret: str) -> None:
    cookie = sign_cookie(value, Keyring.of(secret))
    assert cookie.isascii()
    assert unsign(decode_cookie_value(cookie), Keyring.of(secret)) == value


@patient
@given(st.text("abcXYZ0189-_!", min_size=1, max_size=40), st.integers(0, 10_000))
def test_s19_a_signed_value_with_any_bit_changed_is_refused(value: str, bit: int) -> None:
    assert unsign(flip(sign(value, RING), bit), RING) is None


@patient
@given(text, text)
def test_s19_a_signature_proves_no_other_value(value: str, other: str) -> None:
    if value and value != other:
        assert unsign(f"{other}.{sign(value, RING).rpartition('.')[2]}", RING) is None


@patient
@given(text)
def test_sealed_text_round_trips(plaintext: str) -> None:
    for ring in (RING, Keyring.parse("2:second secret,1:first secret")):
        assert unseal(seal(plaintext, ring, RUNTIME), ring) == plaintext


@patient
@given(st.text(max_size=20), st.integers(0, 10_000))
def test_an_envelope_with_any_bit_changed_is_refused(plaintext: str, bit: int) -> None:
    sealed = seal(plaintext, RING, RUNTIME)
    changed = flip(sealed, bit)
    if changed.lower() != sealed:  # the case of a hexadecimal digit carries nothing
        with pytest.raises(SealError):
            unseal(changed, RING)


@patient
@given(payloads, st.sampled_from(["compact", "jwt", "jwe"]))
def test_cookie_caches_round_trip(payload: CachePayload, strategy: str) -> None:
    assert decode(encode(payload, strategy, FIVE, RING, RUNTIME), strategy, RING, NOW) == payload


@patient
@given(payloads, st.sampled_from(["compact", "jwt", "jwe"]), st.integers(0, 100_000))
def test_a_cookie_cache_with_any_bit_changed_is_refused(
    payload: CachePayload, strategy: str, bit: int
) -> None:
    value = encode(payload, strategy, FIVE, RING, RUNTIME)
    assert decode(flip(value, bit), strategy, RING, NOW) is None


@patient
@given(objects, st.integers(0, 100_000))
def test_a_token_with_any_bit_changed_is_refused(claims: dict[str, object], bit: int) -> None:
    with pytest.raises(TokenRefused):
        verify_jwt(flip(sign_jwt(claims, RING, FIVE, RUNTIME), bit), RING, NOW)
    with pytest.raises(TokenRefused):
        decrypt_jwt(
            flip(encrypt_jwt(claims, RING, SESSION_SALT, FIVE, RUNTIME), bit), RING, SESSION_SALT, NOW
        )


@patient
@given(st.binary(max_size=100), st.dictionaries(st.sampled_from(["kid", "typ", "cty"]), text, max_size=3))
def test_what_another_library_encrypts_is_decrypted(content: bytes, header: dict[str, str]) -> None:
    key = _content_key(RING.current, SESSION_SALT)[1]
    token = jwe.encrypt_compact({"alg": "dir", "enc": "A256CBC-HS512", **header}, content, key)
    assert _decrypt(token, key.raw_value) == content


@patient
@given(objects)
def test_another_library_opens_our_tokens_and_we_open_its_own(claims: dict[str, object]) -> None:
    signed, key = sign_jwt(claims, RING, FIVE, RUNTIME), OctKey.import_key(RING.current)
    opened = jws.deserialize_compact(signed, key)
    theirs = jws.serialize_compact({"alg": "HS256"}, opened.payload, key)
    assert verify_jwt(theirs, RING, NOW) == verify_jwt(signed, RING, NOW)
    sealed, key = (
        encrypt_jwt(claims, RING, SESSION_SALT, FIVE, RUNTIME),
        _content_key(RING.current, SESSION_SALT)[1],
    )
    assert jwe.decrypt_compact(sealed, key).plaintext == _decrypt(sealed, key.raw_value)
