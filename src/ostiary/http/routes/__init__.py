"""The endpoints of the core, one module for each noun."""

from ostiary.http.endpoint import Endpoint
from ostiary.http.routes import password, session, sign_in, sign_out, sign_up, status, user

_MODULES = (status, sign_up, sign_in, sign_out, session, password, user)


def core_endpoints() -> list[Endpoint]:
    """Return every endpoint of the core."""
    return [endpoint for module in _MODULES for endpoint in module.routes.endpoints]
