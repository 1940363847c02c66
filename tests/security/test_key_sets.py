"""S14: what a fake issuer serves is refused: keys that prove nothing, and answers that are no key set."""

import asyncio
import base64
import json
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from ostiary import ConfigurationError, JwksIssuer, Verifier
from ostiary.domain.errors import AuthError, IssuerUnavailable
from ostiary.domain.runtime import FrozenRuntime
from ostiary.verification import remote_keys
from tests.key_server import KeyServer, key_server
from tests.mint import AUDIENCE, Mint, pair, published

GOOD = published("EdDSA")


@pytest.fixture
async def server() -> AsyncIterator[KeyServer]:
    async with key_server(GOOD) as running:
        yield running


@pytest.fixture
async def verifier(server: KeyServer, clock: FrozenRuntime) -> AsyncIterator[Verifier]:
    issuer = JwksIssuer(issuer=server.origin, audience=AUDIENCE)
    verifier = Verifier(issuer, runtime=clock)
    async with verifier.lifespan():
        yield verifier


@pytest.fixture
def mint(server: KeyServer, clock: FrozenRuntime) -> Mint:
    return Mint(server.origin, clock)


def small_rsa(bits: int) -> dict[str, Any]:
    numbers = rsa.generate_private_key(65537, bits).public_key().public_numbers()
    size = (bits + 7) // 8
    modulus = base64.urlsafe_b64encode(numbers.n.to_bytes(size)).rstrip(b"=").decode()
    return {"kty": "RSA", "kid": "EdDSA", "alg": "RS256", "n": modulus, "e": "AQAB"}


POISON: dict[str, Any] = {
    "a private member": {**pair("EdDSA").private, "kid": "EdDSA", "alg": "EdDSA"},
    "private members of RSA": {**pair("RS256").private, "kid": "EdDSA", "alg": "RS256"},
    "a symmetric key": {"kty": "oct", "k": "c2VjcmV0", "kid": "EdDSA", "alg": "HS256"},
    "a symmetric key that calls itself EdDSA": {
        "kty": "oct",
        "k": "c2VjcmV0",
        "kid": "EdDSA",
        "alg": "EdDSA",
    },
    "RSA of 1024 bits": small_rsa(1024),
    "RSA of 512 bits": {**small_rsa(1024), "n": "A" * 86},
    "RSA of 16384 bits": {**published("RS256"), "kid": "EdDSA", "n": "_" * 2731},
    "RSA with exponent 1": {**published("RS256"), "kid": "EdDSA", "e": "AQ"},
    "a key for encryption": {**GOOD, "use": "enc"},
    "a key for signing only": {**GOOD, "key_ops": ["sign"]},
    "operations that are no list": {**GOOD, "key_ops": "verify"},
    "an algorithm of another kind": {**GOOD, "alg": "RS256"},
    "the algorithm none": {**GOOD, "alg": "none"},
    "an algorithm that is no text": {**GOOD, "alg": 7},
    "a list of algorithms": {**GOOD, "alg": ["EdDSA"]},
    "a list of algorithms for RSA": {**published("RS256"), "kid": "EdDSA", "alg": ["RS256"]},
    "another curve": {**GOOD, "crv": "X25519"},
    "a curve of another kind": {**published("ES256"), "kid": "EdDSA", "crv": "P-521"},
    "a point that is not on the curve": {**published("ES256"), "kid": "EdDSA", "y": "A" * 43},
    "a kid that is no text": {**GOOD, "kid": ["EdDSA"]},
    "a key that is cut off": {**GOOD, "x": GOOD["x"][:20]},
    "no key at all": {"kid": "EdDSA"},
    "text": "EdDSA",
    "null": None,
}


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON)
async def test_a_key_that_must_not_be_trusted_is_left_out_and_the_others_stay(
    poison: Any, verifier: Verifier, server: KeyServer, mint: Mint, caplog: pytest.LogCaptureFixture
) -> None:
    server.keys = [poison, published("ES256")]
    with caplog.at_level(logging.WARNING):
        assert (await verifier.verify(mint.token("ES256"))).user.id == "ada"
    with pytest.raises(AuthError) as refused:
        await verifier.verify(mint.token("EdDSA"))
    assert refused.value.status == 401
    assert "not used" in caplog.text, "the operator learns of it"
    for secret in (pair("EdDSA").private["d"], pair("RS256").private["d"]):
        assert secret not in caplog.text


async def test_two_keys_of_one_name_are_both_left_out(
    verifier: Verifier, server: KeyServer, mint: Mint
) -> None:
    server.keys = [GOOD, published("EdDSA", "EdDSA", 1), published("ES256")]
    for number in (0, 1):
        with pytest.raises(AuthError):
            await verifier.verify(mint.token(number=number))
    assert (await verifier.verify(mint.token("ES256"))).user.id == "ada"


ANSWERS: dict[str, dict[str, Any]] = {
    "a redirect to another host": {
        "status": 302, "headers": ["location: http://127.0.0.2:1/jwks"], "body": b"",
    },
    "a redirect with a key set": {"status": 307, "headers": ["location: /elsewhere"]},
    "an error with a key set": {"status": 500},
    "no content": {"status": 204, "body": b""},
    "a page": {"body": b"<html></html>", "headers": ["content-type: text/html"]},
    "no JSON": {"body": b"{"},
    "a list": {"body": json.dumps([GOOD]).encode()},
    "keys that are no list": {"body": json.dumps({"keys": {"EdDSA": GOOD}}).encode()},
    "a repeated name": {"body": b'{"keys": [], "keys": [' + json.dumps(GOOD).encode() + b"]}"},
    "what is not UTF-8": {"body": b'{"keys": ["\xff"]}'},
    "bottomless nesting": {"body": b"[" * 100_000},
    "a hundred and one keys": {"keys": [{**GOOD, "kid": f"key {number}"} for number in range(101)]},
    "ten megabytes": {"body": json.dumps({"keys": [GOOD], "x": "x" * 10_000_000}).encode()},
    "compressed content": {"body": b"\x1f\x8b\x08\x00", "headers": ["content-encoding: gzip"]},
}  # fmt: skip


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
async def test_an_answer_that_is_no_key_set_leaves_the_token_unjudged(
    answer: dict[str, Any], verifier: Verifier, server: KeyServer, mint: Mint
) -> None:
    vars(server).update(answer)
    with pytest.raises(IssuerUnavailable):
        await verifier.verify(mint.token())
    assert server.requests == ["GET /api/auth/jwks HTTP/1.1"], "nothing else was asked"


async def test_a_large_answer_is_not_read_to_its_end(
    verifier: Verifier, server: KeyServer, mint: Mint
) -> None:
    server.body = b" " * 200_000_000
    with pytest.raises(IssuerUnavailable):
        await verifier.verify(mint.token())
    assert server.sent < 20_000_000  # what the machine's own buffers take


async def test_an_answer_that_trickles_is_given_up(
    verifier: Verifier, server: KeyServer, mint: Mint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S73"""
    monkeypatch.setattr(remote_keys, "_PATIENCE", 0.3)
    server.drip = 0.05
    started = asyncio.get_running_loop().time()
    with pytest.raises(IssuerUnavailable):
        await verifier.verify(mint.token())
    assert asyncio.get_running_loop().time() - started < 1


async def test_a_good_set_outlives_a_bad_one(
    verifier: Verifier, server: KeyServer, mint: Mint, clock: FrozenRuntime
) -> None:
    await verifier.verify(mint.token())
    server.body = b"[]"
    clock.advance(minutes=6)
    assert (await verifier.verify(mint.token())).user.id == "ada"
    assert server.fetches == 2


async def test_a_good_key_with_certificates_and_addresses_leads_nowhere(
    verifier: Verifier, server: KeyServer, mint: Mint
) -> None:
    server.keys = [{**GOOD, "x5u": f"{server.origin}/certificate", "x5c": ["AAAA"], "x5t": "x"}]
    assert (await verifier.verify(mint.token())).user.id == "ada"
    assert server.fetches == 1


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("http://auth.example/jwks", {}),
        ("http://10.0.0.7/jwks", {}),
        ("https://10.0.0.7/jwks", {}),
        ("https://169.254.169.254/jwks", {}),
        ("http://169.254.169.254/jwks", {"private_network": True}),
        ("https://[fd00:ec2::254]/jwks", {"private_network": True}),
        ("https://[::ffff:10.0.0.7]/jwks", {}),
        ("http://0.0.0.0/jwks", {"private_network": True}),
        ("https://8.8.8.8/jwks", {"private_network": True}),
        ("ftp://auth.example/jwks", {}),
        ("file:///etc/passwd", {}),
        ("https://user:password@auth.example/jwks", {}),
        ("https:///jwks", {}),
        ("https://auth.example:port/jwks", {}),
        ("//auth.example/jwks", {}),
        ("jwks", {}),
    ],
)
def test_an_address_that_cannot_be_meant_is_refused_at_the_start(url: str, options: dict[str, Any]) -> None:
    """S14, S73"""
    with pytest.raises(ConfigurationError):
        JwksIssuer(issuer="https://auth.example", audience=AUDIENCE, jwks_url=url, **options)


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("https://auth.example/jwks", {}),
        ("https://1.1.1.1/jwks", {}),
        ("http://localhost:3000/jwks", {}),
        ("http://127.0.0.1:3000/jwks", {}),
        ("http://[::1]:3000/jwks", {}),
        ("http://auth.auth.svc.cluster.local/jwks", {"private_network": True}),
        ("http://10.0.0.7/jwks", {"private_network": True}),
        ("https://100.64.0.9/jwks", {"private_network": True}),
    ],
)
def test_an_address_in_plain_sight_is_accepted(url: str, options: dict[str, Any]) -> None:
    JwksIssuer(issuer="https://auth.example", audience=AUDIENCE, jwks_url=url, **options)


def test_the_life_of_a_key_set_is_bounded() -> None:
    """S13"""
    for times in (
        {"max_age": timedelta(0)},
        {"max_age": timedelta(days=2), "stale_for": timedelta(days=3)},
        {"max_age": timedelta(hours=2), "stale_for": timedelta(hours=1)},
    ):
        with pytest.raises(ConfigurationError):
            JwksIssuer(issuer="https://auth.example", audience=AUDIENCE, **times)
