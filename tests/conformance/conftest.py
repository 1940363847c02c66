"""The servers under comparison, started once for all tests of this folder."""

import os
from collections.abc import Iterator

import pytest

from tests.conformance.differences import Judge, listed
from tests.conformance.stage import Configuration, Stage, Theatre, theatre

REFERENCES = ("1.7.7", "1.7.24")
SUBJECT = os.environ.get("OSTIARY_CONFORMANCE_SUBJECT", "ostiary")


@pytest.fixture(scope="session")
def house() -> Iterator[Theatre]:
    """Run both versions of the reference and the server under test; the last one is under test."""
    with theatre([*REFERENCES, SUBJECT]) as running:
        yield running


@pytest.fixture(scope="session")
def stage(house: Theatre, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """Run one configuration on all of them."""
    chosen: Configuration = request.param
    with house.stage(chosen) as running:
        yield running


@pytest.fixture(scope="session")
def judge() -> Judge:
    """Remember over the whole run which listed differences were needed."""
    return Judge(listed())
