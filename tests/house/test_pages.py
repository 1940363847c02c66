"""The pages hold: every link leads somewhere, and the code in them works."""

import ast
import json
import logging
import re
import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import pytest

from ostiary.outgoing import connections
from ostiary.outgoing.http import OutgoingRequest
from tests.builders import PASSWORD, Browser
from tests.house.pages import DOCS, PAGES, ROOT, Block, anchors, blocks, curls, links, name_of

README = ROOT / "README.md"
ARCHITECTURE = DOCS / "explanation" / "architecture.md"
TUTORIAL = DOCS / "tutorial" / "first-steps.md"
SECOND_TUTORIAL = DOCS / "tutorial" / "protect-another-service.md"
SECRET = "a-secret-for-tests-of-at-least-32-characters"
WITH_RUNNABLE_CODE = [page for page in PAGES if any(block.runs for block in blocks(page))]
ANOTHER_MACHINE = ("/work/", "/root/", "/home/", "/tmp/", "site-packages")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Be in an empty directory with the environment of the examples; leave logging as it was."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BETTER_AUTH_SECRET", SECRET)
    monkeypatch.setenv("DATABASE_URL", "sqlite:///app.db")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:6379/0")
    loggers = [logging.getLogger(name) for name in ("ostiary", "ostiary.events", "myapp")]
    before = [(logger, logger.handlers[:], logger.level) for logger in loggers]
    yield monkeypatch
    for logger, handlers, level in before:
        logger.handlers[:] = handlers
        logger.setLevel(level)


def run(page: Path, place: pytest.MonkeyPatch) -> ModuleType:
    """Run the runnable blocks of a page, one after the other, as one module."""
    module = ModuleType(f"page_{page.stem.replace('-', '_')}")
    place.setitem(sys.modules, module.__name__, module)
    for block in blocks(page):
        if block.runs:
            exec(compiled(block, page), vars(module))
    return module


def imported(name: str) -> ModuleType:
    """Import a file that a page wrote."""
    spec = spec_from_file_location(f"page_{name}", f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def compiled(block: Block, page: Path) -> object:
    if block.file is not None:
        Path(block.file).write_text(block.code, "utf-8")
    return compile(block.code, f"{name_of(page)}: {block.file or block.info}", "exec")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        target, _, anchor = link.partition("#")
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), f"{name_of(page)} links to {link}"
        if anchor:
            assert anchor in anchors(path), f"{name_of(page)} links to {link}"


def test_every_page_can_be_reached() -> None:
    linked = {(page.parent / link.partition("#")[0]).resolve() for page in PAGES for link in links(page)}
    assert [name_of(page) for page in PAGES if page not in {*linked, README}] == []


def test_the_index_names_every_page_of_the_documentation() -> None:
    index = DOCS / "README.md"
    linked = {(DOCS / link.partition("#")[0]).resolve() for link in links(index)}
    assert [name_of(page) for page in PAGES if DOCS in page.parents and page not in {*linked, index}] == []


def test_the_maps_show_every_room_of_the_source() -> None:
    source = ROOT / "src" / "ostiary"
    rooms = {path.name for path in source.iterdir() if (path / "__init__.py").exists()}
    drawn = "\n".join(block.code for block in blocks(ARCHITECTURE) if not block.language)
    assert {room for room in rooms if not re.search(rf"^{room} ", drawn, re.MULTILINE)} == set()
    shown = "\n".join(block.code for block in blocks(README) if not block.language)
    assert {room for room in rooms if f" {room}/ " not in shown} == set()


def test_the_architecture_shows_a_module_as_it_is() -> None:
    shown = [block.code for block in blocks(ARCHITECTURE) if block.runs]
    assert shown == [(ROOT / "src" / "ostiary" / "http" / "routes" / "accounts.py").read_text("utf-8")]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_python_block_compiles(page: Path) -> None:
    for block in blocks(page):
        if block.language == "python":
            compile(block.code, name_of(page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


@pytest.mark.parametrize("page", WITH_RUNNABLE_CODE, ids=name_of)
def test_runnable_blocks_run(page: Path, place: pytest.MonkeyPatch) -> None:
    run(page, place)


def test_the_readme_and_the_tutorial_have_code_that_runs() -> None:
    assert {README, TUTORIAL} <= set(WITH_RUNNABLE_CODE)


def test_the_readme_shows_the_smallest_examples_as_they_are() -> None:
    shown = {block.file: block.code for block in blocks(README) if block.runs}
    assert shown == {
        name: (ROOT / "examples" / name).read_text("utf-8") for name in ("minimal.py", "verifier.py")
    }


async def test_the_application_of_the_readme_knows_who_calls(place: pytest.MonkeyPatch) -> None:
    run(README, place)
    module = imported("minimal")
    await module.auth.migrate()
    async with module.auth.lifespan(), Browser(module.app, origin="http://127.0.0.1:8000", base="") as tab:
        assert (await tab.get("/me")).status_code == 401
        ada = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD}
        assert (await tab.post("/api/auth/sign-up/email", json=ada)).status_code == 200
        assert (await tab.get("/me")).json() == "Hello, Ada"


async def test_the_commands_of_the_tutorial_answer_as_it_says(place: pytest.MonkeyPatch) -> None:
    module = run(TUTORIAL, place)
    await module.auth.migrate()
    async with module.auth.lifespan():
        await answer_as_said(TUTORIAL, {8000: module.app}, at_least=7)


async def test_two_services_of_a_tutorial_answer_as_it_says(place: pytest.MonkeyPatch) -> None:
    run(SECOND_TUTORIAL, place)
    first, second = imported("first"), imported("second")
    await first.auth.migrate()

    async def send(request: OutgoingRequest, *_: object) -> tuple[int, bytes, dict[str, str]]:
        """Take the way over the network, which no test has."""
        async with Browser(first.app, base="", origin=None) as way:
            answer = await way.get(request.url, headers=request.headers)
        return answer.status_code, answer.content, dict(answer.headers)

    place.setattr(connections, "send", send)
    async with first.auth.lifespan(), second.verifier.lifespan():
        await answer_as_said(SECOND_TUTORIAL, {8000: first.app, 8001: second.app}, at_least=6)


async def answer_as_said(page: Path, applications: dict[int, Any], at_least: int) -> None:
    """Give the commands of a page, one after the other, each to the application on its port."""
    commands = list(curls(page))
    assert len(commands) >= at_least
    jar: dict[str, str] = {}
    token = ""
    for command in commands:
        app = applications[httpx2.URL(command.url).port or 80]
        transport = httpx2.ASGITransport(app=app, client=("127.0.0.1", 4711))
        async with httpx2.AsyncClient(transport=transport) as client:
            client.cookies = httpx2.Cookies(jar if command.values("-b") else {})
            body = (command.values("-d") or [None])[0]
            headers = {name: value.replace("$TOKEN", token) for name, value in command.headers.items()}
            answer = await client.request(command.method, command.url, headers=headers, content=body)
            assert answer.status_code == command.status, (command, answer.text)
            if "..." not in command.body:
                assert answer.json() == json.loads(command.body)
            if command.values("-c"):
                jar = dict(client.cookies)
            if isinstance(answer.json(), dict) and command.url.endswith("/token"):
                token = answer.json()["token"]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_page_speaks_of_the_machine_it_was_written_on(page: Path) -> None:
    text = page.read_text("utf-8")
    assert [path for path in ANOTHER_MACHINE if path in text] == []
