"""What a migration will not do: it names the column and the cure, and changes nothing."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from ostiary.domain.errors import ConfigurationError
from ostiary.domain.models import ACCOUNT, SESSION, USER, VERIFICATION
from ostiary.domain.runtime import FrozenRuntime
from ostiary.domain.schema import Field, Schema
from ostiary.storage import migrations
from ostiary.storage.migrations import MigrationRefused
from tests.contract.inspection import CORE, quoted, shape, use
from tests.contract.places import POSTGRES, Place, execute, fetch, param
from tests.contract.rows import SCHEMA


async def test_a_required_column_without_a_default_is_refused_where_there_are_people(
    empty_database: str, clock: FrozenRuntime
) -> None:
    schema = Schema((USER.extended([Field[str](name="taxNumber")]), SESSION, ACCOUNT, VERIFICATION))
    await migrations.apply(empty_database, CORE)
    assert (await migrations.plan(empty_database, schema)).refusals == ()
    await use(empty_database, CORE, clock)
    with pytest.raises(MigrationRefused, match=r"user\.taxNumber is required .* add it as nullable"):
        await migrations.apply(empty_database, schema)
    [refusal] = (await migrations.plan(empty_database, schema)).refusals
    assert "user.taxNumber" in refusal


async def test_nothing_is_applied_where_anything_is_refused(sql_place: Place, empty_database: str) -> None:
    await migrations.apply(empty_database, CORE)
    await execute(
        empty_database,
        quoted(sql_place, 'ALTER TABLE "session" DROP COLUMN "userAgent"'),
        quoted(sql_place, 'ALTER TABLE "session" ADD COLUMN "userAgent" INTEGER'),
    )
    before = await shape(sql_place, empty_database)
    with pytest.raises(
        MigrationRefused, match=r"session\.userAgent is INTEGER where the configuration keeps a text"
    ):
        await migrations.apply(empty_database, SCHEMA)
    assert await shape(sql_place, empty_database) == before


@pytest.mark.parametrize(
    ("column", "wrong", "expected"),
    [
        ("ipAddress", "INTEGER", "text"),
        ("ipAddress", "TIMESTAMP NULL", "text"),
        ("expiresAt", "BOOLEAN", "date"),
    ],
)
async def test_a_column_of_another_kind_is_named(
    sql_place: Place, empty_database: str, column: str, wrong: str, expected: str
) -> None:
    await migrations.apply(empty_database, CORE)
    await execute(
        empty_database,
        quoted(sql_place, f'ALTER TABLE "session" DROP COLUMN "{column}"'),
        quoted(sql_place, f'ALTER TABLE "session" ADD COLUMN "{column}" {wrong}'),
    )
    [refusal] = (await migrations.plan(empty_database, CORE)).refusals
    assert f"session.{column} is " in refusal
    assert refusal.endswith(f"keeps a {expected}")


async def test_a_required_column_nobody_fills_is_refused_with_the_cure(
    sql_place: Place, empty_database: str
) -> None:
    await migrations.apply(empty_database, CORE)
    await execute(empty_database, quoted(sql_place, 'DROP TABLE "account"'))
    account = ACCOUNT.extended([Field[str](name="branch")])
    await migrations.apply(empty_database, Schema((USER, SESSION, account, VERIFICATION)))
    [refusal] = (await migrations.plan(empty_database, CORE)).refusals
    assert refusal.startswith("column account.branch is NOT NULL without a default")
    await execute(empty_database, *refusal.partition("run: ")[2].split("; "))
    assert (await migrations.plan(empty_database, CORE)).differences == ()


async def test_the_issuer_of_better_auth_1_7_0_is_refused_with_its_own_cure(
    sql_place: Place, empty_database: str, clock: FrozenRuntime
) -> None:
    await migrations.apply(empty_database, CORE)
    await execute(empty_database, quoted(sql_place, 'DROP TABLE "account"'))
    older = ACCOUNT.extended([Field[str](name="issuer")])
    await migrations.apply(empty_database, Schema((USER, SESSION, older, VERIFICATION)))
    with pytest.raises(MigrationRefused, match=r"account\.issuer .* Better Auth 1\.7\.0 to 1\.7\.2"):
        await migrations.apply(empty_database, CORE)
    [refusal] = (await migrations.plan(empty_database, CORE)).refusals
    await execute(empty_database, *refusal.partition("run: ")[2].split("; "))
    assert (await migrations.plan(empty_database, CORE)).differences == ()
    await use(empty_database, CORE, clock)


async def test_a_column_that_must_not_be_empty_where_we_leave_it_so_is_named(
    sql_place: Place, empty_database: str
) -> None:
    strict = replace(
        SESSION,
        fields=tuple(
            replace(each, required=True) if each.name == "userAgent" else each for each in SESSION.fields
        ),
    )
    await migrations.apply(empty_database, Schema((USER, strict, ACCOUNT, VERIFICATION)))
    [refusal] = (await migrations.plan(empty_database, CORE)).refusals
    assert refusal.startswith("column session.userAgent is NOT NULL")


async def test_two_people_with_one_address_keep_it_from_becoming_unique(
    sql_place: Place, empty_database: str
) -> None:
    """An index that cannot be made is an error, and the rest of the migration does not pretend otherwise."""
    plain = replace(
        USER,
        fields=tuple(replace(each, unique=False) if each.name == "email" else each for each in USER.fields),
    )
    await migrations.apply(empty_database, Schema((plain, SESSION, ACCOUNT, VERIFICATION)))
    assert (await migrations.plan(empty_database, CORE)).differences == ("missing index user_email_uidx",)


@pytest.mark.parametrize("sql_place", [param(POSTGRES)], indirect=True)
async def test_a_migration_that_fails_midway_leaves_nothing(sql_place: Place, empty_database: str) -> None:
    await execute(empty_database, "CREATE VIEW verification AS SELECT 1 AS id")
    with pytest.raises(sa.exc.DBAPIError):
        await migrations.apply(empty_database, CORE)
    rows = await fetch(empty_database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert rows == []


async def test_an_address_nobody_can_read_is_a_configuration_mistake() -> None:
    with pytest.raises(ConfigurationError):
        await migrations.plan("nonsense", CORE)
