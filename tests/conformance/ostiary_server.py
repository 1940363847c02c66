"""Ostiary under the protocol of the reference server: any number of configurations, each on a port of its own.

One JSON object per line on standard input asks for something, one per line on standard output answers; see
`reference.mjs`. The end of the input ends the process.
"""

import asyncio
import json
import logging
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import uvicorn

from ostiary import Auth, Options
from ostiary.storage.redis import RedisKeyValue


@dataclass
class Running:
    """One configuration that is being served."""

    server: uvicorn.Server
    task: "asyncio.Task[None]"
    port: int

    async def stop(self) -> None:
        self.server.should_exit = True
        await self.task


async def start(options: Mapping[str, Any], database: str, redis: str | None) -> Running:
    key_value = RedisKeyValue.from_url(redis) if redis else None
    auth = Auth(Options.from_mapping(options).with_reference_defaults(), database, key_value=key_value)
    try:
        await auth.services.store.create_tables()
    except Exception: pass
    config = uvicorn.Config(auth, host="127.0.0.1", port=0, log_config=None, access_log=False, lifespan="on")
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]  # several servers share the process
    task = asyncio.create_task(server.serve())
    while not server.started:
        if task.done():
            task.result()
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    return Running(server, task, port)


def answer(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


async def main() -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.ERROR)
    running: dict[str, Running] = {}
    answer({"ready": True})
    while line := await asyncio.to_thread(sys.stdin.readline):
        request = json.loads(line)
        try:
            if name := request.get("start"):
                running[name] = await start(request["options"], request["database"], request.get("redis"))
                answer({"started": name, "port": running[name].port})
            else:
                if known := running.pop(request["stop"], None):
                    await known.stop()
                answer({"stopped": request["stop"]})
        except Exception:
            answer({"error": traceback.format_exc()})
    for each in running.values():
        await each.stop()


if __name__ == "__main__":
    asyncio.run(main())
