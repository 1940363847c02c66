"""Ostiary for the benchmarks: one configuration, one port.

The argument has `options` in Better Auth's names, `plugins` with their options among them, `database` (none:
in memory), `migrate`, and `host`, which says who hosts the endpoints: `ostiary` itself, `fastapi`, `frame`, a
bare application that always gives the same answer, or an application with a route which believes the tokens
of `trust`.
"""

import json
from typing import Any

from benchmarks.configured import auth_of
from benchmarks.serving import Application, Setting, answer, run

SAMPLE = json.dumps({"session": {"id": "x" * 200}, "user": {"id": "x" * 200}}).encode()


async def frame(scope: Any, receive: Any, send: Any) -> None:  # ASGI's own shape
    """Do nothing but answer."""
    if scope["type"] == "http":
        await answer(send, SAMPLE)


async def build(setting: Setting) -> Application:
    """Return the application of a setting."""
    host = setting["host"]
    if host == "frame":
        return frame
    if host in {"ostiary", "fastapi"}:
        auth = auth_of(setting["options"], setting["database"])
        if setting["migrate"]:
            await auth.migrate()
        if host == "ostiary":
            return auth
    from benchmarks import protected_route  # noqa: PLC0415  the other hosts are to be measured without FastAPI

    return protected_route.hosting(auth) if host == "fastapi" else protected_route.APPLICATIONS[host](setting)


if __name__ == "__main__":
    run(build)
