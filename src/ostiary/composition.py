"""Puts the parts together: which store, which limiter, which hooks, in one place."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ostiary.crypto.passwords import BoundedHasher, PasswordHasher
from ostiary.crypto.signing import Keyring
from ostiary.domain.errors import ConfigurationError
from ostiary.domain.runtime import Runtime, SystemRuntime, UuidRuntime
from ostiary.domain.schema import Schema
from ostiary.http.client_address import ClientAddress
from ostiary.http.context import Services
from ostiary.http.cookies import CookieNames
from ostiary.http.hooks import Hooks, check_names
from ostiary.http.limits import Limits
from ostiary.http.origins import TrustedOrigins
from ostiary.http.pipeline import Pipeline
from ostiary.http.routes import core_endpoints
from ostiary.http.session_cookies import SessionCookies
from ostiary.http.session_reader import SessionReader
from ostiary.http.wire import Renderer
from ostiary.options import Options
from ostiary.options.tables import configured_schema
from ostiary.outgoing import DefaultHttpClient, HttpClient, MailSender
from ostiary.plugins.base import Plugin
from ostiary.services.background import Background
from ostiary.services.breached_passwords import BreachedPasswords
from ostiary.services.password_policy import PasswordRules
from ostiary.services.passwords import Passwords
from ostiary.services.sessions import FORGETTABLE_LIFE, Sessions
from ostiary.services.sign_in_attempts import SignInAttempts
from ostiary.services.users import Users
from ostiary.services.verifications import Verifications
from ostiary.services.write_hooks import DatabaseHooks, HookedWrites
from ostiary.storage.key_value import KeyValue
from ostiary.storage.key_value_sessions import KeyValueSessions
from ostiary.storage.rate_limits import (
    FallbackRateLimiter,
    KeyValueRateLimiter,
    MemoryRateLimiter,
    RateLimiter,
    StoreRateLimiter,
)
from ostiary.storage.sessions import SessionStore, TableSessions
from ostiary.storage.store import Store


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
    mail_sender: MailSender | None = None
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
        [model for plugin in parts.plugins for model in plugin.models()],
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


def _limiter_of(options: Options, parts: Parts, store: Store, memory: MemoryRateLimiter) -> RateLimiter:
    runtime = runtime_of(options, parts)
    match rate_limit_storage(options, parts):
        case "memory":
            return memory
        case "secondary-storage" if parts.key_value is not None:
            return FallbackRateLimiter(KeyValueRateLimiter(parts.key_value), memory, runtime)
        case "secondary-storage":
            raise ConfigurationError("rate_limit.storage is 'secondary-storage': pass key_value to Auth")
    return FallbackRateLimiter(StoreRateLimiter(store, runtime), memory, runtime)


def _session_store_of(options: Options, parts: Parts, store: Store, runtime: Runtime) -> SessionStore:
    if parts.key_value is None or not sessions_in_key_value(options, parts):
        return TableSessions(store)
    session = options.session
    return KeyValueSessions(
        parts.key_value,
        store,
        runtime,
        rows=TableSessions(store) if session.store_session_in_database else None,
        preserves_rows=session.preserve_session_in_database,
        longest_life=max(session.expires_in, FORGETTABLE_LIFE),
    )


def _services_of(options: Options, parts: Parts, store: Store, limiter: RateLimiter) -> Services:
    runtime = runtime_of(options, parts)
    hooks = [parts.database_hooks, *(plugin.database_hooks() for plugin in parts.plugins)]
    writes = HookedWrites(store, [each for each in hooks if each is not None])
    session_store = _session_store_of(options, parts, store, runtime)
    admissions = tuple(plugin.admit for plugin in parts.plugins)
    sessions = Sessions(session_store, writes, store.schema, runtime, options.session, admissions)
    users = Users(store, writes, sessions, session_store, store.schema, runtime)
    keyring, renderer = keyring_of(options), Renderer(store.schema)
    cookies = SessionCookies(CookieNames(options), keyring, options.session, store.schema, renderer, runtime)
    account_limit = options.rate_limit.sign_in_failures if options.rate_limit.enabled else None
    breaches = BreachedPasswords(parts.http_client or DefaultHttpClient())
    passwords = Passwords(
        store=store,
        users=users,
        hasher=parts.hasher or BoundedHasher(runtime),
        rules=PasswordRules(options.password_policy, breaches, options.app_name),
        attempts=SignInAttempts(limiter, account_limit, keyring, runtime),
    )
    return Services(
        options=options,
        runtime=runtime,
        store=store,
        key_value=parts.key_value,
        users=users,
        sessions=sessions,
        passwords=passwords,
        verifications=Verifications(store, writes, runtime, options.verification),
        session_cookies=cookies,
        session_reader=SessionReader(cookies, sessions, options.session, parts.stateless),
        origins=TrustedOrigins(options, [o for plugin in parts.plugins for o in plugin.trusted_origins()]),
        addresses=ClientAddress(options.advanced.ip_address),
        renderer=renderer,
        background=Background(),
        mail_sender=parts.mail_sender,
    )


def build_pipeline(options: Options, parts: Parts, store: Store) -> Pipeline:
    """Return the pipeline of a configuration; raises ConfigurationError with the cure."""
    memory = MemoryRateLimiter(runtime_of(options, parts))
    limiter = _limiter_of(options, parts, store, memory)
    services = _services_of(options, parts, store, limiter)
    endpoints = core_endpoints()
    for plugin in parts.plugins:
        endpoints += [
            endpoint.bound_to(plugin).limited(plugin.rate_limit) for endpoint in plugin.routes.endpoints
        ]
    all_hooks = [parts.hooks, *(plugin.hooks.bound_to(plugin) for plugin in parts.plugins)]
    owners = ["the application", *(f"the plugin '{plugin.id}'" for plugin in parts.plugins)]
    for owner, hooks in zip(owners, all_hooks, strict=True):
        check_names(owner, hooks, [endpoint.name for endpoint in endpoints])
    limits = Limits(
        limiter,
        # a general limit protects the process, so the process may count it: no write for each request
        general=memory if options.rate_limit.shared and options.rate_limit.storage is None else limiter,
        options=options.rate_limit,
        tracks_addresses=not options.advanced.ip_address.disable_ip_tracking,
    )
    interested = [p.on_request for p in parts.plugins if type(p).on_request is not Plugin.on_request]
    return Pipeline(services, endpoints, limits, all_hooks, interested)
