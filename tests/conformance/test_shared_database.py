"""The reference and Ostiary on one database at once: each request goes to either, and nobody notices."""

import os
import secrets

import pytest

from tests.conformance.conftest import REFERENCES
from tests.conformance.normalise import Json
from tests.conformance.npm import run
from tests.conformance.stage import Configuration, Theatre, configuration

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
