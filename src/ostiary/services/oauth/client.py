"""Our side of the conversation with a provider, which no browser sees."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias
from urllib.parse import quote_plus

from ostiary.crypto.javascript import form_encoded
from ostiary.crypto.strict_json import Claims, parse_document
from ostiary.crypto.token_form import TokenRefused
from ostiary.domain.errors import IssuerUnavailable, JsonValue
from ostiary.domain.runtime import Runtime
from ostiary.outgoing import HttpAnswer, HttpClient
from ostiary.outgoing.networks import Network
from ostiary.services.oauth.failure import IdTokenRefused, ProviderFailed
from ostiary.services.oauth.provider import Grant, Profile, Provider
from ostiary.services.oauth.tokens import OAuthTokens, read_tokens

ClientFor: TypeAlias = Callable[[Network], HttpClient]

_PATIENCE: Final = 10.0  # seconds for a whole answer
_JSON: Final = {"accept": "application/json"}


@dataclass(frozen=True)
class ProviderClient:
    """Exchanges codes, renews tokens, and asks who somebody is. Every failure is a ProviderFailed."""

    client_for: ClientFor
    runtime: Runtime

    async def exchange_code(
        self, provider: Provider, code: str, *, code_verifier: str, redirect_uri: str
    ) -> OAuthTokens:
        """Return the tokens that a code stands for (RFC 6749 section 4.1.3, RFC 7636 section 4.5)."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": code_verifier,
            "redirect_uri": redirect_uri,
        }
        return await self._ask_for_tokens(provider, {**form, **provider.token_parameters, **form})

    async def profile(
        self, provider: Provider, tokens: OAuthTokens, *, nonce: str | None = None
    ) -> Profile | None:
        """Return what a provider says of the person; None if that is nobody.

        An ID token that came along must be for us, and for this very sign-in where `nonce` is given.
        """
        claims = await self._claims(provider, tokens, nonce)
        if claims is None and provider.requires_id_token:
            raise IdTokenRefused("it sent no ID token")
        return await provider.read_profile(Grant(tokens, claims, partial(self._fetch, provider)))

    async def _claims(self, provider: Provider, tokens: OAuthTokens, nonce: str | None) -> Claims | None:
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

    async def _ask_for_tokens(self, provider: Provider, form: Mapping[str, str]) -> OAuthTokens:
        headers, credentials = _authentication(provider)
        url = provider.token_url
        answer = await self._send(provider, url, headers, form_encoded({**form, **credentials}).encode())
        document = _document(answer)
        if not isinstance(document, dict) or "error" in document:
            raise ProviderFailed(f"it answered {answer.status} without tokens")
        return read_tokens(document, self.runtime.now())

    async def _fetch(self, provider: Provider, url: str, access_token: str) -> JsonValue:
        return _document(await self._send(provider, url, {"authorization": f"Bearer {access_token}"}))

    async def _send(
        self, provider: Provider, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> HttpAnswer:
        client = self.client_for(provider.network_of(url))
        try:
            if body is None:
                return await client.get(url, headers={**_JSON, **headers}, timeout=_PATIENCE)
            form = {"content-type": "application/x-www-form-urlencoded"}
            return await client.post(url, headers={**_JSON, **form, **headers}, body=body, timeout=_PATIENCE)
        except OSError as error:
            raise ProviderFailed(f"no answer from {url}: {error}") from error


def _authentication(provider: Provider) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return headers and members of the form that prove who we are (RFC 6749 section 2.3.1)."""
    client_id, secret = provider.settings.client_ids[0], provider.settings.client_secret
    if not secret:
        return {}, {"client_id": client_id}
    if provider.authentication == "post":
        return {}, {"client_id": client_id, "client_secret": secret}
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return {"authorization": f"Basic {b64encode(pair.encode()).decode()}"}, {}


def _document(answer: HttpAnswer) -> JsonValue:
    if not 200 <= answer.status < 300:
        raise ProviderFailed(f"it answered {answer.status}")
    try:
        return parse_document(answer.body)
    except ValueError as error:
        raise ProviderFailed("its answer is no JSON") from error
