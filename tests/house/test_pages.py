"""The pages hold: every link leads somewhere, and the code in them works."""

import ast
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import httpx2
import pytest

from tests.builders import PASSWORD, Browser
from tests.house.pages import DOCS, PAGES, ROOT, Block, anchors, blocks, curls, links, name_of

README = ROOT / "README.md"
TUTORIAL = DOCS / "tutorial" / "first-steps.md"
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


def test_the_readme_shows_the_smallest_example_as_it_is() -> None:
    [block] = [block for block in blocks(README) if block.runs]
    assert block.code == (ROOT / "examples" / "minimal.py").read_text("utf-8")


async def test_the_application_of_the_readme_knows_who_calls(place: pytest.MonkeyPatch) -> None:
    module = run(README, place)
    await module.auth.migrate()
    async with module.auth.lifespan(), Browser(module.app, origin="http://127.0.0.1:8000", base="") as tab:
        assert (await tab.get("/me")).status_code == 401
        ada = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD}
        assert (await tab.post("/api/auth/sign-up/email", json=ada)).status_code == 200
        assert (await tab.get("/me")).json() == "Hello, Ada"


async def test_the_commands_of_the_tutorial_answer_as_it_says(place: pytest.MonkeyPatch) -> None:
    module = run(TUTORIAL, place)
    await module.auth.migrate()
    commands = list(curls(TUTORIAL))
    assert len(commands) >= 7
    transport = httpx2.ASGITransport(app=module.app, client=("127.0.0.1", 4711))
    jar: dict[str, str] = {}
    async with module.auth.lifespan(), httpx2.AsyncClient(transport=transport) as client:
        for command in commands:
            client.cookies = httpx2.Cookies(jar if command.values("-b") else {})
            body = (command.values("-d") or [None])[0]
            answer = await client.request(command.method, command.url, headers=command.headers, content=body)
            assert answer.status_code == command.status, command
            if "..." not in command.body:
                assert answer.json() == json.loads(command.body)
            if command.values("-c"):
                jar = dict(client.cookies)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_page_speaks_of_the_machine_it_was_written_on(page: Path) -> None:
    text = page.read_text("utf-8")
    assert [path for path in ANOTHER_MACHINE if path in text] == []
