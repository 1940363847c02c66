"""The page of every Better Auth option name that is read, and of those that have nothing to decide here."""

import inspect
from collections.abc import Iterator, Mapping

from docs.writers.markdown import code, page, table
from ostiary import ConfigurationError
from ostiary.options import cookie_mapping, field_mapping, social_mapping
from ostiary.options.mapping import IGNORED, RULES
from ostiary.options.readers import Read, Rule

INTRODUCTION = """
`Options.from_mapping({...})` reads a Better Auth configuration in its own names, and so does the table
`[options]` of `ostiary.toml`. A name that is not on this page raises `ConfigurationError`, which lists
every such name at once: nothing is dropped in silence. [How to move a configuration
over](../how-to/move-a-configuration.md) says what becomes of plugins, functions and the rest.
"""

WITHOUT_EFFECT: Mapping[str, str] = {
    "advanced.database.validateSchema": "`ostiary migrate --check` and `ostiary doctor` compare the schema",
    "advanced.database.defaultFindManyLimit": "lists of sessions have a limit of their own",
    "verification.storeInDatabase": "one-time values are in the database, whatever else is in Redis",
    "onAPIError.customizeDefaultErrorPage": "the page is plain; `onAPIError.errorURL` names one of your own",
    "logger": "Python's `logging` is used: the loggers are called `ostiary` and `ostiary.events`",
    "telemetry": "there is none",
}

VALUES: Mapping[str, str] = {
    "trustedOrigins": "a list of texts, or an async function of the headers",
    "account.accountLinking.trustedProviders": "a list of texts, or an async function of the headers",
    "session.cookieCache.version": "text, or a function of session and user",
    "session.cookieCache.refreshCache": "true or false, or `{updateAge: seconds}`",
}
"""What is accepted where the refusal does not tell the whole."""

PARTS: Mapping[str, tuple[Mapping[str, Rule], str]] = {
    "A field of `additionalFields`": (field_mapping.FIELD, "Field"),
    "Attributes of a cookie": (cookie_mapping.ATTRIBUTES, "CookieAttributes"),
    "A provider": (social_mapping.SOCIAL, "SocialProvider"),
    "A provider of the plugin `genericOAuth` besides": (social_mapping.GENERIC, "GenericOAuth"),
    **{f"{kind.__name__} besides": (rules, kind.__name__) for kind, rules in social_mapping.OWN.items()},
}


def write() -> str:
    """Return the page."""
    read = [
        (code(theirs), VALUES.get(theirs) or expected(reader), code(place))
        for theirs, (place, reader) in effective()
    ]
    ignored = [theirs for theirs, (place, _) in RULES.items() if place == IGNORED]
    if set(ignored) != set(WITHOUT_EFFECT):
        raise LookupError(f"WITHOUT_EFFECT and RULES differ in {set(ignored) ^ set(WITHOUT_EFFECT)}")
    idle = [(code(theirs), WITHOUT_EFFECT[theirs]) for theirs in ignored]
    return page(
        "Configuration mapping",
        INTRODUCTION,
        "## Read\n\n" + table(("Better Auth", "Value", "Here"), read),
        "## Without effect\n\n" + table(("Better Auth", "Why"), idle),
        *(_part(title, *names) for title, names in PARTS.items()),
    )


def effective() -> Iterator[tuple[str, tuple[str, Read]]]:
    """Yield the rules that decide something."""
    yield from ((theirs, rule) for theirs, rule in RULES.items() if rule[0] != IGNORED)


def expected(reader: Read) -> str:
    """Return what a reader asks for, in the words in which it refuses everything else."""
    alternatives = inspect.getclosurevars(reader).nonlocals.get("readers", ())
    if alternatives:
        return ", or ".join(expected(each) for each in alternatives)
    nonsense = object()
    try:
        reader(nonsense, "value")
    except ConfigurationError as refusal:
        return str(refusal).removeprefix("value must be ")
    except TypeError:
        return "a list of objects"
    return "any value"


def _part(title: str, rules: Mapping[str, Rule], kind: str) -> str:
    rows = [
        (code(theirs), expected(reader), code(f"{kind}.{ours}")) for theirs, (ours, reader) in rules.items()
    ]
    return f"## {title}\n\n" + table(("Better Auth", "Value", "Here"), rows)
