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
