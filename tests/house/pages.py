"""Reads the documentation: its pages, headings, links and blocks of code."""

import re
import shlex
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])

_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=indent)```$", re.DOTALL | re.MULTILINE
)
_LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_EXPECTED = re.compile(r"# (?P<status>\d{3}) (?P<body>.*)")


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@dataclass(frozen=True)
class Block:
    """A block of code."""

    info: str
    code: str

    @property
    def language(self) -> str:
        return self.info.split(" ")[0]

    @property
    def runs(self) -> bool:
        return "run" in self.info.split(" ")[1:]

    @property
    def file(self) -> str | None:
        names = [word.removeprefix("file=") for word in self.info.split(" ") if word.startswith("file=")]
        return names[0] if names else None


def blocks(page: Path) -> list[Block]:
    found = _FENCE.finditer(page.read_text("utf-8"))
    return [Block(each["info"].strip(), textwrap.dedent(each["body"])) for each in found]


def prose(page: Path) -> str:
    """Return a page without its blocks of code."""
    return _FENCE.sub("", page.read_text("utf-8"))


def links(page: Path) -> list[str]:
    """Return the links that do not leave the repository; what stands in code is no link."""
    text = re.sub(r"``[^\n]*?``|`[^`\n]*`", "code", prose(page))
    return [link for link in _LINK.findall(text) if "://" not in link and not link.startswith("mailto:")]


def anchors(page: Path) -> set[str]:
    """Return the anchors that the headings of a page get."""
    found: set[str] = set()
    for heading in _HEADING.findall(prose(page)):
        stem = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        number = 0
        while (slug := stem if number == 0 else f"{stem}-{number}") in found:
            number += 1
        found.add(slug)
    return found


@dataclass(frozen=True)
class Curl:
    """A command of a page, and what the comment after it says of the answer."""

    arguments: list[str]
    status: int
    body: str

    def values(self, flag: str) -> list[str]:
        pairs = zip(self.arguments, self.arguments[1:], strict=False)
        return [value for name, value in pairs if name == flag]

    @property
    def url(self) -> str:
        return next(each for each in self.arguments if each.startswith("http://"))

    @property
    def method(self) -> str:
        return (self.values("-X") or ["POST" if self.values("-d") else "GET"])[0]

    @property
    def headers(self) -> dict[str, str]:
        return dict(header.split(": ", 1) for header in self.values("-H"))


def curls(page: Path) -> Iterator[Curl]:
    """Yield the curl commands of a page, each with the comment that follows it."""
    for block in blocks(page):
        if block.language != "sh":
            continue
        lines = block.code.replace("\\\n", " ").splitlines()
        for line, following in zip(lines, [*lines[1:], ""], strict=True):
            expected = _EXPECTED.match(following)
            if line.startswith("curl ") and expected:
                yield Curl(shlex.split(line), int(expected["status"]), expected["body"])
