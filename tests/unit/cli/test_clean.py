"""`ostiary clean`."""

import asyncio
from datetime import timedelta
from pathlib import Path

from ostiary.domain.models import SESSION, VERIFICATION
from ostiary.domain.runtime import SystemRuntime
from ostiary.server.application import find_application
from tests.contract.rows import a_verification
from tests.unit.cli.conftest import Command


def test_what_is_over_is_deleted_and_counted(configured: Path, command: Command) -> None:
    assert command("migrate").exit_code == 0
    assert command("clean").stdout == "Nothing was over.\n"

    async def prepare() -> int:
        auth = find_application().auth
        async with auth.lifespan():
            rows = auth.services.store.rows(VERIFICATION)
            for days in (0, 2, 3):
                end = SystemRuntime().now() - timedelta(days=days)
                await rows.insert(a_verification(f"v{days}", expires_at=end))
            return await auth.services.store.rows(SESSION).count()

    assert asyncio.run(prepare()) == 0
    assert command("clean", "--batch", "1").stdout == "verification: 2 rows\n"
    assert command("clean").stdout == "Nothing was over.\n"
