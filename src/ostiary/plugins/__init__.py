"""What may be added: each plugin is its options, its routes are its methods."""

from ostiary.plugins.admin import Admin
from ostiary.plugins.base import Plugin

__all__ = ["Admin", "Plugin"]
