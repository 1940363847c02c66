"""Another system's tables are read page by page, wherever they are."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from ostiary.cli.importing.newcomers import Export, Newcomer, SocialAccount
from ostiary.cli.importing.sources import SOURCES
from tests.contract.places import SQL_PLACES, Place, execute

IDS = [str(uuid.UUID(int=number + (4 << 76))) for number in range(5)]


@pytest.fixture(params=SQL_PLACES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    place: Place = request.param
    made = place.create(tmp_path)
    yield made
    place.drop(made)


async def prepare(url: str) -> None:
    """Make the tables of fastapi-users as its types are on each database."""
    backend = make_url(url).get_backend_name()
    kind = "UUID" if backend == "postgresql" else "CHAR(36)"
    table = "`user`" if backend == "mysql" else '"user"'
    rows = ", ".join(
        f"('{each}', 'p{n}@example.com', '$2b$04$x', true, false, true)" for n, each in enumerate(IDS)
    )
    await execute(
        url,
        f"CREATE TABLE {table} (id {kind} PRIMARY KEY, email VARCHAR(320), hashed_password VARCHAR(1024), "
        "is_active BOOLEAN, is_superuser BOOLEAN, is_verified BOOLEAN)",
        f"INSERT INTO {table} VALUES {rows}",
    )


async def prepare_accounts(url: str) -> None:
    kind = "UUID" if make_url(url).get_backend_name() == "postgresql" else "CHAR(36)"
    await execute(
        url,
        f"CREATE TABLE oauth_account (user_id {kind}, oauth_name VARCHAR(100), account_id VARCHAR(320))",
        f"INSERT INTO oauth_account VALUES ('{IDS[3]}', 'google', 'g-1'), ('{IDS[3]}', 'github', 'h-1')",
    )


async def read(url: str, page: int) -> list[Newcomer]:
    export = Export(origin=url, page=page)
    return [each async for each in SOURCES["fastapi-users"](export) if isinstance(each, Newcomer)]


@pytest.mark.parametrize("page", [1, 2, 5, 6])
async def test_every_row_is_read_once_whatever_the_page(url: str, page: int) -> None:
    await prepare(url)
    await prepare_accounts(url)
    found = await read(url, page)
    assert [(each.old_id, each.email) for each in found] == [
        (each, f"p{number}@example.com") for number, each in enumerate(IDS)
    ]
    assert all(each.email_verified and not each.is_disabled and not each.is_admin for each in found)
    assert set(found[3].accounts) == {SocialAccount("google", "g-1"), SocialAccount("github", "h-1")}
    assert found[2].accounts == ()


async def test_a_system_without_social_accounts_has_none(url: str) -> None:
    await prepare(url)
    assert [each.accounts for each in await read(url, 3)] == [()] * 5
