"""Ostiary in the place of the reference server: any number of configurations, each on a port of its own.

One JSON object per line on standard input asks for something, one per line on standard output answers, as
`reference.mjs` says. The end of the input ends the process.
"""

import asyncio
import json
import socket
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass

import uvicorn

from ostiary import Auth, Options
from ostiary.domain.errors import JsonValue
from ostiary.storage.redis import RedisKeyValue


@dataclass(frozen=True)
class Running:
    """One configuration that is being served."""

    server: uvicorn.Server
    task: "asyncio.Task[None]"

    async def stop(self) -> None:
        """Let it end, with its connections."""
        self.server.should_exit = True
        await self.task


async def start(options: Mapping[str, JsonValue], database: str, redis: str | None) -> tuple[Running, int]:
    """Serve a Better Auth configuration with the reference's defaults; return it with its port."""
    key_value = RedisKeyValue.from_url(redis) if redis else None
    chosen = Options.from_mapping(options).with_reference_defaults()
    auth = Auth(chosen, database, key_value=key_value)
    await auth.migrate()
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(auth, log_config=None, lifespan="on", server_header=False, date_header=False)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve([listener]))
    while not server.started and not task.done():  # noqa: ASYNC110  it announces its start by nothing else
        await asyncio.sleep(0.005)
    return Running(server, task), int(listener.getsockname()[1])


async def main() -> None:
    """Start and stop configurations as asked until the input ends."""
    running: dict[str, Running] = {}
    answer({"ready": True})
    while line := await asyncio.to_thread(sys.stdin.readline):
        request = json.loads(line)
        try:
            if "start" in request:
                name = request["start"]
                running[name], port = await start(request["options"], request["database"], request["redis"])
                answer({"started": name, "port": port})
            else:
                if request["stop"] in running:
                    await running.pop(request["stop"]).stop()
                answer({"stopped": request["stop"]})
        except Exception:  # noqa: BLE001  whatever it is, the test that asked has to show it
            answer({"error": traceback.format_exc()})
    await asyncio.gather(*(each.stop() for each in running.values()))


def answer(message: Mapping[str, JsonValue]) -> None:
    """Write one line to whoever asked."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
