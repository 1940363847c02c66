"""The page of every option: its type, its default, its docstring, and Better Auth's name for it."""

import inspect
from collections.abc import Mapping
from dataclasses import is_dataclass

from docs.writers.example import plugins
from docs.writers.markdown import code, page, sentence, table
from docs.writers.paths import PROVIDERS, SECTIONS, names_in_reference, reference_defaults, sections_of
from docs.writers.source import bare, fields_of, summary
from ostiary import (
    Auth,
    Field,
    Index,
    JwksIssuer,
    Mailer,
    Model,
    Options,
    Reference,
    SessionIssuer,
    SharedSecretIssuer,
    Smtp,
    Verifier,
)
from ostiary.plugins import CodeOptions, KeyOptions

INTRODUCTION = """
Options are frozen, keyword-only dataclasses. A mistake raises `ConfigurationError` when they are made, and
the message names the cure. Where Better Auth decides the same by a name of its own, that name follows the
meaning, and [Options.from_mapping](configuration-mapping.md) reads it. Where Better Auth's default is
another one, that of `Options.reference()` is given; [the differences](../explanation/differences.md) say
why.
"""

ARGUMENTS = {
    "options": "What is decided: see below.",
    "database": "An address (`sqlite:///app.db`, `postgresql://...`, `mysql://...`, `mariadb://...`) or any "
    "`Store`. None, without `key_value`: the encrypted cookie is the session, and users are forgotten with "
    "the process.",
    "plugins": "What is added, in this order: see [below](#plugins).",
    "key_value": "A `KeyValue`, such as `RedisKeyValue.from_url(...)`: counts rate limits, and with "
    "`session.store_in_key_value` keeps sessions.",
    "hooks": "What the application does [before and after endpoints](hooks.md#around-endpoints).",
    "database_hooks": "What it does [before and after writes](hooks.md#around-writes).",
    "runtime": "Clock and chance; tests pass `FrozenRuntime`.",
    "hasher": "Makes and checks password hashes: `BoundedHasher`, or anything with its three methods.",
    "http_client": "Makes outgoing requests: to providers, and for `password_policy.refuse_breached`.",
    "mailer": "Writes and delivers the mails that no function of the application sends: a `Mailer`.",
    "observers": "Hear what happens, [to count or to trace it](../how-to/measure.md).",
}

VERIFIER_ARGUMENTS = {
    "issuers": "Whose credentials are accepted: see below.",
    "http_client": "Fetches key sets; one of your own decides itself which addresses it connects to.",
    "runtime": "Clock; tests pass `FrozenRuntime`.",
    "deny_list": "The address of the Redis, or a `KeyValue`, where issuers note which tokens died early.",
    "deny_list_required": "Answer 503 where it does not answer. False: accept the token, and log that.",
    "user_fields": "Claims that tell more of users, as `additional_fields` do.",
}


def write() -> str:
    """Return the page."""
    sections = dict(sections_of(Options))
    if lost := SECTIONS - set(sections):
        raise LookupError(f"no option of Options leads to {lost}")
    return page(
        "Options",
        INTRODUCTION,
        _arguments(Auth, ARGUMENTS, "Options are values; parts are arguments."),
        *(_section(kind, place) for kind, place in sections.items()),
        "## Providers\n\nWhat `social_providers` holds: [each of these](providers.md), with the options of "
        "`SocialProvider`, and those of its own where it has any.",
        *(_section(kind, inherited=False).replace("## ", "### ", 1) for kind in PROVIDERS),
        "## Mail\n\nWhat `Auth(mailer=...)` takes. [Send mail](../how-to/mail.md) shows them at work.",
        *(_section(kind).replace("## ", "### ", 1) for kind in (Mailer, Smtp)),
        "## Plugins\n\nEach is its options. `from ostiary.plugins import ...`",
        *(
            _section(kind).replace("## ", "### ", 1)
            for kind in (*map(type, plugins()), KeyOptions, CodeOptions)
        ),
        _arguments(
            Verifier, VERIFIER_ARGUMENTS, "[What it accepts and refuses](../explanation/verifier.md)."
        ),
        *(
            _section(kind).replace("## ", "### ", 1)
            for kind in (JwksIssuer, SharedSecretIssuer, SessionIssuer)
        ),
        "## Additional fields and tables\n\nWhat `additional_fields` and plugins declare.",
        *(_section(kind).replace("## ", "### ", 1) for kind in (Field, Reference, Model, Index)),
    )


def _arguments(kind: type, meanings: Mapping[str, str], remark: str) -> str:
    parameters = list(inspect.signature(kind).parameters.values())
    if [parameter.name for parameter in parameters] != list(meanings):
        raise LookupError(f"what docs.writers.options says of {kind.__name__} is not what it takes")
    rows = [
        (
            code(parameter.name),
            code(inspect.formatannotation(parameter.annotation)),
            meanings[parameter.name],
        )
        for parameter in parameters
    ]
    return f"## {kind.__name__}\n\n{summary(kind)} {remark}\n\n" + table(
        ("Argument", "Type", "Meaning"), ((name, bare(annotation), text) for name, annotation, text in rows)
    )


def _section(kind: type, place: str = "", *, inherited: bool = True) -> str:
    rows = [
        (
            code(each.name),
            code(each.annotation),
            code(each.default) or "required",
            _meaning(kind, each.name, each.text),
        )
        for owner in (reversed(kind.__mro__) if inherited else (kind,))
        if is_dataclass(owner)
        for each in fields_of(owner)
        if not each.is_class_variable
    ]
    where = f" In `Options`: `{place}`." if place else ""
    return f"## {kind.__name__}\n\n{summary(kind)}{where}{_makers(kind)}\n\n" + table(
        ("Option", "Type", "Default", "Meaning"), rows
    )


def _makers(kind: type) -> str:
    """Name the constructors that choose well."""
    makers: tuple[str, ...]
    if kind is Options:
        makers = ("reference", "from_mapping", "with_reference_defaults")
    else:
        makers = ("strict",) if hasattr(kind, "strict") else ()
    lines = [f"- `{kind.__name__}.{name}`: {summary(getattr(kind, name))}" for name in makers]
    return "\n\n" + "\n".join(lines) if lines else ""


def _meaning(kind: type, name: str, text: str) -> str:
    if not text:
        raise LookupError(f"{kind.__name__}.{name} has no docstring under it")
    parts = [sentence(text)]
    if (theirs := names_in_reference().get((kind, name))) is not None:
        parts.append(f"Better Auth: `{theirs}`.")
    if (kind, name) in reference_defaults():
        parts.append(f"`Options.reference()`: `{reference_defaults()[kind, name]!r}`.")
    return " ".join(parts)
