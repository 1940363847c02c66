"""Access and refresh tokens for clients that do not live on cookies, in two shapes."""

from ostiary.plugins.tokens.errors import TokenErrors
from ostiary.plugins.tokens.plugin import Tokens

__all__ = ["TokenErrors", "Tokens"]
