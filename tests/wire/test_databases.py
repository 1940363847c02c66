"""A server makes its own tables, wherever they are kept."""

from pathlib import Path

import pytest

from ostiary import Auth, ConfigurationError
from ostiary.domain.runtime import SystemRuntime
from ostiary.plugins import Admin
from tests.builders import Browser, cheap_hasher, some_options


@pytest.mark.parametrize("address", ["sqlite://", "sqlite:///{folder}/app.db"])
async def test_migrating_twice_is_as_good_as_once(address: str, tmp_path: Path) -> None:
    auth = Auth(some_options(), address.format(folder=tmp_path), hasher=cheap_hasher(SystemRuntime()))
    await auth.migrate()
    await auth.migrate()
    async with Browser(auth) as browser:
        signed_up = await browser.sign_up()
        await auth.migrate()
        assert (await browser.session())["user"] == signed_up["user"]
    await auth.close()


async def test_migrating_tells_what_was_added(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/app.db"
    plain, with_roles = Auth(some_options(), address), Auth(some_options(), address, plugins=[Admin()])
    assert {"table user", "table session", "index session_userId_idx"} <= set(await plain.migrate())
    assert await plain.migrate() == ()
    assert "column user.role" in await with_roles.migrate()
    assert await Auth(some_options()).migrate() == ()


def test_the_tables_are_at_hand_for_an_application_of_its_own() -> None:
    auth = Auth(some_options(), "sqlite://")
    assert {"user", "session", "account", "verification", "rateLimit"} <= set(auth.metadata.tables)
    with pytest.raises(ConfigurationError, match="SQL"):
        _ = Auth(some_options()).metadata
