"""An auth server in a FastAPI application: its routes, and dependencies that know who calls."""

from ostiary.integrations.fastapi.dependencies import (
    CurrentPrincipal,
    CurrentSession,
    CurrentUser,
    FreshSession,
    OptionalUser,
    current,
    current_user,
    is_still_signed_in,
    require_role,
    require_scope,
)
from ostiary.integrations.fastapi.install import install
from ostiary.integrations.fastapi.mail_page import mail_page

__all__ = [
    "CurrentPrincipal",
    "CurrentSession",
    "CurrentUser",
    "FreshSession",
    "OptionalUser",
    "current",
    "current_user",
    "install",
    "is_still_signed_in",
    "mail_page",
    "require_role",
    "require_scope",
]
