"""Whatever the OpenAPI documents let a program generate is answered as they say, and never with a 500."""

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx2
import pytest
import requests
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from examples.tasks.application import create_app
from examples.tasks.settings import Settings
from ostiary import DeleteUser, Field, SessionOptions, UserOptions
from ostiary.plugins import Admin, Bearer, Jwt, Tokens
from tests.builders import ORIGIN, SECRET, some_auth, some_options

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
PASSWORD = "Analytical-Engine-1"
BOUNDED = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


class SignedInProgram:
    """Sends generated requests to an application, and signs in again whenever one ended the session."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._emails = (f"person{number}@example.com" for number in itertools.count())

    def __enter__(self) -> "SignedInProgram":
        self._runner.run(self._open())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._runner.run(self._stack.aclose())
        self._runner.close()

    async def _open(self) -> None:
        await self._stack.enter_async_context(self._app.router.lifespan_context(self._app))
        transport = httpx2.ASGITransport(self._app, raise_app_exceptions=True)
        client = httpx2.AsyncClient(transport=transport, base_url=ORIGIN, headers={"origin": ORIGIN})
        self._client = await self._stack.enter_async_context(client)

    def send(self, case: schemathesis.Case) -> httpx2.Response:
        """Send what was generated, signed in."""
        prepared = requests.Request(**case.as_transport_kwargs(base_url=ORIGIN)).prepare()
        return self._runner.run(self._send(prepared))

    async def _send(self, prepared: requests.PreparedRequest) -> httpx2.Response:
        if (await self._client.get("/api/auth/get-session")).json() is None:
            person = {"name": "Person", "email": next(self._emails), "password": PASSWORD}
            answer = await self._client.post("/api/auth/sign-up/email", json=person)
            assert answer.status_code == 200, answer.text
        headers = {name: value for name, value in prepared.headers.items() if name.lower() != "cookie"}
        body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
        return await self._client.request(
            prepared.method or "", prepared.url or "", headers=headers, content=body
        )


def auth_application() -> FastAPI:
    """Return every endpoint, with fields of each type."""
    fields = (
        Field[str](name="nickname", required=False),
        Field[int](name="points", type="number", default=0),
        Field[bool](name="subscribed", type="boolean", required=False),
        Field[Any](name="born", type="date", required=False),
        Field[Any](name="preferences", type="json", required=False),
        Field[Any](name="tags", type="string[]", required=False),
    )
    options = some_options(
        user=UserOptions(additional_fields=fields, delete_user=DeleteUser(enabled=True)),
        session=SessionOptions(additional_fields=(Field[str](name="activeTeam", required=False),)),
    )
    app = FastAPI()
    services = {"tasks": "a-secret-of-at-least-32-characters-"}
    plugins = [Admin(), Bearer(), Jwt(), Tokens(services=services, cookie=True)]
    some_auth(options, plugins=plugins).install(app)
    return app


@pytest.fixture(scope="module")
def auth_program() -> Iterator[SignedInProgram]:
    with SignedInProgram(auth_application()) as program:
        yield program


@pytest.fixture(scope="module")
def tasks_app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    return tasks_application(tmp_path_factory.mktemp("tasks"))


def tasks_application(directory: Path) -> FastAPI:
    url = f"sqlite:///{directory / 'tasks.db'}"
    return create_app(Settings(database_url=url, secret=SECRET, base_url=ORIGIN, trusted_origins=()))


@pytest.fixture(scope="module")
def tasks_program(tasks_app: FastAPI) -> Iterator[SignedInProgram]:
    with SignedInProgram(tasks_app) as program:
        yield program


auth_document = schemathesis.openapi.from_dict(auth_application().openapi())
all_of_tasks = schemathesis.openapi.from_dict(tasks_application(Path("/nowhere")).openapi())
tasks_document = all_of_tasks.include(path_regex="^/api/tasks")  # under /api/v1 are the very same routes


@auth_document.parametrize()
@BOUNDED
def test_auth_endpoints(case: schemathesis.Case, auth_program: SignedInProgram) -> None:
    case.validate_response(auth_program.send(case), checks=CHECKS)


@tasks_document.parametrize()
@BOUNDED
def test_tasks(case: schemathesis.Case, tasks_program: SignedInProgram) -> None:
    case.validate_response(tasks_program.send(case), checks=CHECKS)
