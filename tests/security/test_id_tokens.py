"""S20: an ID token is believed only as the answer to the very sign-in that asked for it."""

import hashlib
from typing import Any

import pytest

from ostiary import ConfigurationError
from ostiary.crypto import base64url
from ostiary.crypto.json_web_keys import PublicKey, read_public
from ostiary.crypto.token_form import Header, TokenRefused
from ostiary.domain.runtime import FrozenRuntime
from ostiary.verification.id_tokens import IdTokenJudge
from tests.mint import Mint, published

ISSUER = "https://accounts.example"
CLIENT = "our-client"
NONCE = "n-0S6_WzA2Mj"
ACCESS_TOKEN = "ya29.an-access-token"
HASHES = {"EdDSA": "sha512", "ES256": "sha256", "RS256": "sha256", "PS256": "sha256", "ES512": "sha512"}


class Published:
    """The keys of one provider, one for each algorithm."""

    async def key_for(self, header: Header) -> PublicKey | None:
        return read_public(published(header.kid)) if header.kid in HASHES else None


def at_hash(algorithm: str, access_token: str = ACCESS_TOKEN) -> str:
    digest = hashlib.new(HASHES[algorithm], access_token.encode()).digest()
    return base64url.encode(digest[: len(digest) // 2]).decode()


def a_judge(**changes: Any) -> IdTokenJudge:
    return IdTokenJudge(**{"keys": Published(), "issuer": ISSUER, "client_id": CLIENT, **changes})


@pytest.fixture
def mint(clock: FrozenRuntime) -> Mint:
    return Mint(ISSUER, clock)


@pytest.mark.parametrize("algorithm", HASHES)
async def test_an_honest_token_is_believed(mint: Mint, clock: FrozenRuntime, algorithm: str) -> None:
    token = mint.token(algorithm, aud=CLIENT, nonce=NONCE, at_hash=at_hash(algorithm))
    claims = await a_judge().judge(token, clock.now(), nonce=NONCE, access_token=ACCESS_TOKEN)
    assert claims["sub"] == "ada"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"iss": f"{ISSUER}/"},
        {"iss": ...},
        {"aud": "another-client"},
        {"aud": ["another-client"]},
        {"aud": [CLIENT, "another-client"]},
        {"aud": [CLIENT, "another-client"], "azp": "another-client"},
        {"aud": ...},
        {"azp": "another-client"},
        {"azp": None},
        {"nonce": "replayed"},
        {"nonce": ...},
        {"nonce": None},
        {"nonce": "\ud800"},
        {"nonce": ["n-0S6_WzA2Mj"]},
        {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
        {"at_hash": ""},
        {"at_hash": None},
        {"at_hash": 1},
        {"at_hash": "\ud800"},
        {"sub": ...},
        {"sub": ""},
        {"sub": 7},
        {"exp": ...},
        {"exp": 1},
        {"exp": 1 << 60},
        {"iat": ...},
        {"iat": 1 << 52},
        {"nbf": 1 << 52},
    ],
    ids=str,
)
async def test_a_claim_that_does_not_fit_is_refused(
    mint: Mint, clock: FrozenRuntime, changes: dict[str, Any]
) -> None:
    token = mint.token("RS256", **{"aud": CLIENT, "nonce": NONCE, **changes})
    with pytest.raises(TokenRefused):
        await a_judge().judge(token, clock.now(), nonce=NONCE, access_token=ACCESS_TOKEN)


async def test_several_audiences_need_an_authorized_party(mint: Mint, clock: FrozenRuntime) -> None:
    token = mint.token("RS256", aud=[CLIENT, "another-client"], azp=CLIENT, nonce=NONCE)
    assert (await a_judge().judge(token, clock.now(), nonce=NONCE))["azp"] == CLIENT


@pytest.mark.parametrize("typ", ["at+jwt", "logout+jwt", "better-auth.session-cache+jwt", "jwt"])
async def test_another_kind_of_token_is_refused(mint: Mint, clock: FrozenRuntime, typ: str) -> None:
    token = mint.token("EdDSA", typ=typ, aud=CLIENT, nonce=NONCE)
    with pytest.raises(TokenRefused, match="another kind"):
        await a_judge().judge(token, clock.now(), nonce=NONCE)


async def test_a_hash_of_an_algorithm_we_cannot_name_is_refused(mint: Mint, clock: FrozenRuntime) -> None:
    class Odd(Published):
        async def key_for(self, header: Header) -> Any:
            key = await super().key_for(header)
            assert key is not None

            class Renamed:
                algorithm = "EdDSA"
                verifies = staticmethod(key.verifies)

            Renamed.algorithm = "XX999"
            return Renamed

    token = mint.token("EdDSA", aud=CLIENT, nonce=NONCE, at_hash=at_hash("EdDSA"))
    with pytest.raises(TokenRefused):
        await a_judge(keys=Odd()).judge(token, clock.now(), nonce=NONCE, access_token=ACCESS_TOKEN)


def test_rules_that_protect_nothing_are_refused() -> None:
    for changes in ({"issuer": ""}, {"client_id": ""}):
        with pytest.raises(ConfigurationError):
            a_judge(**changes)
