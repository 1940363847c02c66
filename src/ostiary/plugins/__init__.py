"""What may be added to the core, each part on its own."""

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
