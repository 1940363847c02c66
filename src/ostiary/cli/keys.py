"""`ostiary keys`: the keys that sign tokens."""

from typing import TYPE_CHECKING

import typer

from ostiary.cli.exits import group
from ostiary.cli.target import App, Config, run, target
from ostiary.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from ostiary.auth import Auth
    from ostiary.services.signing_keys import SigningKeys

keys = group("List the keys that sign tokens, and make new ones.")


def _keys(auth: "Auth") -> "SigningKeys":
    from ostiary.services.signing_keys import SigningKeys  # noqa: PLC0415  help texts need no server

    signer = None if auth.services.signing is None else auth.services.signing.signer
    if not isinstance(signer, SigningKeys):
        raise ConfigurationError("this application signs with no key of its own: add Jwt() to its plugins")
    return signer


@keys.command("list")
def list_keys(config: Config = None, app: App = None) -> None:
    """List the keys, the newest first.

    A key that signs no more still proves what it signed, until its grace is over.
    """
    auth = target(config, app).auth
    rows = run(auth, _keys(auth).all())
    now = auth.services.runtime.now()
    if not rows:
        typer.echo("No keys yet: the first token makes one.")
    for row in rows:
        state = "signs" if row.signs_at(now) else f"proves only, since {row.expires_at:%Y-%m-%d %H:%M}"
        typer.echo(f"{row.id}  {row.alg or '':<6} {row.created_at:%Y-%m-%d %H:%M} UTC  {state}")


@keys.command()
def rotate(config: Config = None, app: App = None) -> None:
    """Make a key that signs from now on.

    Earlier keys still prove what they signed. A node that serves notices within a minute.
    """
    auth = target(config, app).auth
    typer.echo(f"Key {run(auth, _keys(auth).rotate())} signs from now on.")
