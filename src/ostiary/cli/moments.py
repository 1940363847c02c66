"""Moments as options name them."""

from datetime import UTC, datetime

import typer


def moment(text: str, option: str) -> datetime:
    """Return the moment that an option's value names, UTC unless it says otherwise; raises BadParameter."""
    try:
        named = datetime.fromisoformat(text)
        return named.replace(tzinfo=UTC) if named.tzinfo is None else named.astimezone(UTC)
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"'{text}' is no date such as 2031-12-31", param_hint=option) from None
