"""The reference and Ostiary on one database at once: each request goes to either, and nobody notices."""

import os
import secrets

import pytest

from tests.conformance.client import Client
from tests.conformance.conftest import REFERENCES
from tests.conformance.normalise import Json
from tests.conformance.npm import run
from tests.conformance.scenarios.linking import identifiers
from tests.conformance.scenarios.social import ada, arrive, depart, providers
from tests.conformance.stage import Configuration, Theatre, configuration
from tests.conformance.transcript import Transcript

pytestmark = pytest.mark.services
SEED = int(os.environ.get("OSTIARY_CONFORMANCE_SEED", "0")) or 1 + secrets.randbelow(1_000_000)
DELETION: Json = {"deleteUser": {"enabled": True}}
MANY, SOME = 20, 4


def _cached(strategy: str) -> Configuration:
    cache: Json = {"cookieCache": {"enabled": True, "strategy": strategy}}
    return configuration(f"shared_cache_{strategy}", user=DELETION, session=cache)


PLAYED = [
    pytest.param(configuration("shared_postgresql", user=DELETION), "1.7.24", MANY, id="PostgreSQL"),
    pytest.param(configuration("shared_redis", redis=True, user=DELETION), "1.7.24", MANY, id="Redis"),
    pytest.param(
        configuration("shared_both", redis=True, user=DELETION, session={"storeSessionInDatabase": True}),
        "1.7.24",
        SOME,
        id="Redis and PostgreSQL",
    ),
    pytest.param(configuration("shared_older", user=DELETION), "1.7.7", SOME, id="PostgreSQL with 1.7.7"),
    *(pytest.param(_cached(each), "1.7.24", SOME, id=f"{each} cache") for each in ("compact", "jwt", "jwe")),
]


@pytest.mark.parametrize(("chosen", "reference", "rounds"), PLAYED)
def test_a_whole_life_passes_wherever_each_request_goes(
    house: Theatre, chosen: Configuration, reference: str, rounds: int
) -> None:
    assert reference in REFERENCES
    subject = list(house.servers)[-1]
    with house.shared(chosen, [reference, subject]) as ports:
        assert run("journey", ports, SEED, rounds=rounds, atOnce=4) == rounds


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "PS256"])
@pytest.mark.parametrize("reference_first", [True, False], ids=["the reference", "Ostiary"])
def test_whoever_makes_the_key_both_sign_with_it_and_prove_with_it(
    house: Theatre, algorithm: str, *, reference_first: bool
) -> None:
    # configurations that differ have databases of their own, and so keys
    keys: Json = {"keyPairConfig": {"alg": algorithm}, "gracePeriod": 3600 + reference_first}
    chosen = configuration(f"shared_keys_{algorithm}", plugins={"jwt": {"jwks": keys}, "bearer": {}})
    subject = list(house.servers)[-1]
    with house.shared(chosen, ["1.7.24", subject]) as [reference, ours]:
        maker, other = (reference, ours) if reference_first else (ours, reference)
        run("tokens", [maker], 1, rounds=1)
        steps = run("tokens", [maker, other], SEED, rounds=SOME)
    assert isinstance(steps, list)
    assert {step["keys"] for step in steps if isinstance(step, dict) and "keys" in step} == {1}


@pytest.mark.parametrize("reference", ["1.7.7", "1.7.24"])
@pytest.mark.parametrize("encrypted", [True, False], ids=["encrypted", "plain"])
def test_provider_tokens_of_one_server_are_read_and_renewed_by_the_other(
    house: Theatre, reference: str, *, encrypted: bool
) -> None:
    account: Json = {"encryptOAuthTokens": encrypted, "storeAccountCookie": True}
    chosen = configuration(f"shared_tokens_{encrypted}_{reference}", plugins=providers(), account=account)
    names = [reference, list(house.servers)[-1]]
    with house.shared(chosen, names) as ports:
        jar: dict[str, str] = {}
        theirs, ours = (
            Client(chosen.target(name, port, "", None), Transcript(f"{chosen.name}/tokens", name), jar=jar)
            for name, port in zip(names, ports, strict=True)
        )
        for starting, ending in ((theirs, ours), (ours, theirs), (theirs, theirs), (ours, ours)):
            # a flow that one has begun ends at the other, which reads what the first has kept
            answer = arrive(ending, depart(starting), **ada(theirs))
            assert ("location", "/in") in answer.headers
            [row] = identifiers(starting.get("/list-accounts"))
            for selection in ({"useAccountCookie": True}, {"accountId": row}):
                read = [
                    each.post("/get-access-token", selection).at("accessToken") for each in (theirs, ours)
                ]
                assert read[0] == read[1]
                renewed = ending.post("/refresh-token", selection).at("accessToken")
                assert renewed != read[0]
                assert starting.post("/get-access-token", selection).at("accessToken") == renewed
            kept = starting.get(f"/account-info?accountId={row}").at("user", "email")
            assert kept == theirs.email("ada")
