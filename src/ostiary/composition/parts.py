"""What an application brings along, and what follows from it for all the rest."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ostiary.crypto.passwords import PasswordHasher
from ostiary.crypto.signing import Keyring
from ostiary.domain.mail import MAIL
from ostiary.domain.observation import Observer
from ostiary.domain.runtime import Runtime, SystemRuntime, UuidRuntime
from ostiary.domain.schema import Schema
from ostiary.http.hooks import Hooks
from ostiary.options import Options
from ostiary.options.tables import configured_schema
from ostiary.outgoing import HttpClient, Mailer
from ostiary.plugins.base import Plugin
from ostiary.services.write_hooks import DatabaseHooks
from ostiary.storage.key_value import KeyValue


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What an application may bring along; None is the part we would take ourselves."""

    plugins: Sequence[Plugin] = ()
    key_value: KeyValue | None = None
    hooks: Hooks = field(default_factory=Hooks)
    database_hooks: DatabaseHooks | None = None
    runtime: Runtime | None = None
    hasher: PasswordHasher | None = None
    http_client: HttpClient | None = None
    mailer: Mailer | None = None
    observers: Sequence[Observer] = ()
    stateless: bool = False
    """Nothing durable stands behind: the cookie cache is the session."""


def runtime_of(options: Options, parts: Parts) -> Runtime:
    """Return the given clock and chance, else the system's in the configured form of identifiers."""
    if parts.runtime is not None:
        return parts.runtime
    return UuidRuntime() if options.advanced.generate_id == "uuid" else SystemRuntime()


def keyring_of(options: Options) -> Keyring:
    """Return the secrets in the order they are used."""
    if options.secrets:
        return Keyring(options.secrets, options.secret)
    return Keyring.of(options.secret or "")


def sessions_in_key_value(options: Options, parts: Parts) -> bool:
    """Tell whether sessions live in the key-value store, as with the reference's secondary storage."""
    return parts.key_value is not None and options.session.store_in_key_value


def schema_of(options: Options, parts: Parts) -> Schema:
    """Return the tables of the configuration, plugins included."""
    in_key_value = sessions_in_key_value(options, parts)
    return configured_schema(
        options,
        [plugin.fields() for plugin in parts.plugins],
        [
            *([] if parts.mailer is None else [MAIL]),
            *(model for plugin in parts.plugins for model in plugin.models()),
        ],
        rate_limits=rate_limit_storage(options, parts) == "database",
        sessions=not in_key_value or options.session.store_session_in_database,
    )


def rate_limit_storage(options: Options, parts: Parts) -> str:
    """Return where the limits that stop guessing are counted."""
    if options.rate_limit.storage is not None:
        return options.rate_limit.storage
    if parts.key_value is not None:
        return "secondary-storage"
    return "database" if options.rate_limit.shared else "memory"
