"""What measures a standalone server, and where the measures can be read."""

import hmac
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Header, Response
from pydantic import SecretStr

from ostiary.auth import Auth
from ostiary.domain.errors import ConfigurationError
from ostiary.domain.observation import Observer


def observers_of(*, metrics: bool, tracing: bool) -> Sequence[Observer]:
    """Return the observers that are wanted; raises ConfigurationError where their extra is not installed."""
    found: list[Observer] = []
    try:
        if metrics:
            from ostiary.integrations.prometheus import Metrics  # noqa: PLC0415  an extra

            found.append(Metrics())
        if tracing:
            from ostiary.integrations.tracing import Tracing  # noqa: PLC0415  an extra

            found.append(Tracing())
    except ModuleNotFoundError as error:
        extras = "ostiary[metrics] for metrics, ostiary[tracing] for traces"
        raise ConfigurationError(f"{error.name} is not installed: install {extras}") from None
    return found


def metrics_route(auth: Auth, token: SecretStr) -> APIRouter:
    """Return the route that Prometheus scrapes."""
    from ostiary.integrations.prometheus import CONTENT_TYPE, Metrics  # noqa: PLC0415  an extra

    router = APIRouter(tags=["health"])
    expected = f"Bearer {token.get_secret_value()}".encode()
    metrics = next((each for each in auth.observers if isinstance(each, Metrics)), None)
    if metrics is None:
        raise ConfigurationError("this application counts nothing: pass observers=[Metrics()] to Auth")

    @router.get("/metrics", responses={401: {"description": "No or another token"}})
    async def scraped(authorization: Annotated[str, Header()] = "") -> Response:
        """Show the metrics to whoever knows the token."""
        if not hmac.compare_digest(authorization.encode(), expected):
            return Response(status_code=401, headers={"www-authenticate": "Bearer"})
        return Response(metrics.exposition(), media_type=CONTENT_TYPE, headers={"cache-control": "no-store"})

    return router
