"""`ostiary serve`: the standalone server."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ostiary.cli.target import App, Config, run, shortened, target
from ostiary.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from ostiary.auth import Auth
    from ostiary.server.settings import Settings

_LAST_REQUESTS: Final = 20  # seconds to finish; orchestrators kill after 30


def serve(
    *,
    host: Annotated[
        str | None, typer.Option("--host", metavar="HOST", help="Address to listen on; 127.0.0.1.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", "-p", metavar="PORT", min=0, max=65535, help="Port to listen on; 8000."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", "-w", metavar="N", min=1, max=512, help="How many processes; 1."),
    ] = None,
    migrate: Annotated[
        bool | None,
        typer.Option("--migrate/--no-migrate", help="Add missing tables and columns first; by default yes."),
    ] = None,
    config: Config = None,
    app: App = None,
) -> None:
    """Serve auth under /api/auth, its documentation under /docs, and /healthz and /readyz.

    Several servers may start at once on one database. SIGTERM lets running requests finish.
    """
    from ostiary.server.logging import configure_logging  # noqa: PLC0415  help texts need no server

    application = target(config, app)
    given = {"host": host, "port": port, "workers": workers, "migrate": migrate}
    settings = application.settings.model_copy(
        update={name: value for name, value in given.items() if value is not None}
    )
    configure_logging(settings)
    run(application.auth, _prepare(application.auth, migrate=settings.migrate))
    _require_free(settings.host, settings.port)
    _tell_workers(config, app)
    with _counted_together(settings):
        _listen(settings)


def _require_free(host: str, port: int) -> None:
    """Raise ConfigurationError where nobody could listen: uvicorn says it in the midst of its start."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigurationError(
                f"cannot listen on {host}, port {port}: {error.strerror}; see --host and --port"
            ) from None


async def _prepare(auth: "Auth", *, migrate: bool) -> None:
    """Migrate once, or at least see that nothing is missing, before any process serves."""
    if migrate:
        await auth.migrate()
    elif auth.database_url is None:
        await auth.services.store.ping()
    else:
        from ostiary.storage import migrations  # noqa: PLC0415  Alembic is slow to import

        if missing := (await migrations.plan(auth.database_url, auth.schema)).additions:
            raise ConfigurationError(f"the database lacks {shortened(missing)}: run `ostiary migrate`")


def _tell_workers(config: Path | None, app: str | None) -> None:
    """Leave the arguments where every worker process finds them."""
    from ostiary.server.application import APP_VARIABLE  # noqa: PLC0415  help texts need no server
    from ostiary.server.settings import CONFIG_VARIABLE  # noqa: PLC0415  help texts need no server

    if config is not None:
        os.environ[CONFIG_VARIABLE] = str(config.resolve())
    if app is not None:
        os.environ[APP_VARIABLE] = app
    os.environ["OSTIARY_MIGRATE"] = "false"  # it is done, or was not wanted


@contextmanager
def _counted_together(settings: "Settings") -> Iterator[None]:
    """Give processes a directory to count in together, so that one scrape tells of all of them."""
    variable = "PROMETHEUS_MULTIPROC_DIR"
    if settings.metrics_token is None or settings.workers == 1 or variable in os.environ:
        yield
        return
    with TemporaryDirectory(prefix="ostiary-metrics-") as directory:
        os.environ[variable] = directory
        yield


def _listen(settings: "Settings") -> None:
    import uvicorn  # noqa: PLC0415  help texts need no server

    # uvicorn passes the signal on once all requests are answered; ending was asked for, so it is no failure
    signal.signal(signal.SIGTERM, _end)
    uvicorn.run(
        "ostiary.server.app:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        proxy_headers=False,  # whom to believe is for trusted_proxies alone to say
        server_header=False,
        access_log=settings.access_log,
        timeout_graceful_shutdown=_LAST_REQUESTS,
        log_config=None,
    )


def _end(number: int, frame: FrameType | None) -> None:
    del number, frame
    sys.exit(0)
