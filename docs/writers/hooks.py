"""The page of every place where an application or a plugin may step in."""

import inspect
from collections.abc import Callable, Iterator

from docs.writers.example import server
from docs.writers.markdown import code, codes, page, sentence, table
from docs.writers.source import bare, fields_of, signature_of, summary, whole
from ostiary import DatabaseHooks, DeleteUser, EmailAndPassword, Hooks, ModelHooks
from ostiary.crypto.passwords import PasswordHasher
from ostiary.domain.observation import Observer
from ostiary.domain.runtime import Runtime
from ostiary.http.context import Context
from ostiary.outgoing import HttpClient, MailTransport
from ostiary.plugins import Plugin
from ostiary.storage.key_value import KeyValue
from ostiary.storage.store import Repository, Store, Tables, Transaction

INTRODUCTION = """
Three ways to step in, from small to large: functions among the [options](options.md), hooks around
endpoints and writes, plugins. Behind them stand the ports that an application may fill with parts of its
own. Hooks are async functions; the application's run before those of plugins, plugins in the order they
were given.
"""

AROUND_ENDPOINTS = """
```python run
from ostiary import Errors, Hooks
from ostiary.http.context import Context

hooks = Hooks()


@hooks.before("sign_up_email")
async def only_our_people(context: Context) -> None:
    if isinstance(context.body, dict) and not str(context.body.get("email")).endswith("@example.com"):
        raise Errors.FORBIDDEN("Not one of us")
```

A name that no endpoint has is a `ConfigurationError` when `Auth` is made. `ANY` stands for every endpoint.
"""

PORTS = (
    Runtime,
    PasswordHasher,
    MailTransport,
    HttpClient,
    Observer,
    KeyValue,
    Store,
    Tables,
    Transaction,
    Repository,
)


def write() -> str:
    """Return the page."""
    return page(
        "Hooks and plugins",
        INTRODUCTION,
        "## Functions among the options\n\n" + _functions(),
        "## Around endpoints\n\n" + summary(Hooks) + "\n" + AROUND_ENDPOINTS,
        _methods(Hooks, ("before", "after")),
        "The endpoints: " + codes(endpoint.name for endpoint in server().endpoints) + ".",
        "### Context\n\n" + summary(Context) + "\n\n" + _context(),
        "## Around writes\n\n" + _writes(),
        "## Plugins\n\n" + _plugin(),
        "## Ports\n\nWhat `Auth` takes as arguments; each is a protocol.",
        *(_port(kind) for kind in PORTS),
    )


def _functions() -> str:
    rows = [
        (code(f"{kind.__name__}.{each.name}"), code(each.annotation), sentence(each.text))
        for kind in (EmailAndPassword, DeleteUser)
        for each in fields_of(kind)
        if "Callable" in each.annotation
    ]
    return table(("Option", "Type", "Meaning"), rows) + (
        "\n\n`trusted_origins` and `session.cookie_cache.version` may be functions as well, and so may "
        "`validate` and `default` of an additional field.\n\n"
        "The request that a function is called for, which Better Auth passes as a second argument, is "
        "`ostiary.current_request()`: method, path, headers, cookies and query; None outside of one."
    )


def public_methods(kind: type) -> Iterator[str]:
    """Yield the methods that a class itself declares."""
    for name, value in vars(kind).items():
        is_public = not name.startswith("_") or name == "__call__"
        if is_public and inspect.isfunction(value) and value.__module__ != "typing":
            yield name


def _methods(kind: type, names: Iterator[str] | tuple[str, ...]) -> str:
    rows = [(code(signature_of(vars(kind)[name])), sentence(whole(vars(kind)[name]))) for name in names]
    return table(("Method", "Contract"), rows)


def _context() -> str:
    rows = [
        (code(each.name), code(each.annotation), sentence(each.text) or _obvious(each.name))
        for each in fields_of(Context)
    ]
    rows += [
        (code(name), code(_returned(value.fget)), summary(value))
        for name, value in vars(Context).items()
        if isinstance(value, property)
    ]
    return table(("Attribute", "Type", "Meaning"), rows) + "\n\n" + _methods(Context, public_methods(Context))


def _returned(function: Callable[[Context], object] | None) -> str:
    annotation = inspect.signature(function).return_annotation if function else ""
    return bare(inspect.formatannotation(annotation))


def _obvious(name: str) -> str:
    words = {
        "request": "The request: method, path below the base path, headers, cookies, query.",
        "services": "Everything that all requests share.",
        "endpoint": "The endpoint that the request is for.",
        "cookies": "The Set-Cookie lines of the response.",
        "headers": "Further headers of the response, kept even when the request is refused.",
    }
    return words[name]


def _writes() -> str:
    models = codes(each.name for each in fields_of(DatabaseHooks))
    rows = [(code(each.name), code(each.annotation), sentence(each.text)) for each in fields_of(ModelHooks)]
    return (
        f"{summary(DatabaseHooks)} `DatabaseHooks` holds one `ModelHooks` for each of {models}. "
        f"{whole(ModelHooks)} What follows a write runs after the commit and sees what is durable.\n\n"
        + table(("Hook", "Type", "Meaning"), rows)
    )


def _plugin() -> str:
    rows = [(code(each.name), code(each.annotation), sentence(each.text)) for each in fields_of(Plugin)]
    return (
        f"{summary(Plugin)} A plugin is a frozen dataclass: its options are its fields, its routes and "
        "hooks are its methods.\n\n"
        + table(("Attribute", "Type", "Meaning"), rows)
        + "\n\n"
        + _methods(Plugin, public_methods(Plugin))
    )


def _port(kind: type) -> str:
    return f"### {kind.__name__}\n\n{whole(kind)}\n\n" + _methods(kind, public_methods(kind))
