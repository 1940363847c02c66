"""Auth0: the export of users, JSON for each line, and the file with hashes that its support sends."""

from collections.abc import Iterator
from pathlib import Path

from ostiary.cli.importing.cells import is_true, members, moment, text
from ostiary.cli.importing.newcomers import Export, Newcomer, People, SocialAccount, Unreadable, account_of
from ostiary.cli.importing.reading import Row, Shelf, json_rows, whole
from ostiary.domain.errors import JsonValue


async def read(export: Export) -> People:
    """Yield everybody; `passwords` names the file with the hashes."""
    shelf = Shelf()
    try:
        if export.passwords is not None:
            shelf.fill(_hashes(export.passwords))
        for row in json_rows(Path(export.origin)):
            yield row if isinstance(row, Unreadable) else _newcomer(*row, shelf)
    finally:
        shelf.close()


def _hashes(path: Path) -> Iterator[tuple[str, JsonValue]]:
    for row in whole(json_rows(path), path):
        yield text(row.get("email")).lower(), row.get("passwordHash")


def _newcomer(place: str, row: Row, shelf: Shelf) -> Newcomer:
    email, key = text(row.get("email")), text(row.get("user_id")) or text(row.get("Id"))
    hashes = [text(each) for each in shelf.of(email.lower())] if key.startswith("auth0|") else []
    return Newcomer(
        place=place,
        old_id=key,
        email=email,
        name=text(row.get("name")) or text(row.get("nickname")),
        email_verified=is_true(row.get("email_verified")),
        image=text(row.get("picture")) or None,
        created_at=moment(row.get("created_at")),
        password_hash=hashes[0] if hashes else None,
        accounts=tuple(filter(None, _accounts(row, key))),
        is_disabled=is_true(row.get("blocked")),
    )


def _accounts(row: Row, key: str) -> Iterator[SocialAccount | None]:
    listed = row.get("identities")
    if isinstance(listed, list) and listed:
        for identity in map(members, listed):
            if text(identity.get("provider")) != "auth0":
                yield account_of(identity.get("provider"), identity.get("user_id"))
    elif not key.startswith("auth0|"):
        provider, _, account = key.partition("|")
        yield account_of(provider, account)
