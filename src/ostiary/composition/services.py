"""The services, each with what it stands on."""

from ostiary.composition.parts import Parts, keyring_of, runtime_of, sessions_in_key_value
from ostiary.composition.signing import access_judge_of, admissions_of, denials_of, judge_of, signing_of
from ostiary.composition.social import provider_tokens_of, social_of
from ostiary.crypto.observed_hasher import ObservedHasher
from ostiary.crypto.passwords import BoundedHasher, PasswordHasher
from ostiary.domain.models import ACCOUNT
from ostiary.domain.observation import Observers
from ostiary.domain.runtime import Runtime
from ostiary.domain.schema import Schema
from ostiary.http.account_cookies import AccountCookies
from ostiary.http.client_address import ClientAddress
from ostiary.http.context import Services
from ostiary.http.cookies import CookieNames
from ostiary.http.origins import TrustedOrigins
from ostiary.http.rendering import Renderer
from ostiary.http.session_cookies import SessionCookies
from ostiary.http.session_reader import SessionReader
from ostiary.options import Options
from ostiary.outgoing import DefaultHttpClient
from ostiary.outgoing.breakers import BreakingHttpClient
from ostiary.services.accounts import Accounts
from ostiary.services.admission import Admission
from ostiary.services.audit import AuditLog
from ostiary.services.audit_chain import AuditChain, ChainLinker
from ostiary.services.audit_retention import AuditRetention
from ostiary.services.background import Background
from ostiary.services.breached_passwords import BreachedPasswords
from ostiary.services.cleaning import Cleaning
from ostiary.services.denials import Denials
from ostiary.services.housekeeping import Housekeeper
from ostiary.services.mail_flows import MailFlows, codes_of, courier_of, mail_flows_of, mailed_links_of
from ostiary.services.oauth.linking import Linking
from ostiary.services.oauth.tokens import TokenSeal
from ostiary.services.password_policy import PasswordRules
from ostiary.services.passwords import Passwords
from ostiary.services.registration import Registration
from ostiary.services.sessions import FORGETTABLE_LIFE, Sessions
from ostiary.services.sign_in_attempts import SignInAttempts
from ostiary.services.users import Users
from ostiary.services.verifications import Verifications
from ostiary.services.write_hooks import HookedWrites
from ostiary.storage.key_value_sessions import KeyValueSessions
from ostiary.storage.rate_limits import (
    RateLimiter,
)
from ostiary.storage.sessions import SessionStore, TableSessions
from ostiary.storage.store import Store


def _session_store_of(options: Options, parts: Parts, store: Store, runtime: Runtime) -> SessionStore:
    if parts.key_value is None or not sessions_in_key_value(options, parts):
        return TableSessions(store)
    session = options.session
    return KeyValueSessions(
        parts.key_value,
        store.schema,
        runtime,
        users=store,
        rows=TableSessions(store) if session.store_session_in_database else None,
        preserves_rows=session.preserve_session_in_database,
        longest_life=max(session.expires_in, FORGETTABLE_LIFE),
    )


def _hasher_of(parts: Parts, runtime: Runtime, observers: Observers) -> PasswordHasher:
    hasher = parts.hasher or BoundedHasher(runtime)
    if not observers:
        return hasher
    if isinstance(hasher, BoundedHasher):
        observers.watch("hashing_jobs", "Passwords being hashed or waiting for a thread", lambda: hasher.jobs)
    return ObservedHasher(hasher, observers)


def _passwords_of(options: Options, parts: Parts, users: Users, limiter: RateLimiter) -> Passwords:
    runtime = users.runtime
    limit = options.rate_limit.sign_in_failures if options.rate_limit.enabled else None
    breaches = BreachedPasswords(BreakingHttpClient(parts.http_client or DefaultHttpClient()))
    return Passwords(
        store=users.store,
        users=users,
        hasher=_hasher_of(parts, runtime, users.writes.audit.observers),
        rules=PasswordRules(options.password_policy, breaches, options.app_name),
        attempts=SignInAttempts(limiter, limit, keyring_of(options), runtime),
    )


def _registration_of(options: Options, passwords: Passwords, mail_flows: MailFlows) -> Registration:
    return Registration(
        settings=options.email_and_password,
        users=passwords.users,
        passwords=passwords,
        email_verification=mail_flows.verification,
        links=mail_flows.links,
    )


def _background_of(observers: Observers) -> Background:
    background = Background()
    observers.watch("background_tasks", "Work under way beside the requests", lambda: background.running)
    observers.watch("background_failures", "Such work that failed", lambda: background.failures)
    return background


def _mail_flows_of(
    options: Options,
    parts: Parts,
    limiter: RateLimiter,
    background: Background,
    *,
    passwords: Passwords,
    known: Verifications,
) -> MailFlows:
    keyring = keyring_of(options)
    observers = known.writes.audit.observers
    courier = courier_of(
        options, parts.mailer, known.store, keyring, runtime=known.runtime, observers=observers
    )
    codes = codes_of([wanted for p in parts.plugins if (wanted := p.mailed_codes())], known, keyring)
    links = mailed_links_of(options, limiter, background, passwords, courier=courier, codes=codes)
    return mail_flows_of(options, links, passwords, known)


def _audit_of(options: Options, parts: Parts, store: Store, background: Background) -> AuditLog:
    linker = ChainLinker(AuditChain(store), background, options.audit.link_after)
    return AuditLog(
        store,
        runtime_of(options, parts),
        options.audit,
        linker if options.audit.enabled else None,
        Observers(parts.observers),
    )


def _writes_of(parts: Parts, store: Store, audit: AuditLog, denials: Denials | None) -> HookedWrites:
    hooks = [
        parts.database_hooks,
        *(plugin.database_hooks() for plugin in parts.plugins),
        None if denials is None else denials.hooks(),
    ]
    return HookedWrites(store, audit, [each for each in hooks if each is not None])


def _cookies_of(options: Options, parts: Parts, renderer: Renderer, schema: Schema) -> SessionCookies:
    names, keyring, runtime = CookieNames(options), keyring_of(options), runtime_of(options, parts)
    accounts = None
    if options.account.store_account_cookie:
        bound = not parts.stateless
        accounts = AccountCookies(names.account_data, keyring, schema[ACCOUNT], runtime, bound)
    session = options.session
    return SessionCookies(names, keyring, session, schema, renderer, runtime, accounts, parts.stateless)


def _housekeeper_of(
    options: Options, parts: Parts, audit: AuditLog, limiter: RateLimiter
) -> Housekeeper | None:
    if not options.housekeeping:
        return None
    runtime, store = runtime_of(options, parts), audit.store
    cleaning = Cleaning(store, runtime, options.session.preserve_session_in_database)
    retention = AuditRetention(audit, AuditChain(store))
    keep = options.audit.keep_for if options.audit.enabled else None
    return Housekeeper(cleaning, retention, keep, limiter, runtime)


def services_of(options: Options, parts: Parts, store: Store, limiter: RateLimiter) -> Services:
    """Return everything that stands behind the endpoints."""
    runtime, keyring = runtime_of(options, parts), keyring_of(options)
    background = _background_of(Observers(parts.observers))
    audit = _audit_of(options, parts, store, background)
    signing = signing_of(options, parts, keyring, audit)
    denials = None if signing is None else denials_of(options, parts, store, runtime)
    writes = _writes_of(parts, store, audit, denials)
    session_store = _session_store_of(options, parts, store, runtime)
    sessions = Sessions(session_store, writes, store.schema, runtime, options.session, admissions_of(parts))
    admission = Admission(options.user.validate_user_info)
    users = Users(store, writes, sessions, session_store, store.schema, runtime, admission)
    renderer = Renderer(store.schema)
    cookies = _cookies_of(options, parts, renderer, store.schema)
    passwords = _passwords_of(options, parts, users, limiter)
    verifications = Verifications(store, writes, runtime, options.verification)
    mail_flows = _mail_flows_of(options, parts, limiter, background, passwords=passwords, known=verifications)
    judge = None if signing is None else judge_of(signing, store.schema, denials)
    seal = TokenSeal(keyring, runtime, options.account.encrypt_oauth_tokens)
    accounts = Accounts(store, writes, runtime, seal, options.account)
    linking = Linking(store, writes, users, accounts, options.account)
    social = social_of(options, parts, linking, verifications)
    return Services(
        options=options,
        runtime=runtime,
        store=store,
        key_value=parts.key_value,
        audit=audit,
        users=users,
        sessions=sessions,
        passwords=passwords,
        registration=_registration_of(options, passwords, mail_flows),
        verifications=verifications,
        mail_flows=mail_flows,
        accounts=accounts,
        social=social,
        provider_tokens=provider_tokens_of(parts, accounts, social),
        session_cookies=cookies,
        session_reader=SessionReader(cookies, sessions, options.session, parts.stateless),
        origins=TrustedOrigins(options, [o for plugin in parts.plugins for o in plugin.trusted_origins()]),
        addresses=ClientAddress(options.advanced.ip_address),
        renderer=renderer,
        background=background,
        courier=mail_flows.links.courier,
        housekeeper=_housekeeper_of(options, parts, audit, limiter),
        signing=signing,
        judge=judge,
        access_judge=None if judge is None else access_judge_of(judge),
    )
