"""`ostiary mint-session`: a browser that is signed in, for tests that drive one."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from ostiary.cli.target import App, Config, run, target

if TYPE_CHECKING:
    from ostiary.auth import Auth
    from ostiary.domain.errors import JsonValue
    from ostiary.http.minting import Minted


def mint_session(
    person: Annotated[str, typer.Argument(metavar="USER", help="Email address or id.")],
    *,
    url: Annotated[
        str | None,
        typer.Option("--url", metavar="URL", help="Where the browser will be; by default the base URL."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write there, for nobody else to read."),
    ] = None,
    config: Config = None,
    app: App = None,
) -> None:
    """Start a session of a user and print it as Playwright's storage state.

    The session is a real one, as long as any: keep the file as you would keep a password.
    """
    from ostiary.cli.people import People  # noqa: PLC0415  help texts need no server
    from ostiary.http.minting import mint_session as mint  # noqa: PLC0415  the same

    people = People(target(config, app).auth)
    host = _host(people.auth, url)

    async def work() -> "Minted":
        """Find and mint on one loop."""
        user = await people.find(person)
        return await mint(people.auth.services, user, user_agent="ostiary mint-session")

    text = json.dumps(storage_state(run(people.auth, work()), host), indent=2)
    if output is None:
        typer.echo(text)
        return
    _write(output, text)
    typer.echo(f"Wrote {output}.")


def _host(auth: "Auth", url: str | None) -> str:
    host = urlsplit(url or auth.options.base_url or "").hostname
    if host is None:
        raise typer.BadParameter(
            "say where the browser will be, such as http://127.0.0.1:3000", param_hint="--url"
        )
    return host


def _write(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)  # an earlier file may be open to others
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{text}\n")


def storage_state(minted: "Minted", host: str) -> "dict[str, JsonValue]":
    """Return what Playwright's `storageState` reads."""
    return {
        "cookies": [
            {
                "name": cookie.name,
                "value": cookie.value,
                "domain": f".{cookie.domain.lstrip('.')}" if cookie.domain else host,
                "path": cookie.path,
                "expires": cookie.expires_at.timestamp() if cookie.expires_at else -1,
                "httpOnly": cookie.http_only,
                "secure": cookie.secure,
                "sameSite": cookie.same_site,
            }
            for cookie in minted.cookies
        ],
        "origins": [],
    }
