"""The endpoints of the core, one module for each noun."""

from ostiary.http.endpoint import Endpoint
from ostiary.http.routes import (
    accounts,
    callback,
    change_email,
    email_verification,
    password,
    password_reset,
    probe,
    provider_tokens,
    session,
    sign_in,
    sign_out,
    sign_up,
    social,
    status,
    user,
)

_MODULES = (
    status,
    sign_up,
    sign_in,
    social,
    callback,
    sign_out,
    session,
    password,
    password_reset,
    email_verification,
    change_email,
    user,
    accounts,
    provider_tokens,
    probe,
)


def core_endpoints() -> list[Endpoint]:
    """Return every endpoint of the core."""
    return [endpoint for module in _MODULES for endpoint in module.routes.endpoints]
