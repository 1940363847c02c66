"""Forged tokens of every kind we know: none is believed, and each is told one of four causes."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import perf_counter
from typing import Any

import pytest

from ostiary import JwksIssuer, Options, SessionIssuer, SharedSecretIssuer, Verifier
from ostiary.crypto.jose import encrypt_jwt
from ostiary.crypto.session_cache import CachePayload, encode
from ostiary.crypto.signed_jwt import sign_jwt
from ostiary.crypto.signing import Keyring, sign
from ostiary.domain.errors import AuthError
from ostiary.domain.runtime import FrozenRuntime
from ostiary.http.messages import Request
from ostiary.storage.memory import MemoryKeyValue
from tests.builders import SECRET
from tests.key_server import KeyServer, key_server
from tests.mint import AUDIENCE, Mint, header, private, published, segment, signed
from tests.security.forgeries import KEYS, LEEWAY, LONGEST_LIFE, SKEW, by_secret, kinds

SHARED = "another-secret-of-at-least-thirty-two-bytes"
CODES = {"EXPIRED_TOKEN", "INVALID_SIGNATURE", "MALFORMED_TOKEN", "INVALID_TOKEN"}
CAUSES = {"expired-token", "invalid-signature", "malformed-token", "invalid-token"}


@pytest.fixture
async def server() -> AsyncIterator[KeyServer]:
    async with key_server(*map(published, KEYS)) as running:
        yield running


@pytest.fixture
def mint(server: KeyServer, clock: FrozenRuntime) -> Mint:
    return Mint(server.origin, clock)


@pytest.fixture
async def verifier(server: KeyServer, clock: FrozenRuntime) -> AsyncIterator[Verifier]:
    """Return a verifier that accepts all three kinds of credentials, of which a forgery may choose."""
    issuer = server.origin
    accepting = Verifier(
        JwksIssuer(issuer=issuer, audience=AUDIENCE, leeway=timedelta(seconds=LEEWAY)),
        JwksIssuer(issuer="https://other.example", audience=AUDIENCE, jwks_url=f"{issuer}/other"),
        SharedSecretIssuer(issuer=issuer, audience=AUDIENCE, secret=SHARED),
        SessionIssuer(options=Options(secret=SECRET), key_value=MemoryKeyValue(clock)),
        runtime=clock,
    )
    async with accepting.lifespan():
        yield accepting


async def refusal(verifier: Verifier, token: str) -> AuthError:
    request = Request("GET", "/", {"authorization": f"Bearer {token}"})
    with pytest.raises(AuthError) as refused:
        await verifier.judge(request)
    return refused.value


def test_there_are_hundreds_of_forgeries_and_no_two_are_the_same(mint: Mint) -> None:
    made = [token for forge in kinds().values() for _, token in forge(mint)]
    assert len(set(made)) >= 300
    assert len(kinds()) >= 15


@pytest.mark.parametrize("forge", kinds().values(), ids=kinds())
async def test_no_forgery_is_believed(forge: Any, verifier: Verifier, mint: Mint) -> None:
    """S1, S2, S3, S4, S5, S6, S7, S8, S9, S10, S11, S19"""
    for algorithm in KEYS:
        assert (await verifier.verify(mint.token(algorithm))).user.id == "ada", "so the others are judged"
    for name, token in forge(mint):
        refused = await refusal(verifier, token)
        assert (refused.status, refused.code in CODES) == (401, True), (name, refused.code, refused.reason)
        challenge = refused.headers["www-authenticate"]
        cause = challenge.partition('error_description="')[2].rstrip('"')
        assert challenge.startswith('Bearer error="invalid_token", '), name
        assert cause in CAUSES, name
        assert refused.extra["detail"] == f"Token error: {cause}", name


@contextmanager
def watched() -> Iterator[list[tuple[str, Any]]]:
    """Record what files are opened and what addresses are looked up or connected to."""
    seen: list[tuple[str, Any]] = []
    active = True

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        if active and event in {"open", "socket.connect", "socket.getaddrinfo", "subprocess.Popen"}:
            seen.append((event, arguments[0] if event == "open" else arguments))

    sys.addaudithook(note)  # there is no way to remove it, hence the flag
    try:
        yield seen
    finally:
        active = False


@pytest.mark.parametrize("kind", ["hostile_kid", "key_in_the_header"])
async def test_nothing_in_a_header_leads_to_a_file_or_an_address(
    kind: str, verifier: Verifier, server: KeyServer, mint: Mint
) -> None:
    """S4, S5"""
    tokens = [token for _, token in kinds()[kind](mint)]
    await verifier.verify(mint.token())
    await refusal(verifier, mint.token(kid="the one fetch that an unknown name may cause"))
    with watched() as seen:
        for token in tokens:
            await refusal(verifier, token)
    assert seen == []
    assert server.fetches == 2
    assert set(server.requests) == {"GET /api/auth/jwks HTTP/1.1"}


async def test_the_watch_sees_what_it_is_there_for() -> None:
    with watched() as seen:
        with socket.socket() as probe:
            probe.connect_ex(("127.0.0.1", 9))
        await asyncio.get_running_loop().getaddrinfo("127.0.0.1", 9)
    assert {event for event, _ in seen} == {"socket.connect", "socket.getaddrinfo"}


async def test_what_is_too_large_is_refused_before_it_is_looked_at(verifier: Verifier, mint: Mint) -> None:
    """S10"""
    for size in (8193, 1_000_000, 50_000_000):
        for token in ("A" * size, f"{'A' * size}.e30.AA", f"{mint.token()}{'A' * size}", "." * size):
            request = Request("GET", "/", {"authorization": f"Bearer {token}"})
            best = 1.0
            for _ in range(3):
                started = perf_counter()
                with pytest.raises(AuthError):
                    await verifier.judge(request)
                best = min(best, perf_counter() - started)
            assert best < 0.01, (size, token[:9])


async def test_a_token_is_good_to_the_second(verifier: Verifier, mint: Mint) -> None:
    """S8"""
    now = mint.seconds
    for good in (
        {"exp": now - LEEWAY + 1, "iat": now - 900},
        {"nbf": now + LEEWAY},
        {"nbf": 0},
        {"iat": now + SKEW, "exp": now + SKEW + 1},
        {"iat": now, "exp": now + LONGEST_LIFE},
        {"iat": ..., "exp": now + LONGEST_LIFE},
        {"aud": [AUDIENCE]},
    ):
        assert (await verifier.verify(mint.token(**good))).user.id == "ada", good
    for late, cause in (
        ({"exp": now - LEEWAY, "iat": now - 900}, "EXPIRED_TOKEN"),
        ({"nbf": now + LEEWAY + 1}, "INVALID_TOKEN"),
        ({"iat": now + SKEW + 1}, "INVALID_TOKEN"),
        ({"iat": now, "exp": now + LONGEST_LIFE + 1}, "INVALID_TOKEN"),
    ):
        assert (await refusal(verifier, mint.token(**late))).code == cause, late


async def test_a_token_that_was_good_is_refused_when_its_time_is_over(
    verifier: Verifier, mint: Mint, clock: FrozenRuntime
) -> None:
    """S8"""
    token = mint.token()
    for _ in range(3):
        await verifier.verify(token)
    clock.advance(seconds=900 + LEEWAY)
    assert (await refusal(verifier, token)).code == "EXPIRED_TOKEN"


async def test_a_token_that_was_good_dies_with_its_key(
    verifier: Verifier, server: KeyServer, mint: Mint, clock: FrozenRuntime
) -> None:
    """S3"""
    token = mint.token()
    await verifier.verify(token)
    server.keys = [{**published("EdDSA", number=1)}]
    clock.advance(minutes=5)
    assert (await refusal(verifier, token)).code == "INVALID_SIGNATURE"


async def test_a_name_and_a_kind_lead_to_one_issuer_only(verifier: Verifier, mint: Mint) -> None:
    """S7: what is good for one issuer is good for no other."""
    other = Mint("https://other.example", mint.clock)
    assert (await verifier.verify(other.token())).claims["iss"] == "https://other.example"
    shared = by_secret({"alg": "HS256"}, mint.claims(), SHARED.encode())
    assert (await verifier.verify(shared)).user.id == "ada"
    for token in (
        by_secret({"alg": "HS256"}, other.claims(), SHARED.encode()),
        by_secret({"alg": "HS256", "kid": "EdDSA"}, mint.claims(), SHARED.encode()),
        by_secret({"alg": "HS384"}, mint.claims(), SHARED.encode(), "sha384"),
        by_secret({"alg": "HS256"}, mint.claims(), SECRET.encode()),
        Mint("https://third.example", mint.clock).token(),
    ):
        assert (await refusal(verifier, token)).status == 401


async def test_every_other_token_of_a_server_is_refused(verifier: Verifier, mint: Mint) -> None:
    """S9: what opens a session elsewhere, or proves something else, is no access token."""
    keyring, clock = Keyring.of(SECRET), mint.clock
    shared = Keyring.of(SHARED)
    hour = timedelta(hours=1)
    people = {"id": "ada", "email": "ada@example.com"}
    payload = CachePayload({"token": "t", "userId": "ada"}, people, 0, "1")
    others = {
        "cached session, compact": encode(payload, "compact", hour, keyring, clock),
        "cached session, signed": encode(payload, "jwt", hour, keyring, clock),
        "cached session, encrypted": encode(payload, "jwe", hour, keyring, clock),
        "cached session under the shared secret": encode(payload, "jwt", hour, shared, clock),
        "mail": sign_jwt({"email": "ada@example.com"}, keyring, hour, clock),
        "mail under the shared secret": sign_jwt({"email": "ada@example.com"}, shared, hour, clock),
        "state": encrypt_jwt({"callbackURL": "/"}, keyring, "oauth_state", hour, clock),
        "refresh": clock.new_token(64),
        "a session nobody has": sign(clock.new_token(), keyring),
        "a session token without signature": clock.new_token(),
        "identity, for a client": mint.token(aud="client", nonce="n", at_hash="x"),
        "identity, for a client and us": mint.token(aud=["client", AUDIENCE], azp="client"),
        "log-out": mint.token(typ="logout+jwt", events={}),
        "user information": mint.token(aud="client", typ="JWT"),
    }
    for name, token in others.items():
        refused = await refusal(verifier, token)
        assert (refused.status, refused.code in CODES) == (401, True), name


async def test_a_signature_that_is_no_ascii_is_refused_and_breaks_nothing(verifier: Verifier) -> None:
    """S19"""
    for text in (f"{'a' * 32}.{'é' * 44}", f"{'a' * 32}.{'é' * 43}=", "a.b.é", "é.é.é", "a." + "\udcff" * 44):
        assert (await refusal(verifier, text)).status == 401
        for name in ("better-auth.session_token", "__Secure-better-auth.session_token"):
            assert await verifier.judge(Request("GET", "/", {"cookie": f"{name}={text}"})) is None


async def test_a_genuine_header_with_unknown_parameters_is_as_good_as_before(
    verifier: Verifier, mint: Mint
) -> None:
    """S5: they are ignored, so they can neither help nor harm."""
    token = signed(header(jku="https://evil.example", x=1), mint.claims(), private("EdDSA"))
    assert (await verifier.verify(token)).user.id == "ada"
    assert segment(b"{}") == "e30"
