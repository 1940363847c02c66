"""Auth of a configuration in Better Auth's names, in a server's process or in this one."""

from collections.abc import Callable, Mapping
from typing import Any

from ostiary import Auth, Options
from ostiary.domain.schema import Schema
from ostiary.plugins.base import Plugin
from ostiary.storage.memory import MemoryStore
from ostiary.storage.store import Store

Configuration = Mapping[str, Any]  # as it stands in JSON


def auth_of(configuration: Configuration, database: str | Callable[[Schema], Store]) -> Auth:
    """Return the server of a configuration, whose `plugins` have our own options; no address is memory."""
    options = Options.from_mapping({name: it for name, it in configuration.items() if name != "plugins"})
    plugins = _plugins(configuration.get("plugins", {}))
    if isinstance(database, str):
        return Auth(options, database or _in_memory(options, plugins), plugins=plugins)
    return Auth(options, database(_schema(options, plugins)), plugins=plugins)


def _plugins(wanted: Configuration) -> list[Plugin]:
    if not wanted:
        return []  # a server without plugins is to be measured without their modules
    from ostiary.plugins import Jwt, Tokens  # noqa: PLC0415  see above

    kinds: dict[str, Callable[..., Plugin]] = {"jwt": Jwt, "tokens": Tokens}
    return [kinds[name](**given) for name, given in wanted.items()]


def _in_memory(options: Options, plugins: list[Plugin]) -> MemoryStore:
    from ostiary.domain.runtime import SystemRuntime  # noqa: PLC0415  only for this

    return MemoryStore(_schema(options, plugins), SystemRuntime())


def _schema(options: Options, plugins: list[Plugin]) -> Schema:
    from ostiary.composition import Parts, schema_of  # noqa: PLC0415  only for this

    return schema_of(options, Parts(plugins=plugins))
