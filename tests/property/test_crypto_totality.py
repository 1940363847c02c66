"""Whatever arrives from outside gets an answer, never an exception that nobody named."""

import contextlib
import json
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.crypto import base64url
from ostiary.crypto.javascript import stringify, text_to_bytes
from ostiary.crypto.jose import decrypt_jwt
from ostiary.crypto.password_hashes.argon2 import Argon2
from ostiary.crypto.password_hashes.bcrypt import Bcrypt
from ostiary.crypto.password_hashes.pbkdf2 import DjangoPbkdf2
from ostiary.crypto.password_hashes.scrypt import Scrypt
from ostiary.crypto.sealing import SealError, looks_sealed, unseal
from ostiary.crypto.session_cache import SESSION_SALT, decode
from ostiary.crypto.signed_jwt import verify_jwt
from ostiary.crypto.signing import Keyring, decode_cookie_value, encode_uri_component, unsign
from ostiary.crypto.token_form import TokenRefused

patient = settings(deadline=None)  # a busy machine is no failure
NOW = datetime(2030, 1, 1, tzinfo=UTC)
RING = Keyring.parse(
    "2:new-secret-new-secret-new-secret,1:old-secret-old-secret-old-secret", legacy="legacy-secret-x"
)
CHEAP = (
    Scrypt(),
    Argon2(memory=64, iterations=1, memory_cap=64, iterations_cap=2, parallelism_cap=2),
    Bcrypt(cost=4, cost_cap=4),
    DjangoPbkdf2(iterations_cap=100),
)

any_text = st.text(st.characters(codec=None), max_size=200)  # lone surrogates included
base64_text = st.text("ABCabc019-_", max_size=120)
json_text = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=8,
)
headers = st.dictionaries(
    st.sampled_from(["alg", "enc", "kid", "typ", "crit", "zip", "b64", "x5u", "jwk"]),
    st.sampled_from(
        ["HS256", "none", "dir", "A256CBC-HS512", "A256GCM", "DEF", "", None, 5, [], {}, ["b64"], True]
    ),
)
tokens = st.builds(
    lambda header, parts: ".".join([base64url.encode(json.dumps(header).encode()).decode(), *parts]),
    headers,
    st.lists(base64_text, min_size=1, max_size=5),
)
compact_like = st.builds(
    lambda inner, end, signature: base64url.encode(
        b'{"session":{%b},"expiresAt":%d,"signature":"%b"}' % (inner, end, signature.encode())
    ).decode(),
    st.binary(max_size=60),
    st.integers(0, 10**18),
    st.text("ABC-_", min_size=43, max_size=43),
)


@patient
@given(any_text)
def test_s19_unsign_is_total(value: str) -> None:
    assert unsign(value, RING) is None
    assert unsign(f"{value}.{'A' * 43}=", RING) is None


@patient
@given(any_text)
def test_decoding_a_cookie_is_total(value: str) -> None:
    assert isinstance(decode_cookie_value(value), str)


@patient
@given(st.text())
def test_percent_encoding_round_trips(value: str) -> None:
    assert decode_cookie_value(encode_uri_component(value)) == value


@patient
@given(any_text | tokens | compact_like, st.sampled_from(["compact", "jwt", "jwe"]))
def test_s34_reading_a_cookie_cache_is_total(value: str, strategy: str) -> None:
    assert decode(value, strategy, RING, NOW) is None


@patient
@given(any_text | tokens)
def test_tokens_are_refused_by_name(value: str) -> None:
    for attempt in (
        lambda: verify_jwt(value, RING, NOW),
        lambda: decrypt_jwt(value, RING, SESSION_SALT, NOW),
    ):
        with contextlib.suppress(TokenRefused):
            raise AssertionError(attempt())


@patient
@given(
    any_text
    | st.binary(max_size=80).map(bytes.hex)
    | st.binary(max_size=80).map(lambda data: "$ba$2$" + data.hex())
)
def test_envelopes_are_refused_by_name(value: str) -> None:
    looks_sealed(value)
    with contextlib.suppress(SealError):
        raise AssertionError(unseal(value, RING))


formats = st.one_of(
    any_text,
    st.from_regex(
        r"\$argon2(id|i|d)\$(v=[0-9]{1,3}\$)?m=[0-9]{1,3},t=[0-9],p=[0-9]\$[a-z]{0,30}\$[a-z]{0,30}",
        fullmatch=True,
    ),
    st.from_regex(r"\$2[abxy]\$0[0-9]\$[./a-z]{50,54}", fullmatch=True),
    st.from_regex(r"pbkdf2_sha(1|256)\$[0-9]{1,3}\$[^$]{0,5}\$[A-Z]{20,43}=?", fullmatch=True),
)


@patient
@given(any_text, formats)
def test_verifying_a_stored_password_is_total(password: str, stored: str) -> None:
    for algorithm in CHEAP:
        algorithm.recognises(stored)
        assert not algorithm.verify(password, stored)


@patient
@given(any_text)
def test_text_is_encoded_as_a_text_encoder_does(text: str) -> None:
    assert (
        text_to_bytes(text)
        == text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()
    )


@patient
@given(json_text)
def test_json_is_written_once_and_for_all(value: object) -> None:
    """Writing what was read changes nothing: a peer that parses and serialises again gets the same bytes."""
    written = stringify(value)
    assert stringify(json.loads(written)) == written
