"""Endpoints whose path ends in a parameter."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import ClassVar

import pytest

from ostiary import Options
from ostiary.http.endpoint import FromPath, Routes
from ostiary.http.wire import Output
from ostiary.plugins import Plugin
from tests.builders import Browser, some_auth, some_options


@dataclass(frozen=True)
class Named(Output):
    name: str


@dataclass(frozen=True)
class Greetings(Plugin):
    id: ClassVar = "greetings"
    routes: ClassVar = Routes()

    @routes.get("/greet/{name}", rate_limit=None)
    async def greet(self, name: FromPath) -> Named:
        """Say a name."""
        return Named(name)

    @routes.get("/greet/nobody", rate_limit=None)
    async def greet_nobody(self) -> Named:
        """Say no name."""
        return Named("(nobody)")


def browser_of(options: Options | None = None) -> Browser:
    return Browser(some_auth(options, plugins=[Greetings()]))


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with browser_of() as tab:
        yield tab


async def test_the_last_segment_of_a_path_reaches_the_handler(browser: Browser) -> None:
    assert (await browser.get("/greet/ada")).json() == {"name": "ada"}


async def test_a_path_of_its_own_comes_before_one_with_a_parameter(browser: Browser) -> None:
    assert (await browser.get("/greet/nobody")).json() == {"name": "(nobody)"}


async def test_a_parameter_is_never_decoded(browser: Browser) -> None:
    assert (await browser.get("/greet/a%2Fb")).json() == {"name": "a%2Fb"}


@pytest.mark.parametrize("path", ["/greet/", "/greet", "/greet/a/b", "/greet/{}/", "/greet//", "/{}"])
async def test_a_parameter_is_one_segment_that_is_not_empty(browser: Browser, path: str) -> None:
    assert (await browser.get(path)).status_code == 404


async def test_another_method_finds_nothing(browser: Browser) -> None:
    assert (await browser.post("/greet/ada")).status_code == 404


async def test_a_disabled_path_leaves_other_values_alone() -> None:
    async with browser_of(some_options(disabled_paths=("/greet/ada",))) as browser:
        assert (await browser.get("/greet/ada")).status_code == 404
        assert (await browser.get("/greet/bob")).status_code == 200
