"""Django: `auth_user` and django-allauth's tables, in the database or as `dumpdata` writes them."""

from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

from ostiary.cli.importing.cells import is_true, members, moment, text
from ostiary.cli.importing.newcomers import Export, Newcomer, People, SocialAccount, Unreadable, account_of
from ostiary.cli.importing.reading import Shelf, Table, json_rows
from ostiary.domain.errors import JsonValue

_COLUMNS = (
    "id", "password", "username", "first_name", "last_name", "email",
    "is_active", "is_superuser", "date_joined",
)  # fmt: skip
_SOCIAL, _ADDRESS = "socialaccount.socialaccount", "account.emailaddress"


async def read(export: Export) -> People:
    """Yield everybody from a database URL, or from a file."""
    rows = _from_database(export) if "://" in export.origin else _from_file(Path(export.origin))
    async for each in rows:
        yield each


async def _from_database(export: Export) -> AsyncIterator[Newcomer]:
    table = Table(export.origin, export.page)
    try:
        async for row in table.rows("auth_user", _COLUMNS):
            key = row["id"]
            social = await table.of("socialaccount_socialaccount", ("provider", "uid"), "user_id", key)
            addresses = await table.of("account_emailaddress", ("email", "verified"), "user_id", key)
            yield _newcomer(f"user {key}", key, row, social, addresses)
    finally:
        await table.driver.close()


async def _from_file(path: Path) -> People:
    shelf = Shelf()
    try:
        shelf.fill(_about_others(path))
        for entry in json_rows(path):
            if isinstance(entry, Unreadable):
                yield entry
                continue
            place, row = entry
            if row.get("model") != "auth.user":
                if "model" not in row:
                    yield Unreadable(place, "no entry of dumpdata")
                continue
            key = text(row.get("pk"))
            social = [members(each) for each in shelf.of(f"{_SOCIAL} {key}")]
            addresses = [members(each) for each in shelf.of(f"{_ADDRESS} {key}")]
            yield _newcomer(place, key, members(row.get("fields")), social, addresses)
    finally:
        shelf.close()


def _about_others(path: Path) -> Iterator[tuple[str, JsonValue]]:
    """Yield what allauth's models say, by the person they say it of; they may stand anywhere in the file."""
    for entry in json_rows(path):
        row = {} if isinstance(entry, Unreadable) else entry[1]
        if row.get("model") in {_SOCIAL, _ADDRESS}:
            fields = members(row.get("fields"))
            yield f"{row['model']} {text(fields.get('user'))}", fields


def _newcomer(
    place: str,
    key: object,
    row: Mapping[str, Any],
    social: list[Mapping[str, Any]] | list[dict[str, JsonValue]],
    addresses: list[Mapping[str, Any]] | list[dict[str, JsonValue]],
) -> Newcomer:
    email, password = text(row.get("email")), text(row.get("password"))
    verified = {text(each.get("email")).lower() for each in addresses if is_true(each.get("verified"))}
    name = f"{text(row.get('first_name'))} {text(row.get('last_name'))}".strip()
    accounts: list[SocialAccount | None] = [
        account_of(each.get("provider"), each.get("uid")) for each in social
    ]
    return Newcomer(
        place=place,
        old_id=str(key),
        email=email,
        name=name or text(row.get("username")),
        email_verified=email.lower() in verified,
        created_at=moment(row.get("date_joined")),
        password_hash=password if password and not password.startswith("!") else None,
        accounts=tuple(filter(None, accounts)),
        is_disabled=not is_true(row.get("is_active", True)),
        is_admin=is_true(row.get("is_superuser")),
    )
