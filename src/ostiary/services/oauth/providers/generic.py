"""Any provider: OpenID Connect by what it says of itself, plain OAuth 2 by its addresses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from ostiary.crypto.javascript import stringify
from ostiary.crypto.json_web_keys import VERIFYING_ALGORITHMS
from ostiary.crypto.strict_json import Claims, parse_object
from ostiary.domain.errors import JsonValue
from ostiary.domain.oauth import UserInfo
from ostiary.options.generic_oauth import GenericOAuth
from ostiary.outgoing.networks import Network
from ostiary.services.oauth.client import ClientFor
from ostiary.services.oauth.failure import ProviderFailed
from ostiary.services.oauth.profiles import is_true
from ostiary.services.oauth.provider import (
    Grant,
    IdTokenRules,
    Provider,
    ReadUser,
    SubjectOf,
    network_of,
)
from ostiary.services.oauth.reading import object_at

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
    end_session_url: str | None
    """Where people sign out."""
    names_issuer: bool
    """It names itself in every callback (RFC 9207)."""


async def discover(settings: GenericOAuth, client_for: ClientFor) -> Discovered:
    """Fetch and check the description; raises ProviderFailed."""
    url = settings.discovery_url or ""
    require_address(settings, url)
    client = client_for(network_of(url, private=settings.private_network))
    headers = {"accept": "application/json", **settings.discovery_headers}
    try:
        answer = await client.get(url, headers=headers, timeout=_PATIENCE)
        document = parse_object(answer.body) if answer.status == 200 else {}
    except (OSError, ValueError) as error:
        raise ProviderFailed(f"no description at {url}: {error}") from error
    issuer = document.get("issuer")
    wanted = settings.issuer or url.removesuffix(WELL_KNOWN)
    if not isinstance(issuer, str) or issuer.rstrip("/") != wanted.rstrip("/"):
        raise ProviderFailed(f"the issuer at {url} is not {wanted}")
    return described(settings, issuer, document)


def described(settings: GenericOAuth, issuer: str, document: Claims) -> Discovered:
    """Read a description strictly; raises ProviderFailed."""
    origin = network_of(settings.discovery_url or "", private=settings.private_network)

    def address(name: str) -> str | None:
        """Return an address; raises ProviderFailed for one that anybody on the way could read."""
        value = document.get(name)
        if value is None:
            return None
        require_address(settings, value)
        # a provider out there has no say about what is asked in here
        if origin is Network.PUBLIC and network_of(str(value), private=False) is not origin:
            raise ProviderFailed(f"its {name} leads to this machine")
        return str(value)

    signed_with = document.get("id_token_signing_alg_values_supported")
    offered = [each for each in signed_with if isinstance(each, str)] if isinstance(signed_with, list) else []
    return Discovered(
        issuer=issuer,
        authorization_url=address("authorization_endpoint"),
        token_url=address("token_endpoint"),
        user_info_url=address("userinfo_endpoint"),
        keys_url=address("jwks_uri"),
        end_session_url=address("end_session_endpoint"),
        algorithms=VERIFYING_ALGORITHMS.intersection(offered),
        names_issuer=document.get("authorization_response_iss_parameter_supported") is True,
    )


def require_address(settings: GenericOAuth, url: JsonValue) -> None:
    """Raise ProviderFailed for what is no address, or one that everybody on the way reads."""
    parts = urlsplit(url) if isinstance(url, str) else None
    if parts is None or not parts.hostname or parts.scheme not in {"https", "http"}:
        raise ProviderFailed(f"{stringify(url)[:200]!r} is no address")
    network = network_of(str(url), private=settings.private_network)
    if parts.scheme == "http" and network is Network.PUBLIC:
        raise ProviderFailed(f"{url} is read by everybody on the way: it must be https")


async def generic(settings: GenericOAuth, client_for: ClientFor) -> Provider:
    """Declare a provider, asking it to describe itself where that is configured; raises ProviderFailed."""
    found = await discover(settings, client_for) if settings.discovery_url else None
    authorization_url = settings.authorization_url or (found and found.authorization_url)
    token_url = settings.token_url or (found and found.token_url) or ("" if settings.get_token else None)
    rules = _rules(settings, found)
    if not authorization_url or token_url is None:
        raise ProviderFailed("its description names no endpoints")
    if settings.require_id_token_verification and rules is None:
        raise ProviderFailed("its description names no keys to verify ID tokens by")
    is_openid = found is not None and bool(found.algorithms)
    return Provider(
        settings=settings,
        authorization_url=authorization_url,
        token_url=token_url,
        default_scopes=("openid",) if is_openid else (),
        requested_scopes_first=True,
        parameters={"access_type": settings.access_type, "response_type": settings.response_type},
        takes_login_hint=True,
        takes_prompt=True,
        extra_parameters=settings.authorization_url_params,
        pkce=settings.pkce,
        token_headers=settings.authorization_headers,
        refresh_headers=settings.authorization_headers,
        token_parameters=settings.token_url_params,
        refresh_parameters=settings.refresh_token_params,
        get_token=settings.get_token,
        token_life=settings.access_token_expires_in,
        end_session_url=_end_session_url(settings, found),
        post_logout_redirect_uri=settings.post_logout_redirect_uri,
        issuer=found.issuer if found else settings.issuer,
        requires_issuer=settings.require_issuer_validation or (found is not None and found.names_issuer),
        id_token_rules=rules,
        requires_id_token=rules is not None,
        binds_nonce=rules is not None and not settings.disable_id_token_nonce_binding,
        allows_idp_initiated=settings.allow_idp_initiated,
        subject=_subject(settings, is_openid=is_openid),
        read=_reader(settings, found),
    )


def _end_session_url(settings: GenericOAuth, found: Discovered | None) -> str | None:
    if settings.disable_provider_logout:
        return None
    return settings.end_session_url or (found.end_session_url if found else None)


def _rules(settings: GenericOAuth, found: Discovered | None) -> IdTokenRules | None:
    if found is None or not found.keys_url or not found.algorithms:
        return None
    same_site = _site(found.keys_url) == _site(settings.discovery_url or "")
    return IdTokenRules(
        issuer=found.issuer,
        keys_url=found.keys_url,
        keys_headers=settings.discovery_headers if same_site else {},
        client_ids=settings.client_ids,
        algorithms=found.algorithms,
        network=network_of(found.keys_url, private=settings.private_network),
    )


def _site(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _subject(settings: GenericOAuth, *, is_openid: bool) -> SubjectOf:
    async def read(info: UserInfo, claims: Claims | None) -> JsonValue:
        """Read `sub` of OpenID Connect, or `id`, never the one for want of the other."""
        if settings.account_subject is not None:
            return await settings.account_subject(info)
        return (claims or info.data).get("sub") if is_openid else info.data.get("id")

    return read


def _reader(settings: GenericOAuth, found: Discovered | None) -> ReadUser:
    url = settings.user_info_url or (found.user_info_url if found else None)

    async def read(grant: Grant) -> UserInfo | None:
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
        return UserInfo(data=data, user=user)

    return read


async def _user_info(url: str | None, grant: Grant) -> Mapping[str, JsonValue]:
    if not url or not grant.tokens.access_token:
        raise ProviderFailed("it says nowhere who somebody is")
    document = object_at(await grant.ask(url))
    if document is None:
        raise ProviderFailed("its description of somebody is no object")
    return document
