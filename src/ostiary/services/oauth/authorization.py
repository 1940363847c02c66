"""The address at which a person grants access (RFC 6749 section 4.1.1, RFC 7636 section 4.3)."""

import hashlib
from collections.abc import Mapping
from typing import Final

from ostiary.crypto import base64url
from ostiary.crypto.javascript import form_encoded
from ostiary.services.oauth.provider import AuthorizationRequest, Provider

RESERVED: Final = (
    "state",
    "client_id",
    "redirect_uri",
    "response_type",
    "code_challenge",
    "code_challenge_method",
    "nonce",
    "scope",
)
"""Parameters that no caller may set: they tie the answer to the request."""


def code_challenge(code_verifier: str) -> str:
    """Return the S256 challenge of a verifier (RFC 7636 section 4.2)."""
    return base64url.encode(hashlib.sha256(code_verifier.encode()).digest()).decode()


def authorization_url(provider: Provider, request: AuthorizationRequest) -> str:
    """Return where the browser is sent."""
    return (provider.authorize or standard_address)(provider, request)


def standard_address(provider: Provider, request: AuthorizationRequest) -> str:
    """Return where the browser is sent, parameters in the reference's order."""
    own = provider.parameters
    given: dict[str, str | None] = {
        "response_type": own.get("response_type") or "code",
        "client_id": provider.settings.client_ids[0],
        "state": request.state,
        "scope": " ".join(provider.scopes(request.scopes)),
        "redirect_uri": request.redirect_uri,
        "duration": own.get("duration"),
        "display": own.get("display"),
        "login_hint": request.login_hint if provider.takes_login_hint else None,
        "nonce": request.nonce,
        "prompt": (provider.settings.prompt if provider.takes_prompt else None) or own.get("prompt"),
        "hd": own.get("hd"),
        "access_type": own.get("access_type"),
        "response_mode": provider.settings.response_mode or own.get("response_mode"),
        **_challenge(provider, request),
        "claims": own.get("claims"),
    }
    parameters = {name: value for name, value in given.items() if value}
    return joined(address_of(provider), {**parameters, **additional(provider, request)})


def sparse_address(provider: Provider, request: AuthorizationRequest) -> str:
    """Return where the browser is sent by a provider that knows little of the standard.

    It has its own name for the client id, wants commas between scopes, and takes no other parameter of ours.
    """
    name = provider.client_id_name
    parameters = {
        "scope": ",".join(provider.scopes(request.scopes)),
        "response_type": "code",
        name: provider.settings.client_ids[0],
        "redirect_uri": request.redirect_uri,
        "state": request.state,
    }
    more = {each: value for each, value in additional(provider, request).items() if each != name}
    return joined(address_of(provider), {**parameters, **more})


def _challenge(provider: Provider, request: AuthorizationRequest) -> Mapping[str, str]:
    if not provider.pkce:
        return {}
    return {"code_challenge_method": "S256", "code_challenge": code_challenge(request.code_verifier)}


def additional(provider: Provider, request: AuthorizationRequest) -> dict[str, str]:
    """Return the parameters that come last: the provider's own, and those of the request."""
    asked = request.additional if provider.takes_parameters else {}
    all_of_them = {**provider.extra_parameters, **asked, **provider.fixed_parameters}
    return {name: value for name, value in all_of_them.items() if name not in RESERVED}


def address_of(provider: Provider) -> str:
    """Return where people grant access: as configured, else the provider's own address."""
    return provider.settings.authorization_url or provider.authorization_url


def joined(address: str, parameters: Mapping[str, str]) -> str:
    """Return an address with parameters."""
    joint = "&" if "?" in address else "?"
    return f"{address}{joint}{form_encoded(parameters)}"
