"""Puts the parts together: which store, which limiter, which hooks, in one place."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from ostiary.crypto.json_web_signatures import SharedKey
from ostiary.crypto.passwords import BoundedHasher, PasswordHasher
from ostiary.crypto.signing import Keyring
from ostiary.crypto.token_form import ACCESS_TOKEN, CLOCK_SKEW
from ostiary.domain.errors import ConfigurationError
from ostiary.domain.models import USER
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
from ostiary.outgoing.networks import Network
from ostiary.plugins.base import Plugin
from ostiary.services.background import Background
from ostiary.services.breached_passwords import BreachedPasswords
from ostiary.services.denials import Denials
from ostiary.services.deny_list import DenyList
from ostiary.services.mail_flows import mail_flows_of
from ostiary.services.oauth.client import ProviderClient
from ostiary.services.oauth.directory import Directory
from ostiary.services.oauth.flow import SocialSignIn
from ostiary.services.oauth.linking import Linking
from ostiary.services.oauth.provider import IdTokenRules, IdTokens
from ostiary.services.oauth.state import States
from ostiary.services.oauth.tokens import TokenSeal
from ostiary.services.password_policy import PasswordRules
from ostiary.services.passwords import Passwords
from ostiary.services.registration import Registration
from ostiary.services.sessions import FORGETTABLE_LIFE, Admission, Sessions
from ostiary.services.sign_in_attempts import SignInAttempts
from ostiary.services.signers import SharedSecret, Signing
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
from ostiary.verification.principal import token_user
from ostiary.verification.tokens import LONGEST_LIFE, TokenJudge, TokenRules

UNNAMED_ISSUER: Final = "ostiary"
"""The `iss` of a server that was told neither an issuer nor its own address."""


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
        store.schema,
        runtime,
        rows=TableSessions(store) if session.store_session_in_database else None,
        preserves_rows=session.preserve_session_in_database,
        longest_life=max(session.expires_in, FORGETTABLE_LIFE),
    )


def _denials_of(options: Options, parts: Parts, store: Store, runtime: Runtime) -> Denials:
    """Keep the deny list in the key-value store; without one, each process knows of its own deeds."""
    key_value = parts.key_value
    if key_value is None:
        from ostiary.storage.memory import MemoryKeyValue  # noqa: PLC0415  see `_signing_of`

        key_value = MemoryKeyValue(runtime)
    return Denials(
        deny_list=DenyList(key_value, LONGEST_LIFE + CLOCK_SKEW),
        store=store,
        runtime=runtime,
        admissions=_admissions_of(parts),
        ends_families=sessions_in_key_value(options, parts),
    )


def _admissions_of(parts: Parts) -> tuple[Admission, ...]:
    return tuple(plugin.admit for plugin in parts.plugins)


def _passwords_of(options: Options, parts: Parts, users: Users, limiter: RateLimiter) -> Passwords:
    runtime = users.runtime
    limit = options.rate_limit.sign_in_failures if options.rate_limit.enabled else None
    breaches = BreachedPasswords(parts.http_client or DefaultHttpClient())
    return Passwords(
        store=users.store,
        users=users,
        hasher=parts.hasher or BoundedHasher(runtime),
        rules=PasswordRules(options.password_policy, breaches, options.app_name),
        attempts=SignInAttempts(limiter, limit, keyring_of(options), runtime),
    )


def _services_of(options: Options, parts: Parts, store: Store, limiter: RateLimiter) -> Services:
    runtime, keyring = runtime_of(options, parts), keyring_of(options)
    signing = _signing_of(options, parts, store, keyring)
    denials = None if signing is None else _denials_of(options, parts, store, runtime)
    hooks = [
        parts.database_hooks,
        *(plugin.database_hooks() for plugin in parts.plugins),
        None if denials is None else denials.hooks(),
    ]
    writes = HookedWrites(store, [each for each in hooks if each is not None])
    session_store = _session_store_of(options, parts, store, runtime)
    sessions = Sessions(session_store, writes, store.schema, runtime, options.session, _admissions_of(parts))
    users = Users(store, writes, sessions, session_store, store.schema, runtime)
    renderer, background = Renderer(store.schema), Background()
    cookies = SessionCookies(CookieNames(options), keyring, options.session, store.schema, renderer, runtime)
    passwords = _passwords_of(options, parts, users, limiter)
    verifications = Verifications(store, writes, runtime, options.verification)
    mail_flows = mail_flows_of(options, limiter, background, passwords, verifications)
    judge = None if signing is None else _judge_of(signing, store.schema, denials)
    return Services(
        options=options,
        runtime=runtime,
        store=store,
        key_value=parts.key_value,
        users=users,
        sessions=sessions,
        passwords=passwords,
        registration=Registration(
            settings=options.email_and_password,
            users=users,
            passwords=passwords,
            email_verification=mail_flows.verification,
            background=background,
        ),
        verifications=verifications,
        mail_flows=mail_flows,
        social=_social_of(options, parts, Accounts(store, writes, users, keyring), verifications),
        session_cookies=cookies,
        session_reader=SessionReader(cookies, sessions, options.session, parts.stateless),
        origins=TrustedOrigins(options, [o for plugin in parts.plugins for o in plugin.trusted_origins()]),
        addresses=ClientAddress(options.advanced.ip_address),
        renderer=renderer,
        background=background,
        mail_sender=parts.mail_sender,
        signing=signing,
        judge=judge,
        access_judge=None if judge is None else _access_judge_of(judge),
    )


@dataclass(frozen=True)
class Accounts:
    """What linked accounts are written with."""

    store: Store
    writes: HookedWrites
    users: Users
    keyring: Keyring


def _social_of(
    options: Options, parts: Parts, accounts: Accounts, verifications: Verifications
) -> SocialSignIn:
    runtime, keyring = accounts.users.runtime, accounts.keyring

    def client_for(network: Network) -> HttpClient:
        """Return what asks hosts of one part of the world."""
        return parts.http_client or DefaultHttpClient(network)

    def judge_of(rules: IdTokenRules) -> IdTokens:
        """Return the judge of one provider's ID tokens."""
        from ostiary.verification.id_tokens import RemoteIdTokenJudge  # noqa: PLC0415  see `_signing_of`
        from ostiary.verification.remote_keys import RemoteKeys  # noqa: PLC0415  see `_signing_of`

        keys = RemoteKeys(
            url=rules.keys_url,
            client=client_for(rules.network),
            runtime=runtime,
            algorithms=rules.algorithms,
            max_age=timedelta(minutes=5),
            stale_for=timedelta(days=1),
        )
        return RemoteIdTokenJudge(
            keys=keys,
            issuer=rules.issuer,
            client_id=rules.client_ids[0],
            other_client_ids=frozenset(rules.client_ids[1:]),
            leeway=timedelta(seconds=30),
        )

    seal = TokenSeal(keyring, runtime, options.account.encrypt_oauth_tokens)
    return SocialSignIn(
        Directory(options.social_providers, client_for, judge_of),
        ProviderClient(client_for, runtime),
        States(verifications, keyring, runtime, options.account.store_state_strategy == "cookie"),
        Linking(accounts.store, accounts.writes, accounts.users, runtime, seal, options.account),
    )


def _signing_of(options: Options, parts: Parts, store: Store, keyring: Keyring) -> Signing | None:
    given = [signing for plugin in parts.plugins if (signing := plugin.signing()) is not None]
    if not given:
        return None
    if len(given) > 1:
        raise ConfigurationError("two plugins say how tokens are signed: keep one of them")
    from ostiary.services.signing_keys import SigningKeys  # noqa: PLC0415  JOSE is slow to import

    [wanted] = given
    runtime, issuer = runtime_of(options, parts), wanted.issuer or options.origin or UNNAMED_ISSUER
    keys = wanted.keys
    return Signing(
        signer=SharedSecret(keys)
        if isinstance(keys, SharedKey)
        else SigningKeys(store, keyring, runtime, keys),
        issuer=issuer,
        audience=wanted.audience or issuer,
    )


def _judge_of(signing: Signing, schema: Schema, denials: Denials | None) -> TokenJudge:
    rules = TokenRules(issuer=signing.issuer, audience=frozenset({signing.audience}))
    return TokenJudge(signing.signer, rules, denials, model=token_user(schema[USER]))


def _access_judge_of(judge: TokenJudge) -> TokenJudge:
    rules = replace(judge.rules, types=frozenset({ACCESS_TOKEN}))
    return replace(judge, rules=rules, denials=None)


def build_pipeline(options: Options, parts: Parts, store: Store) -> Pipeline:
    """Return the pipeline of a configuration; raises ConfigurationError with the cure."""
    memory = MemoryRateLimiter(runtime_of(options, parts))
    limiter = _limiter_of(options, parts, store, memory)
    services = _services_of(options, parts, store, limiter)
    endpoints = core_endpoints()
    for plugin in parts.plugins:
        plugin.check(services)
        endpoints += plugin.endpoints()
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
    return Pipeline(
        services,
        endpoints,
        limits,
        all_hooks,
        on_request=[p.on_request for p in parts.plugins if type(p).on_request is not Plugin.on_request],
        on_response=[p.on_response for p in parts.plugins if type(p).on_response is not Plugin.on_response],
        present=[p.present for p in parts.plugins if type(p).present is not Plugin.present],
    )
