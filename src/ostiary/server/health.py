"""Is the process alive, and can it serve?"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from ostiary.auth import Auth
from ostiary.domain.errors import StorageUnavailable

_PATIENCE: Final = 3.0  # seconds; orchestrators wait no longer by default
_log = logging.getLogger(__name__)

Answer = Literal["ok", "unavailable"]


class Alive(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """Whether everything that requests need answers."""

    status: Answer
    database: Answer
    redis: Answer | None = None


async def _asked(name: str, ping: Callable[[], Awaitable[None]]) -> Answer:
    """Ask for a sign of life; why there is none is for the log, not for whoever asks."""
    try:
        async with asyncio.timeout(_PATIENCE):
            await ping()
    except (StorageUnavailable, TimeoutError) as error:
        _log.warning("%s does not answer: %s", name, error or "no answer in time")
        return "unavailable"
    return "ok"


def health_routes(auth: Auth) -> APIRouter:
    """Return the routes that orchestrators and load balancers ask."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz")
    async def healthz() -> Alive:
        """Tell that the process is alive; a failure means it should be restarted."""
        return Alive()

    @router.get("/readyz", responses={503: {"model": Readiness}})
    async def readyz(response: Response) -> Readiness:
        """Tell whether database and Redis answer; a failure means no requests should be sent here for now."""
        store, key_value = auth.services.store, auth.services.key_value
        answers = [_asked("the database", store.ping)]
        answers += [_asked("Redis", key_value.ping)] if key_value is not None else []
        database, *others = await asyncio.gather(*answers)
        is_ready = database == "ok" and "unavailable" not in others
        response.status_code = 200 if is_ready else 503
        return Readiness(
            status="ok" if is_ready else "unavailable", database=database, redis=others[0] if others else None
        )

    return router
