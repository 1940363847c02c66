"""Run it: `python -m examples.tasks`."""

import os

import uvicorn

from examples.tasks.application import create_app
from examples.tasks.settings import Settings

if __name__ == "__main__":
    settings = Settings.from_environment(os.environ)
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        server_header=False,
        proxy_headers=False,  # only whom OSTIARY_TRUSTED_PROXIES names may say where a request comes from
    )
