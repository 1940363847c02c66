"""Clerk: the CSV that its dashboard exports."""

from pathlib import Path

from ostiary.cli.importing.cells import text
from ostiary.cli.importing.newcomers import Export, Newcomer, People, Unreadable
from ostiary.cli.importing.reading import Row, csv_rows


async def read(export: Export) -> People:
    """Yield everybody; the export has no accounts with providers."""
    for row in csv_rows(Path(export.origin), required="primary_email_address"):
        yield row if isinstance(row, Unreadable) else _newcomer(*row)


def _newcomer(place: str, row: Row) -> Newcomer:
    email = text(row.get("primary_email_address"))
    name = f"{text(row.get('first_name'))} {text(row.get('last_name'))}".strip()
    return Newcomer(
        place=place,
        old_id=text(row.get("id")),
        email=email,
        name=name or text(row.get("username")),
        email_verified=email.lower() in _addresses(row),
        password_hash=text(row.get("password_digest")) or None,
    )


def _addresses(row: Row) -> set[str]:
    listed = text(row.get("verified_email_addresses")).replace("|", ",").replace(";", ",")
    return {address.strip().lower() for address in listed.split(",")}
