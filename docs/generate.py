"""Writes the reference pages; with --check only says which of them the source has outgrown."""

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from docs.writers import audit, commands, errors, events, hooks, mapping, options, providers, routes, schema

REFERENCE = Path(__file__).parent / "reference"
PAGES: Mapping[str, Callable[[], str]] = {
    "audit.md": audit.write,
    "command-line.md": commands.write,
    "configuration-mapping.md": mapping.write,
    "errors.md": errors.write,
    "events.md": events.write,
    "hooks.md": hooks.write,
    "options.md": options.write,
    "providers.md": providers.write,
    "routes.md": routes.write,
    "tables.md": schema.write,
}


def stale() -> Iterator[tuple[Path, str]]:
    """Yield each page that differs from what the source says, with what it should be."""
    for name, write in PAGES.items():
        path = REFERENCE / name
        text = write()
        if not path.exists() or path.read_text("utf-8") != text:
            yield path, text


def main(arguments: list[str]) -> int:
    """Return 0 where every page is fresh or was written, 1 where --check found one that is not."""
    check = arguments == ["--check"]
    if arguments and not check:
        sys.stderr.write("usage: python -m docs.generate [--check]\n")
        return 2
    outgrown = list(stale())
    for path, text in outgrown:
        if not check:
            path.write_text(text, "utf-8")
        sys.stdout.write(f"{'stale' if check else 'wrote'} {path.relative_to(REFERENCE.parent.parent)}\n")
    return 1 if check and outgrown else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
