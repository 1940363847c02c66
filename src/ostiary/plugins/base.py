"""Every extension point of the program, one sentence each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from ostiary.domain.entities import User
from ostiary.domain.schema import Field, Model
from ostiary.http.context import Context
from ostiary.http.endpoint import Routes
from ostiary.http.hooks import Hooks
from ostiary.http.messages import Response
from ostiary.options import RateLimit
from ostiary.services.write_hooks import DatabaseHooks

NO_ROUTES = Routes()
NO_HOOKS = Hooks()


class Plugin:
    """A value that adds routes, columns, tables, hooks and limits; its options are its fields."""

    id: ClassVar[str]
    """The name in the protocol, such as `two-factor`."""
    routes: ClassVar[Routes] = NO_ROUTES
    """Endpoints; the functions are methods of the plugin."""
    hooks: ClassVar[Hooks] = NO_HOOKS
    """Hooks around endpoints; the functions are methods of the plugin."""
    rate_limit: RateLimit | None = None
    """The limit of the plugin's endpoints that declare none."""

    def fields(self) -> Mapping[str, Sequence[Field[Any]]]:
        """Return columns to add to core tables, by model name."""
        return {}

    def models(self) -> Sequence[Model[Any]]:
        """Return tables to add."""
        return ()

    def trusted_origins(self) -> Sequence[str]:
        """Return origins to trust besides the configured ones."""
        return ()

    def database_hooks(self) -> DatabaseHooks | None:
        """Return hooks around the writes of core rows."""
        return None

    def admit(self, user: User, now: datetime) -> None:
        """Raise a refusal where a user may neither start nor use a session."""
        return

    async def on_request(self, context: Context) -> Response | None:
        """Answer a request before it reaches its endpoint, or return None."""
        return None
