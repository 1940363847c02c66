"""What may be added to the core, each part on its own."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ostiary.plugins.admin import Admin
    from ostiary.plugins.base import Plugin
    from ostiary.plugins.bearer import Bearer
    from ostiary.plugins.jwt import Jwt
    from ostiary.plugins.new_device import NewDevice
    from ostiary.plugins.safe_links import SafeLinks
    from ostiary.plugins.tokens import Tokens
    from ostiary.services.mailed_codes import CodeOptions
    from ostiary.services.signers import KeyOptions

__all__ = [
    "Admin",
    "Bearer",
    "CodeOptions",
    "Jwt",
    "KeyOptions",
    "NewDevice",
    "Plugin",
    "SafeLinks",
    "Tokens",
]

_HOMES = {
    "Admin": "ostiary.plugins.admin",
    "Bearer": "ostiary.plugins.bearer",
    "CodeOptions": "ostiary.services.mailed_codes",
    "Jwt": "ostiary.plugins.jwt",
    "KeyOptions": "ostiary.services.signers",
    "NewDevice": "ostiary.plugins.new_device",
    "Plugin": "ostiary.plugins.base",
    "SafeLinks": "ostiary.plugins.safe_links",
    "Tokens": "ostiary.plugins.tokens",
}

if not TYPE_CHECKING:  # for a type checker every name would do

    def __getattr__(name: str) -> object:
        """Import a plugin when it is asked for: nobody pays for those they do not use."""
        if name not in _HOMES:
            raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
        return getattr(import_module(_HOMES[name]), name)
