"""A server makes its own tables, wherever they are kept."""

from pathlib import Path

import pytest

from ostiary import Auth, ConfigurationError
from ostiary.domain.runtime import SystemRuntime
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


def test_the_tables_are_at_hand_for_an_application_of_its_own() -> None:
    auth = Auth(some_options(), "sqlite://")
    assert {"user", "session", "account", "verification", "rateLimit"} <= set(auth.metadata.tables)
    with pytest.raises(ConfigurationError, match="SQL"):
        _ = Auth(some_options()).metadata
