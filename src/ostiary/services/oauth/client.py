"""Our side of the conversation with a provider, which no browser sees."""

import logging
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from ostiary.crypto.javascript import form_encoded
from ostiary.crypto.strict_json import Claims, parse_document
from ostiary.crypto.token_form import TokenRefused
from ostiary.domain.errors import IssuerUnavailable, JsonValue
from ostiary.domain.oauth import CodeGrant, OAuthTokens
from ostiary.domain.runtime import Runtime
from ostiary.options.social import ClientAuthentication
from ostiary.outgoing import HttpAnswer, HttpClient
from ostiary.outgoing.networks import Network
from ostiary.services.oauth.failure import IdTokenRefused, ProviderFailed
from ostiary.services.oauth.profiles import Profile, mapped
from ostiary.services.oauth.provider import Grant, Provider
from ostiary.services.oauth.tokens import read_tokens

ClientFor: TypeAlias = Callable[[Network], HttpClient]

_log: Final = logging.getLogger(__name__)
_PATIENCE: Final = 10.0  # seconds for a whole answer
_FORM: Final = {"content-type": "application/x-www-form-urlencoded"}
_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class ProviderCalls:
    """Asks the interface of one provider, at hosts of the network it must lie in."""

    provider: Provider
    client_for: ClientFor

    async def send(
        self, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> HttpAnswer:
        """Return the answer; raises ProviderFailed where there is none."""
        client = self.client_for(self.provider.network_of(url))
        sent = {"accept": "application/json", **(headers or {})}
        try:
            if body is None:
                return await client.get(url, headers=sent, timeout=_PATIENCE)
            return await client.post(url, headers=sent, body=body, timeout=_PATIENCE)
        except OSError as error:
            raise ProviderFailed(f"no answer from {url.partition('?')[0]}: {error}") from error

    async def ask(
        self, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> JsonValue:
        """Return the JSON that is answered; raises ProviderFailed."""
        answer = await self.send(url, headers, body)
        if not 200 <= answer.status < 300:
            raise ProviderFailed(f"it answered {answer.status}")
        try:
            return parse_document(answer.body)
        except ValueError as error:
            raise ProviderFailed("its answer is no JSON") from error


@dataclass(frozen=True)
class ProviderClient:
    """Exchanges codes, renews tokens, and asks who somebody is. Every failure is a ProviderFailed."""

    client_for: ClientFor
    runtime: Runtime

    async def exchange_code(self, provider: Provider, grant: CodeGrant) -> OAuthTokens:
        """Return the tokens that a code stands for (RFC 6749 section 4.1.3, RFC 7636 section 4.5)."""
        if provider.get_token is not None:
            return self._with_life(provider, await provider.get_token(grant))
        if provider.exchange is not None:
            answer = await provider.exchange(self._calls(provider), grant)
            return read_tokens(answer, self.runtime.now())
        verified = provider.pkce if provider.sends_verifier is None else provider.sends_verifier
        form = {
            "grant_type": "authorization_code",
            "code": grant.code,
            **({"code_verifier": grant.code_verifier} if verified else {}),
            **({"device_id": grant.device_id} if grant.device_id else {}),
            "redirect_uri": grant.redirect_uri,
        }
        return await self._ask_for_tokens(
            provider,
            {**form, **provider.token_parameters, **form},
            provider.token_headers,
            provider.settings.authentication or provider.authentication,
        )

    async def renew(self, provider: Provider, refresh_token: str) -> OAuthTokens:
        """Return the tokens that follow a refresh token (RFC 6749 section 6).

        An ID token among them that proves nothing is left out: the refresh token may be spent, so that the
        others must not be lost for its sake.
        """
        tokens = await self._renewed(provider, refresh_token)
        if not tokens.access_token:
            raise ProviderFailed("it answered without an access token")
        if provider.id_tokens is None or tokens.id_token is None:
            return tokens
        try:
            await self._judged(provider, tokens, None)
        except IdTokenRefused as refusal:
            _log.warning("a renewed ID token of the provider '%s' is not kept: %s", provider.id, refusal)
            return replace(tokens, id_token=None)
        return tokens

    async def _renewed(self, provider: Provider, refresh_token: str) -> OAuthTokens:
        if (own := provider.settings.refresh_access_token) is not None:
            try:
                return await own(refresh_token)
            except Exception as error:  # a function of the application may raise anything
                raise ProviderFailed(f"refresh_access_token raised {type(error).__name__}") from error
        if provider.renew is not None:
            answer = await provider.renew(self._calls(provider), refresh_token)
            return read_tokens(answer, self.runtime.now())
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        given = provider.refresh_parameters
        more = given if isinstance(given, Mapping) else await given()
        authentication = provider.refresh_authentication or provider.authentication
        return await self._ask_for_tokens(
            provider,
            {**form, **more, **form},
            provider.refresh_headers,
            provider.settings.authentication or authentication,
        )

    async def profile(
        self,
        provider: Provider,
        tokens: OAuthTokens,
        *,
        nonce: str | None = None,
        brought: bool = False,
        posted: Mapping[str, JsonValue] | None = None,
    ) -> Profile | None:
        """Return what a provider says of the person; None if that is nobody.

        An ID token that came along must be for us, and for this very sign-in where `nonce` is given; one that
        a client `brought` may be judged otherwise. `posted` is what the browser tells of the person.
        """
        judged = self._confirmed if brought else self._judged
        claims = None if _is_opaque(provider, tokens) else await judged(provider, tokens, nonce)
        return await self._read(provider, Grant(tokens, claims, self._calls(provider), posted or {}))

    async def profile_again(self, provider: Provider, tokens: OAuthTokens) -> Profile | None:
        """Return what a provider says of a person whose tokens are kept.

        The ID token was judged when it came; what it said then is read, though its time is over.
        """
        is_told = provider.id_tokens is not None and not _is_opaque(provider, tokens)
        claims = _unproved(tokens.id_token) if is_told and tokens.id_token else None
        return await self._read(provider, Grant(tokens, claims, self._calls(provider), {}))

    async def _read(self, provider: Provider, grant: Grant) -> Profile | None:
        settings = provider.settings
        if settings.get_user_info is not None:
            info = await settings.get_user_info(grant.tokens)
        elif grant.claims is None and provider.requires_id_token:
            raise IdTokenRefused("it sent no ID token")
        else:
            info = await provider.read(grant)
        return (
            None if info is None else await mapped(settings, await provider.subject(info, grant.claims), info)
        )

    def _calls(self, provider: Provider) -> ProviderCalls:
        return ProviderCalls(provider, self.client_for)

    async def _confirmed(self, provider: Provider, tokens: OAuthTokens, nonce: str | None) -> Claims | None:
        """Judge an ID token that a client brings along: as the application, the provider or its rules say."""
        token, verify = tokens.id_token or "", provider.settings.verify_id_token
        if verify is not None:
            if not await verify(token, nonce):
                raise IdTokenRefused("the application refused its ID token")
            return _unproved(token)
        if provider.confirm is not None:
            return await provider.confirm(self._calls(provider), token, nonce)
        return await self._judged(provider, tokens, nonce)

    async def _judged(self, provider: Provider, tokens: OAuthTokens, nonce: str | None) -> Claims | None:
        if provider.id_tokens is None or tokens.id_token is None:
            return None
        try:
            return await provider.id_tokens.judge(
                tokens.id_token, self.runtime.now(), nonce=nonce, access_token=tokens.access_token
            )
        except TokenRefused as refusal:
            raise IdTokenRefused(f"its ID token was refused: {refusal}") from refusal
        except IssuerUnavailable as error:
            raise IdTokenRefused(str(error)) from error

    async def _ask_for_tokens(
        self,
        provider: Provider,
        form: Mapping[str, str],
        headers: Mapping[str, str],
        authentication: ClientAuthentication,
    ) -> OAuthTokens:
        proof = await self._proof(provider, authentication)
        sent = {**_FORM, **headers, **proof.headers}
        body = form_encoded({**form, **proof.members}).encode()
        document = await self._calls(provider).ask(provider.token_url, sent, body)
        if not isinstance(document, dict) or "error" in document:
            raise ProviderFailed("it answered without tokens")
        return self._with_life(provider, read_tokens(document, self.runtime.now()))

    def _with_life(self, provider: Provider, tokens: OAuthTokens) -> OAuthTokens:
        """Add the end of the access token where the provider does not tell it."""
        if tokens.access_token_expires_at is not None or provider.token_life is None:
            return tokens
        return replace(tokens, access_token_expires_at=self.runtime.now() + provider.token_life)

    async def _proof(self, provider: Provider, authentication: ClientAuthentication) -> "_Proof":
        """Prove who we are (RFC 6749 section 2.3.1, RFC 7521 section 4.2)."""
        settings = provider.settings
        named = {provider.client_id_name: settings.client_ids[0]}
        if settings.client_assertion is not None:
            assertion = await settings.client_assertion(provider.token_url)
            return _Proof({**named, "client_assertion": assertion, "client_assertion_type": _ASSERTION})
        secret = settings.client_secret
        if not secret and provider.secret is not None:
            secret = provider.secret(self.runtime.now())
        if not secret or authentication == "none":
            return _Proof(named)
        if authentication == "post":
            return _Proof({**named, "client_secret": secret})
        pair = f"{_form_value(settings.client_ids[0])}:{_form_value(secret)}"
        return _Proof({}, {"authorization": f"Basic {b64encode(pair.encode()).decode()}"})


@dataclass(frozen=True, slots=True)
class _Proof:
    members: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict)


def _is_opaque(provider: Provider, tokens: OAuthTokens) -> bool:
    return provider.takes_opaque_tokens and (tokens.id_token or "").count(".") != 2


def _form_value(text: str) -> str:
    return form_encoded({"": text})[1:]


def _unproved(token: str) -> Claims | None:
    """Return the claims of a token that the application has judged, or that was judged when it came."""
    from ostiary.crypto.json_web_signatures import parse_token  # noqa: PLC0415  few servers need it

    try:
        return parse_token(token).claims
    except TokenRefused:
        return None
