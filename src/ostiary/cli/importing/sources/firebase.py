"""Firebase: what `firebase auth:export` writes, as JSON or as CSV."""

from collections.abc import Callable, Iterator
from pathlib import Path

from ostiary.cli.importing.cells import is_true, members, moment, text
from ostiary.cli.importing.newcomers import Export, Newcomer, People, SocialAccount, Unreadable, account_of
from ostiary.cli.importing.reading import Row, csv_rows, is_csv, json_rows

_OTHERS = ("google", "facebook", "twitter", "github")
_NO_PROVIDERS = {"password", "phone"}
_COLUMNS = (
    "localId", "email", "emailVerified", "passwordHash", "salt", "displayName", "photoUrl",
    *(f"{provider} {what}" for provider in _OTHERS for what in ("id", "email", "name", "photo")),
    "createdAt", "lastSignedInAt", "phoneNumber", "disabled", "customAttributes", "providerUserInfo",
)  # fmt: skip


async def read(export: Export) -> People:
    """Yield everybody; the password hashes need the project's parameters."""
    path = Path(export.origin)
    if is_csv(path):
        for line in csv_rows(path, _COLUMNS):
            yield line if isinstance(line, Unreadable) else _newcomer(*line, _of_columns, export)
        return
    for row in json_rows(path):
        yield row if isinstance(row, Unreadable) else _newcomer(*row, _of_entry, export)


def _newcomer(
    place: str, row: Row, accounts: Callable[[Row], Iterator[SocialAccount | None]], export: Export
) -> Newcomer:
    made, salt = text(row.get("passwordHash")), text(row.get("salt"))
    parameters = export.hash_parameters
    return Newcomer(
        place=place,
        old_id=text(row.get("localId")),
        email=text(row.get("email")),
        name=text(row.get("displayName")),
        email_verified=is_true(row.get("emailVerified")),
        image=text(row.get("photoUrl")) or None,
        created_at=moment(row.get("createdAt")),
        password_hash=parameters.stored(salt, made) if parameters and made else None,
        accounts=tuple(filter(None, accounts(row))),
        is_disabled=is_true(row.get("disabled")),
    )


def _of_entry(row: Row) -> Iterator[SocialAccount | None]:
    listed = row.get("providerUserInfo")
    for each in map(members, listed if isinstance(listed, list) else ()):
        if text(each.get("providerId")) not in _NO_PROVIDERS:
            yield account_of(each.get("providerId"), text(each.get("rawId")))


def _of_columns(line: Row) -> Iterator[SocialAccount | None]:
    for provider in _OTHERS:
        yield account_of(provider, line.get(f"{provider} id"))
