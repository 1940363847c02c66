"""`ostiary secret`: makes secrets, and rotates them."""

from typing import Annotated, Final

import typer

from ostiary.cli.target import Config
from ostiary.domain.errors import ConfigurationError
from ostiary.domain.runtime import SystemRuntime

LENGTH: Final = 43
"""Letters and digits that carry 256 bits."""

Rotate = Annotated[
    bool, typer.Option("--rotate", help="Print a BETTER_AUTH_SECRETS that begins with a new secret.")
]


def new_secret() -> str:
    """Return a secret of 256 bits that needs no quoting anywhere."""
    return SystemRuntime().new_token(LENGTH)


def secret(rotate: Rotate = False, config: Config = None) -> None:
    """Print a new secret of 256 bits, for BETTER_AUTH_SECRET.

    With --rotate, print what BETTER_AUTH_SECRETS should become: the new secret signs from then on, and what
    the present ones have signed stays valid.
    """
    if not rotate:
        typer.echo(new_secret())
        return
    from ostiary.server.settings import Settings  # noqa: PLC0415  a plain secret needs no configuration

    settings = Settings.load(config)
    if settings.secrets is not None:
        typer.echo(_rotated(settings.secrets.get_secret_value()))
    elif settings.secret is not None:
        typer.echo(_first_rotation(settings.secret.get_secret_value()))
    else:
        raise ConfigurationError("there is no secret to rotate yet: set BETTER_AUTH_SECRET to a new one")
    typer.echo(
        "Set BETTER_AUTH_SECRETS to this and restart every server; keep BETTER_AUTH_SECRET if it is set. "
        "Drop the last entry once nothing it signed is in use: when the sessions of today have ended.",
        err=True,
    )


def _first_rotation(present: str) -> str:
    if "," in present or present != present.strip():
        return f"1:{new_secret()}"  # the list cannot carry it; BETTER_AUTH_SECRET goes on verifying
    return _rotated(f"1:{present}")


def _rotated(secrets: str) -> str:
    from ostiary.crypto.signing import Keyring  # noqa: PLC0415  a plain secret needs no keyring

    keyring = Keyring.parse(secrets)
    version = 1 + max(each.version or 0 for each in keyring.secrets)
    kept = [f"{each.version}:{each.value}" for each in keyring.secrets]
    return ",".join([f"{version}:{new_secret()}", *kept])
