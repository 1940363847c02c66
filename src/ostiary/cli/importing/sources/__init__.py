"""The systems that people may come from, by the names that the command takes."""

from collections.abc import Mapping
from typing import Final

from ostiary.cli.importing.newcomers import Source
from ostiary.cli.importing.sources import auth0, clerk, django, fastapi_users, firebase, supabase

SOURCES: Final[Mapping[str, Source]] = {
    "fastapi-users": fastapi_users.read,
    "django": django.read,
    "supabase": supabase.read,
    "auth0": auth0.read,
    "firebase": firebase.read,
    "clerk": clerk.read,
}
