"""Verifier: issuers in, judgements of their credentials out, for a service that issues none itself."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from ostiary.composition import keyring_of
from ostiary.crypto.json_web_signatures import SharedKey
from ostiary.crypto.token_form import Cause, TokenRefused
from ostiary.domain.entities import Session, User
from ostiary.domain.errors import ConfigurationError
from ostiary.domain.models import USER
from ostiary.domain.roles import BAN_EXPIRES, BAN_REASON, BANNED, ROLE
from ostiary.domain.runtime import Runtime, SystemRuntime
from ostiary.domain.schema import Field, Model, Schema
from ostiary.http.cookies import CookieNames
from ostiary.http.messages import Request
from ostiary.http.origins import TrustedOrigins
from ostiary.options import Options
from ostiary.options.tables import configured_schema
from ostiary.outgoing import DefaultHttpClient, HttpClient
from ostiary.services.deny_list import DenyList
from ostiary.services.signers import SharedSecret
from ostiary.storage.key_value import KeyValue
from ostiary.storage.key_value_sessions import KeyValueSessions
from ostiary.storage.sessions import TableSessions
from ostiary.storage.store import Store
from ostiary.verification.credentials import Credential, Form, bearer_token, credential_of, form_of
from ostiary.verification.errors import credential_required, token_refused
from ostiary.verification.issuers import Issuer, JwksIssuer, SessionIssuer, SharedSecretIssuer
from ostiary.verification.principal import Principal
from ostiary.verification.remote_keys import RemoteKeys
from ostiary.verification.sessions import SessionJudge, SessionSource, SessionSources
from ostiary.verification.tokens import TokenJudge, TokenJudges

if TYPE_CHECKING:
    from fastapi import FastAPI

_ADMIN: Final = (ROLE, BANNED, BAN_REASON, BAN_EXPIRES)
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class Verifier:
    """Judges credentials that other servers issued: JWTs, and session tokens where the store is shared."""

    def __init__(
        self,
        *issuers: Issuer,
        http_client: HttpClient | None = None,
        runtime: Runtime | None = None,
        deny_list: str | KeyValue | None = None,
        deny_list_required: bool = True,
        user_fields: Sequence[Field[Any]] = (),
    ) -> None:
        """`deny_list` is the Redis, or any KeyValue, where issuers note which tokens died early.

        Where it does not answer, tokens are answered with 503; with `deny_list_required=False` they are
        accepted, and that is logged. `user_fields` are claims that tell more of users. A client of one's own
        decides itself which addresses it connects to. Raises ConfigurationError, naming the cure. Nothing is
        connected before the first credential.
        """
        if not issuers:
            raise ConfigurationError("a Verifier needs an issuer whose credentials it accepts")
        self._runtime = runtime or SystemRuntime()
        self._http_client = http_client
        self._closing: list[Callable[[], Awaitable[None]]] = []
        self._denials = None
        if deny_list is not None:
            self._denials = DenyList(self._key_value(deny_list), timedelta(0), deny_list_required)
        self._sessions = self._gate([each for each in issuers if isinstance(each, SessionIssuer)])
        known = USER.extended(_ADMIN) if self._sessions is None else self._sessions.user_model
        added = [field for field in user_fields if field.name not in known.by_name]
        self.user_model: Model[User] = known.extended(added)
        """What can be told of users here."""
        self._tokens = TokenJudges(
            [self._token_judge(each) for each in issuers if not isinstance(each, SessionIssuer)]
        )

    def _key_value(self, given: str | KeyValue) -> KeyValue:
        if not isinstance(given, str):
            return given
        from ostiary.storage.redis import RedisKeyValue  # noqa: PLC0415  only where there is Redis

        opened = RedisKeyValue.from_url(given)
        self._closing.append(opened.close)
        return opened

    def _token_judge(self, issuer: JwksIssuer | SharedSecretIssuer) -> TokenJudge:
        if isinstance(issuer, SharedSecretIssuer):
            key = SharedKey(issuer.secret, issuer.kid)
            return TokenJudge(
                SharedSecret(key), issuer.rules(), self._denials, self.user_model, symmetric=True
            )
        keys = RemoteKeys(
            url=issuer.keys_at,
            client=self._http_client or DefaultHttpClient(issuer.network),
            runtime=self._runtime,
            algorithms=frozenset(issuer.algorithms),
            max_age=issuer.max_age,
            stale_for=issuer.stale_for,
        )
        self._closing.append(keys.close)
        return TokenJudge(keys, issuer.rules(), self._denials, self.user_model)

    def _gate(self, issuers: Sequence[SessionIssuer]) -> "_SessionGate | None":
        if not issuers:
            return None
        if len(issuers) > 1:
            raise ConfigurationError("a session token does not say whose it is: give one SessionIssuer")
        [issuer] = issuers
        options = issuer.options
        added = [field for field in _ADMIN if field.name not in _names(options.user.additional_fields)]
        schema = configured_schema(options, [{"user": added}], rate_limits=False)
        judge = SessionJudge(
            self._session_source(issuer, schema, added),
            keyring_of(options),
            options.session.absolute_lifetime,
            issuer.allow_unsigned,
        )
        fresh_age = options.session.fresh_age
        return _SessionGate(judge, _cookie_names(options), TrustedOrigins(options), schema[USER], fresh_age)

    def _session_source(
        self, issuer: SessionIssuer, schema: Schema, optional: Sequence[Field[Any]]
    ) -> SessionSource:
        rows = () if issuer.database is None else (self._rows(issuer.database, schema, optional),)
        if issuer.key_value is None:
            return SessionSources(rows)
        session = issuer.options.session
        kept = KeyValueSessions(
            self._key_value(issuer.key_value),
            schema,
            self._runtime,
            rows=None,
            preserves_rows=False,
            longest_life=session.expires_in,
        )
        # preserved rows are of sessions that ended
        return SessionSources((kept, *(() if session.preserve_session_in_database else rows)))

    def _rows(self, database: str | Store, schema: Schema, optional: Sequence[Field[Any]]) -> SessionSource:
        if not isinstance(database, str):
            return TableSessions(database)
        from ostiary.storage.sql.adoption import AdoptedSessions  # noqa: PLC0415  only where there is SQL

        rows = AdoptedSessions(database, schema, self._runtime, optional)
        self._closing.append(rows.close)
        return rows

    @property
    def cookie_names(self) -> Sequence[str]:
        """The cookies that are read; none without a SessionIssuer."""
        return () if self._sessions is None else self._sessions.cookie_names

    def is_fresh(self, session: Session) -> bool:
        """Tell whether a sign-in is recent enough for sensitive work, as the SessionIssuer counts."""
        fresh_age = timedelta(0) if self._sessions is None else self._sessions.fresh_age
        return not fresh_age or self._runtime.now() - session.created_at < fresh_age

    def install(self, app: "FastAPI") -> None:
        """Let `CurrentUser` and its like work in a FastAPI application.

        Raises ConfigurationError for an application that has a host already, or that has begun to serve.
        """
        from ostiary.integrations.fastapi.install import install_verifier  # noqa: PLC0415  it needs this class

        install_verifier(self, app)

    async def judge(self, request: Request) -> Principal | None:
        """Return who a request speaks for: by its Authorization header, or where that has none by its cookie.

        None where neither is there, or the session of the cookie is over. Raises AuthError where a token
        failed, or where another site may have made a browser send its cookie; IssuerUnavailable and
        StorageUnavailable where nobody can tell.
        """
        header = request.headers.get("authorization")
        if header is not None:
            try:
                token = bearer_token(header)
            except TokenRefused as error:
                raise token_refused(error.cause, str(error)) from error
            if token is not None:
                return await self.verify(token)
        principal = (
            None if self._sessions is None else await self._sessions.judge(request, self._runtime.now())
        )
        if principal is None and header is not None:
            raise credential_required(wrong_format=True)
        return principal

    def at_once(self, token: str) -> Principal | None:
        """Return who a JWT speaks for where nobody has to be asked, for a key or a deny list; else None.

        Raises AuthError.
        """
        try:
            return self._tokens.at_once(token, self._runtime.now())
        except TokenRefused as error:
            raise token_refused(error.cause, str(error)) from error

    async def verify(self, token: str) -> Principal:
        """Return who a token speaks for, in scripts and wherever it does not come in a header.

        Raises AuthError, IssuerUnavailable and StorageUnavailable.
        """
        now = self._runtime.now()
        try:
            if form_of(token) is Form.JWT:
                return await self._tokens.judge(token, now)
            if self._sessions is not None:
                return await self._sessions.sessions.judge(credential_of(token), "session-token", now)
        except TokenRefused as error:
            raise token_refused(error.cause, str(error)) from error
        raise token_refused(Cause.MALFORMED, "session tokens are not accepted here")

    async def close(self) -> None:
        """Return every connection that it opened itself."""
        for close in self._closing:
            await close()

    def start(self) -> None:
        """Nothing works beside the requests of a verifier."""

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Hold connections for the time of a block."""
        try:
            yield
        finally:
            await self.close()


@dataclass(frozen=True)
class _SessionGate:
    """The way in for sessions: which cookies hold them, and which sites may make a browser send one."""

    sessions: SessionJudge
    cookie_names: tuple[str, ...]
    origins: TrustedOrigins
    user_model: Model[User]
    fresh_age: timedelta

    async def judge(self, request: Request, now: datetime) -> Principal | None:
        """Return who the session cookie stands for; None without a living session."""
        value = next((value for name in self.cookie_names if (value := request.cookies.get(name))), None)
        if value is None:
            return None
        if request.method not in _SAFE_METHODS or "sec-websocket-version" in request.headers:
            # No same-origin policy protects a WebSocket: its handshake carries cookies from anywhere.
            await self.origins.check_origin(request)
        try:
            return await self.sessions.judge(Credential(Form.SIGNED, value), "cookie", now)
        except TokenRefused:
            return None


def _names(fields: Sequence[Field[Any]]) -> frozenset[str]:
    return frozenset(field.name for field in fields)


def _cookie_names(options: Options) -> tuple[str, ...]:
    """Return the names of the session cookie; both where the configuration does not tell which it is."""
    if options.base_url is not None or options.advanced.use_secure_cookies is not None:
        return (CookieNames(options).session_token.name,)
    secure = replace(options, advanced=replace(options.advanced, use_secure_cookies=True))
    return CookieNames(secure).session_token.name, CookieNames(options).session_token.name
