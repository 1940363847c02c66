"""S86: MariaDB is taken away in the middle of traffic, and comes back."""

import pytest

from tests.failure.conftest import Serve
from tests.failure.mariadb import OwnMaria
from tests.failure.test_database_down import BOUND, QUICK
from tests.failure.traffic import Outage, Traffic

pytestmark = pytest.mark.services

OUTAGES: dict[str, Outage[OwnMaria]] = {
    "killed": (OwnMaria.kill, OwnMaria.start),
    "frozen": (OwnMaria.freeze, OwnMaria.thaw),
}


async def test_nothing_acknowledged_is_lost_and_nobody_waits_for_long_while_mariadb_is_away(
    maria: OwnMaria, serve: Serve
) -> None:
    server = serve(database=maria.url + QUICK)
    traffic = Traffic(server.address)
    await traffic.survives(maria, OUTAGES.values())
    assert traffic.slowest < BOUND
    assert "unhandled error" not in server.log
