"""Supabase: `auth.users`, and `auth.identities` beside it, as CSV of the dashboard or of psql."""

import json
from collections.abc import Iterator
from pathlib import Path

from ostiary.cli.importing.cells import members, moment, text
from ostiary.cli.importing.newcomers import Export, Newcomer, People, SocialAccount, Unreadable, account_of
from ostiary.cli.importing.reading import Row, Rows, Shelf, csv_rows, is_csv, json_rows, whole
from ostiary.domain.errors import JsonValue

_NO_PROVIDERS = {"email", "phone"}


async def read(export: Export) -> People:
    """Yield everybody of the file with users; `identities` names the one with their accounts."""
    shelf = Shelf()
    try:
        if export.identities is not None:
            shelf.fill(_identities(export.identities))
        for row in _rows(Path(export.origin), "email"):
            yield row if isinstance(row, Unreadable) else _person(*row, shelf)
    finally:
        shelf.close()


def _rows(path: Path, required: str) -> Rows:
    return csv_rows(path, required=required) if is_csv(path) else json_rows(path)


def _identities(path: Path) -> Iterator[tuple[str, JsonValue]]:
    for row in whole(_rows(path, "user_id"), path):
        yield text(row.get("user_id")), dict(row)


def _person(place: str, row: Row, shelf: Shelf) -> Newcomer | Unreadable:
    return Unreadable(place, "deleted") if text(row.get("deleted_at")) else _newcomer(place, row, shelf)


def _newcomer(place: str, row: Row, shelf: Shelf) -> Newcomer:
    told, key = _object(row.get("raw_user_meta_data")), text(row.get("id"))
    links = [members(each) for each in shelf.of(key)]
    accounts = (_account(each) for each in links if text(each.get("provider")) not in _NO_PROVIDERS)
    return Newcomer(
        place=place,
        old_id=key,
        email=text(row.get("email")),
        name=text(told.get("full_name")) or text(told.get("name")),
        email_verified=bool(text(row.get("email_confirmed_at"))),
        image=text(told.get("avatar_url")) or None,
        created_at=moment(row.get("created_at")),
        password_hash=text(row.get("encrypted_password")) or None,
        accounts=tuple(filter(None, accounts)),
        is_disabled=bool(text(row.get("banned_until"))),
        disabled_until=moment(row.get("banned_until")),
    )


def _account(identity: dict[str, JsonValue]) -> SocialAccount | None:
    data = _object(identity.get("identity_data"))
    return account_of(identity.get("provider"), text(identity.get("provider_id")) or text(data.get("sub")))


def _object(value: JsonValue) -> dict[str, JsonValue]:
    """Return a JSON column: an object, or the text of one."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            return members(json.loads(value))
        except ValueError:
            return {}
    return members(value)
