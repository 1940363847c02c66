"""Auth: options and parts in, an ASGI application and typed calls out."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from ostiary.composition import Parts, build_pipeline, runtime_of, schema_of
from ostiary.crypto.passwords import PasswordHasher
from ostiary.domain.errors import ConfigurationError
from ostiary.domain.observation import Observer
from ostiary.domain.runtime import Runtime
from ostiary.domain.schema import Schema
from ostiary.http.api import Api
from ostiary.http.asgi import Receive, Scope, Send, place_below, request_from, send_response
from ostiary.http.context import Context, Services
from ostiary.http.endpoint import Endpoint
from ostiary.http.hooks import Hooks
from ostiary.http.messages import Request, Response
from ostiary.options import Options
from ostiary.outgoing import HttpClient, Mailer
from ostiary.plugins.base import Plugin
from ostiary.services.write_hooks import DatabaseHooks
from ostiary.storage.key_value import KeyValue
from ostiary.storage.store import Store

if TYPE_CHECKING:
    from fastapi import FastAPI
    from sqlalchemy import MetaData


class Auth:
    """One auth server: mount it, install it into FastAPI, or call it in process."""

    def __init__(
        self,
        options: Options,
        database: str | Store | None = None,
        *,
        plugins: Sequence[Plugin] = (),
        key_value: KeyValue | None = None,
        hooks: Hooks | None = None,
        database_hooks: DatabaseHooks | None = None,
        runtime: Runtime | None = None,
        hasher: PasswordHasher | None = None,
        http_client: HttpClient | None = None,
        mailer: Mailer | None = None,
        observers: Sequence[Observer] = (),
    ) -> None:
        """`database` is an address such as `sqlite:///app.db` or `postgresql://...`, or any Store.

        Without one the encrypted cookie is the session, and users are forgotten when the process ends.
        Raises ConfigurationError, naming the cure. Nothing is connected before the first request.
        """
        stateless = database is None and key_value is None
        options = options.without_database() if stateless else options
        parts = Parts(
            plugins=tuple(plugins),
            key_value=key_value,
            hooks=hooks or Hooks(),
            database_hooks=database_hooks,
            runtime=runtime,
            hasher=hasher,
            http_client=http_client,
            mailer=mailer,
            observers=observers,
            stateless=stateless,
        )
        self.options = options
        self.plugins = parts.plugins
        self.observers = parts.observers
        self.schema: Schema = schema_of(options, parts)
        self.database_url = database if isinstance(database, str) else None
        self.pipeline = build_pipeline(options, parts, self._store(database, runtime_of(options, parts)))
        self.api = Api(self.pipeline)
        self._mounts = (self.mount_path, *self.pipeline.mounts)

    def _store(self, database: str | Store | None, runtime: Runtime) -> Store:
        if database is None:
            from ostiary.storage.memory import MemoryStore  # noqa: PLC0415  the exception, not the rule

            return MemoryStore(self.schema, runtime)
        if isinstance(database, str):
            from ostiary.storage.sql import open_store  # noqa: PLC0415  a Store of one's own needs no SQL

            return open_store(database, self.schema, runtime)
        return database

    @property
    def services(self) -> Services:
        """What stands behind the endpoints: users, sessions, passwords."""
        return self.pipeline.services

    @property
    def endpoints(self) -> list[Endpoint]:
        """Every endpoint, plugins' and in-process ones included."""
        return [route.endpoint for route in self.pipeline.by_name.values()]

    @property
    def mount_path(self) -> str:
        """The path of the endpoints, without a trailing slash."""
        return self.options.mount_path

    @property
    def metadata(self) -> "MetaData":
        """The configured tables, for an application's own SQLAlchemy and Alembic.

        Raises ConfigurationError where the server keeps its rows elsewhere than in SQL.
        """
        from ostiary.storage.sql import SqlStore  # noqa: PLC0415  see `_store`

        if not isinstance(self.services.store, SqlStore):
            raise ConfigurationError("there are tables only on a SQL database: pass its address to Auth")
        return self.services.store.metadata

    async def handle(self, request: Request) -> Response:
        """Answer a request of any framework; its path is the part below the base path."""
        return await self.pipeline.handle(request)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve ASGI: endpoints under the base path, 404 elsewhere, and the life span of connections."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await send_response(await self._respond(scope, receive), send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})

    async def _respond(self, scope: Scope, receive: Receive) -> Response:
        place = self.place_of(scope)
        if place is None:
            return Response(404)
        mount, path = place
        return await self.pipeline.handle(request_from(scope, receive, path, self.options.advanced, mount))

    def place_of(self, scope: Scope) -> tuple[str, str] | None:
        """Return the mount of a request, empty for the base path, and the path below it; None elsewhere."""
        place = place_below(scope, self._mounts)
        return ("", place[1]) if place is not None and place[0] == self.mount_path else place

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    def install(self, app: "FastAPI") -> None:
        """Add the endpoints to a FastAPI application, and whatever its `CurrentUser` needs.

        Raises ConfigurationError for an application that has an auth server, or that has begun to serve.
        """
        from ostiary.integrations.fastapi.install import install  # noqa: PLC0415  it needs this class

        install(self, app)

    def context(self, request: Request) -> Context:
        """Return a context for a request of the application, to judge its session."""
        return Context(request, self.services)

    async def migrate(self) -> tuple[str, ...]:
        """Add what the database lacks of the configured tables; safe when several nodes start at once.

        Returns one line for each addition, `column user.role`; none for what lives in memory.
        """
        if self.database_url is None:
            return ()
        from ostiary.storage.sql import SqlStore  # noqa: PLC0415  see `_store`

        store = self.services.store
        if isinstance(store, SqlStore) and store.in_memory:
            await store.create_tables()
            return ()
        from ostiary.storage import migrations  # noqa: PLC0415  Alembic is slow to import

        return (await migrations.apply(self.database_url, self.schema)).additions

    def start(self) -> None:
        """Begin the work beside the requests: mail that waits, rows that are over. `install` sees to it."""
        for each in (self.services.courier, self.services.housekeeper):
            if each is not None:
                each.start()

    async def close(self) -> None:
        """Finish work in the background and return every connection."""
        if self.services.audit.linker is not None:
            self.services.audit.linker.hurry()
        await self.services.background.drain()
        for each in (self.services.courier, self.services.housekeeper):
            if each is not None:
                await each.stop()
        await self.services.social.directory.close()
        await self.services.store.close()
        if self.services.key_value is not None:
            await self.services.key_value.close()

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Hold the server's connections for the time of a block."""
        try:
            yield
        finally:
            await self.close()
