"""fastapi-users: its tables `user` and `oauth_account`, in the database itself."""

from ostiary.cli.importing.cells import is_true, text
from ostiary.cli.importing.newcomers import Export, Newcomer, People, account_of
from ostiary.cli.importing.reading import Table

_COLUMNS = ("id", "email", "hashed_password", "is_active", "is_superuser", "is_verified")


async def read(export: Export) -> People:
    """Yield everybody of the table `user`, with the accounts that OAuth linked."""
    table = Table(export.origin, export.page)
    try:
        async for row in table.rows("user", _COLUMNS):
            linked = await table.of("oauth_account", ("oauth_name", "account_id"), "user_id", row["id"])
            accounts = (account_of(each["oauth_name"], each["account_id"]) for each in linked)
            yield Newcomer(
                place=f"user {row['id']}",
                old_id=str(row["id"]),
                email=text(row["email"]),
                email_verified=is_true(row["is_verified"]),
                password_hash=text(row["hashed_password"]) or None,
                accounts=tuple(filter(None, accounts)),
                is_disabled=not is_true(row["is_active"]),
                is_admin=is_true(row["is_superuser"]),
            )
    finally:
        await table.driver.close()
