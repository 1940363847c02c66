"""The address at which a person grants access (RFC 6749 section 4.1.1, RFC 7636 section 4.3)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ostiary.crypto import base64url
from ostiary.crypto.javascript import form_encoded
from ostiary.services.oauth.provider import Provider

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


@dataclass(frozen=True, kw_only=True)
class AuthorizationRequest:
    """What one request asks of a provider."""

    state: str
    code_verifier: str = field(repr=False)
    redirect_uri: str
    nonce: str | None = None
    scopes: tuple[str, ...] = ()
    login_hint: str | None = None
    additional: Mapping[str, str] = field(default_factory=dict)


def code_challenge(code_verifier: str) -> str:
    """Return the S256 challenge of a verifier (RFC 7636 section 4.2)."""
    return base64url.encode(hashlib.sha256(code_verifier.encode()).digest()).decode()


def authorization_url(provider: Provider, request: AuthorizationRequest) -> str:
    """Return where the browser is sent, parameters in the reference's order."""
    standard = provider.parameters
    given: dict[str, str | None] = {
        "response_type": "code",
        "client_id": provider.settings.client_ids[0],
        "state": request.state,
        "scope": " ".join(provider.scopes(request.scopes)) or None,
        "redirect_uri": request.redirect_uri,
        "display": standard.get("display"),
        "login_hint": request.login_hint,
        "nonce": request.nonce,
        "prompt": provider.settings.prompt,
        "hd": standard.get("hd"),
        "access_type": standard.get("access_type"),
        "code_challenge_method": "S256",
        "code_challenge": code_challenge(request.code_verifier),
    }
    extra = {**provider.extra_parameters, **request.additional}
    parameters = {name: value for name, value in given.items() if value}
    parameters |= {name: value for name, value in extra.items() if name not in RESERVED}
    joint = "&" if "?" in provider.authorization_url else "?"
    return f"{provider.authorization_url}{joint}{form_encoded(parameters)}"
