"""Every extension point of the program, one sentence each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from ostiary.domain.entities import User
from ostiary.domain.schema import Field, Model
from ostiary.http.context import Context, Services
from ostiary.http.endpoint import Endpoint, Routes
from ostiary.http.hooks import Hooks
from ostiary.http.messages import Response
from ostiary.options import RateLimit
from ostiary.services.signers import SigningOptions
from ostiary.services.write_hooks import DatabaseHooks

if TYPE_CHECKING:
    from ostiary.services.mailed_codes import CodeOptions

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

    def endpoints(self) -> Sequence[Endpoint]:
        """Return the endpoints of `routes`, bound to this plugin and its limit."""
        return [endpoint.bound_to(self).limited(self.rate_limit) for endpoint in self.routes.endpoints]

    def fields(self) -> Mapping[str, Sequence[Field[Any]]]:
        """Return columns to add to core tables, by model name."""
        return {}

    def models(self) -> Sequence[Model[Any]]:
        """Return tables to add."""
        return ()

    def signing(self) -> SigningOptions | None:
        """Return how the server signs tokens; one plugin at most says so."""
        return None

    def mailed_codes(self) -> "CodeOptions | None":
        """Return the form of the codes that mails carry beside their links, if they are to carry any."""
        return None

    def trusted_origins(self) -> Sequence[str]:
        """Return origins to trust besides the configured ones."""
        return ()

    def database_hooks(self) -> DatabaseHooks | None:
        """Return hooks around the writes of core rows."""
        return None

    def admit(self, user: User, now: datetime) -> None:
        """Raise a refusal where a user may neither start nor use a session."""
        return

    def security_schemes(self, mount_path: str) -> Mapping[str, Mapping[str, Any]]:  # OpenAPI's own shape
        """Return what else than the cookie authenticates a request, as OpenAPI security schemes by name."""
        return {}

    def check(self, services: Services) -> None:
        """Raise ConfigurationError where the server lacks what this plugin builds upon."""
        return

    async def present(self, context: Context) -> None:
        """Present the session that a header stands for as the request's cookie, before anybody reads it."""
        return

    async def on_request(self, context: Context) -> Response | None:
        """Answer a request before it reaches its endpoint, or return None."""
        return None

    async def on_response(self, context: Context, response: Response) -> None:
        """Add headers to an answer, refusals included."""
        return
