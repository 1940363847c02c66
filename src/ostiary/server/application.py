"""Finds the auth server that a command or a worker process is about."""

import os
import sys
from dataclasses import dataclass
from functools import reduce
from importlib import import_module
from pathlib import Path
from typing import Final

from ostiary.auth import Auth
from ostiary.domain.errors import ConfigurationError
from ostiary.server.settings import Settings

APP_VARIABLE: Final = "OSTIARY_APP"


@dataclass(frozen=True)
class Application:
    """An auth server and how it is to be served."""

    settings: Settings
    auth: Auth
    is_in_python: bool = False
    """Whether code made the auth server; else the settings did."""


def find_application(config: Path | None = None, app: str | None = None) -> Application:
    """Return the auth server of `app` (`module:auth`), else the one that the settings describe.

    OSTIARY_APP stands in for `app`. Raises ConfigurationError with the cure.
    """
    settings = Settings.load(config)
    reference = app or os.environ.get(APP_VARIABLE)
    if reference:
        return Application(settings, import_auth(reference), is_in_python=True)
    return Application(settings, settings.to_auth())


def import_auth(reference: str) -> Auth:
    """Import an Auth by `module:attribute`, from the working directory first, as uvicorn does."""
    module_name, colon, attribute = reference.partition(":")
    if not colon or not module_name or not attribute:
        raise ConfigurationError(f"--app needs module:attribute, such as app:auth, not '{reference}'")
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise  # the module is there, what it imports is not: the traceback shows where
        raise ConfigurationError(
            f"there is no module '{module_name}' here: start the command where the application starts"
        ) from None
    try:
        found: object = reduce(getattr, attribute.split("."), module)
    except AttributeError:
        raise ConfigurationError(f"the module '{module_name}' has no '{attribute}'") from None
    if not isinstance(found, Auth):
        raise ConfigurationError(
            f"'{reference}' is of type {type(found).__name__}: name the variable that holds Auth(...)"
        )
    return found
