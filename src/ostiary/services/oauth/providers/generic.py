"""Any provider: OpenID Connect by what it says of itself, plain OAuth 2 by its addresses."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from ostiary.crypto.javascript import stringify
from ostiary.crypto.json_web_keys import VERIFYING_ALGORITHMS
from ostiary.crypto.strict_json import Claims, parse_object
from ostiary.domain.errors import JsonValue
from ostiary.options.social import GenericOAuth
from ostiary.outgoing.networks import Network
from ostiary.services.oauth.client import ClientFor
from ostiary.services.oauth.failure import ProviderFailed
from ostiary.services.oauth.profiles import mapped
from ostiary.services.oauth.provider import (
    Grant,
    IdTokenRules,
    IdTokens,
    Profile,
    Provider,
    ReadProfile,
    is_true,
    network_of,
)

WELL_KNOWN: Final = "/.well-known/openid-configuration"
_PATIENCE: Final = 10.0  # seconds: a request waits for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """What a provider says of itself (OpenID Connect Discovery section 3)."""

    issuer: str
    authorization_url: str | None
    token_url: str | None
    user_info_url: str | None
    keys_url: str | None
    algorithms: frozenset[str]
    """What it signs ID tokens with, as far as we accept that; empty where it issues none."""


async def discover(settings: GenericOAuth, client_for: ClientFor) -> Discovered:
    """Fetch and check the description; raises ProviderFailed."""
    url = settings.discovery_url or ""
    _require_address(settings, url)
    client = client_for(network_of(url, private=settings.private_network))
    try:
        answer = await client.get(url, headers={"accept": "application/json"}, timeout=_PATIENCE)
        document = parse_object(answer.body) if answer.status == 200 else {}
    except (OSError, ValueError) as error:
        raise ProviderFailed(f"no description at {url}: {error}") from error
    issuer = document.get("issuer")
    wanted = settings.issuer or url.removesuffix(WELL_KNOWN)
    if not isinstance(issuer, str) or issuer.rstrip("/") != wanted.rstrip("/"):
        raise ProviderFailed(f"the issuer at {url} is not {wanted}")
    return _described(settings, issuer, document)


def _described(settings: GenericOAuth, issuer: str, document: Claims) -> Discovered:
    def address(name: str) -> str | None:
        """Return an address; raises ProviderFailed for one that anybody on the way could read."""
        value = document.get(name)
        if value is None:
            return None
        _require_address(settings, value)
        return str(value)

    signed_with = document.get("id_token_signing_alg_values_supported")
    offered = [each for each in signed_with if isinstance(each, str)] if isinstance(signed_with, list) else []
    return Discovered(
        issuer=issuer,
        authorization_url=address("authorization_endpoint"),
        token_url=address("token_endpoint"),
        user_info_url=address("userinfo_endpoint"),
        keys_url=address("jwks_uri"),
        algorithms=VERIFYING_ALGORITHMS.intersection(offered),
    )


def _require_address(settings: GenericOAuth, url: JsonValue) -> None:
    parts = urlsplit(url) if isinstance(url, str) else None
    if parts is None or not parts.hostname or parts.scheme not in {"https", "http"}:
        raise ProviderFailed(f"{stringify(url)[:200]!r} is no address")
    network = network_of(str(url), private=settings.private_network)
    if parts.scheme == "http" and network is Network.PUBLIC:
        raise ProviderFailed(f"{url} is read by everybody on the way: it must be https")


async def generic(
    settings: GenericOAuth, client_for: ClientFor, judge_of: Callable[[IdTokenRules], IdTokens]
) -> Provider:
    """Declare a provider, asking it to describe itself where that is configured; raises ProviderFailed."""
    found = await discover(settings, client_for) if settings.discovery_url else None
    authorization_url = settings.authorization_url or (found and found.authorization_url)
    token_url = settings.token_url or (found and found.token_url)
    if not authorization_url or not token_url:
        raise ProviderFailed("its description names no endpoints")
    rules = _rules(settings, found)
    is_openid = found is not None and bool(found.algorithms)
    return Provider(
        settings=settings,
        authorization_url=authorization_url,
        token_url=token_url,
        default_scopes=("openid",) if is_openid else (),
        requested_scopes_first=True,
        parameters={"access_type": settings.access_type},
        extra_parameters=settings.authorization_url_params,
        token_parameters=settings.token_url_params,
        authentication=settings.authentication,
        issuer=found.issuer if found else settings.issuer,
        id_tokens=judge_of(rules) if rules else None,
        requires_id_token=rules is not None,
        binds_nonce=rules is not None,
        private_network=settings.private_network,
        read_profile=_reader(settings, found, is_openid=is_openid),
    )


def _rules(settings: GenericOAuth, found: Discovered | None) -> IdTokenRules | None:
    if found is None or not found.keys_url or not found.algorithms:
        return None
    return IdTokenRules(
        issuer=found.issuer,
        keys_url=found.keys_url,
        client_ids=settings.client_ids,
        algorithms=found.algorithms,
        network=network_of(found.keys_url, private=settings.private_network),
    )


def _reader(settings: GenericOAuth, found: Discovered | None, *, is_openid: bool) -> ReadProfile:
    url = settings.user_info_url or (found.user_info_url if found else None)

    async def read_profile(grant: Grant) -> Profile | None:
        """Read the ID token where it says enough, else ask; raises ProviderFailed where the two differ."""
        claims = grant.claims
        if claims is not None and claims.get("email"):
            data: Mapping[str, JsonValue] = claims
        else:
            data = await _user_info(url, grant)
        if claims is not None and data.get("sub") != claims["sub"]:
            raise ProviderFailed("the ID token and the interface speak of two people")
        user = {
            "email": data.get("email"),
            "emailVerified": is_true(data.get("email_verified")),
            "image": data.get("picture"),
            "name": data.get("name"),
        }
        subject = data.get("sub") if is_openid else data.get("id")
        return await mapped(settings, subject, user, data)

    return read_profile


async def _user_info(url: str | None, grant: Grant) -> Mapping[str, JsonValue]:
    if not url or not grant.tokens.access_token:
        raise ProviderFailed("it says nowhere who somebody is")
    document = await grant.fetch(url, grant.tokens.access_token)
    if not isinstance(document, dict):
        raise ProviderFailed("its description of somebody is no object")
    return document
