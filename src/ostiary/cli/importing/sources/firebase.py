"""Firebase: what `firebase auth:export` writes, as JSON or as CSV."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from ostiary.cli.importing.cells import is_true, members, moment, text
from ostiary.cli.importing.newcomers import Export, Newcomer, People, SocialAccount, Unreadable, account_of
from ostiary.cli.importing.reading import csv_rows, is_csv, json_rows
from ostiary.domain.errors import JsonValue

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
        for place, line in csv_rows(path, _COLUMNS):
            yield _newcomer(place, dict(line), tuple(filter(None, _of_columns(line))), export)
        return
    for place, entry in json_rows(path):
        row = members(entry)
        yield (
            _newcomer(place, row, tuple(filter(None, _of_entry(row))), export)
            if row
            else Unreadable(place, "no object")
        )


def _newcomer(
    place: str, row: dict[str, JsonValue], accounts: tuple[SocialAccount, ...], export: Export
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
        accounts=accounts,
        is_disabled=is_true(row.get("disabled")),
    )


def _of_entry(row: dict[str, JsonValue]) -> Iterator[SocialAccount | None]:
    listed = row.get("providerUserInfo")
    for each in map(members, listed if isinstance(listed, list) else ()):
        if text(each.get("providerId")) not in _NO_PROVIDERS:
            yield account_of(each.get("providerId"), text(each.get("rawId")))


def _of_columns(line: Mapping[str, str]) -> Iterator[SocialAccount | None]:
    for provider in _OTHERS:
        yield account_of(provider, line.get(f"{provider} id"))
