"""The page of every provider that has a name of its own: what it is asked for, and whose word counts."""

from urllib.parse import urlsplit

from docs.writers.markdown import code, codes, page, table
from docs.writers.paths import KNOWN_PROVIDERS, PROVIDERS
from ostiary.providers import Cognito, SocialProvider
from ostiary.services.oauth.provider import Provider
from ostiary.services.oauth.providers.declarations import declared

INTRODUCTION = """
`from ostiary.providers import Discord`, then `social_providers=(Discord(client_id=..., client_secret=...),)`.
[How to sign in with providers](../how-to/sign-in-with-providers.md) says the rest. The callback to register
is `<base URL>/api/auth/callback/<name>`; another `provider_id` gives a second one of a kind another name.

What the columns mean:

- *PKCE*: a challenge goes along, so that a stolen code is worth nothing.
- *Who somebody is*: by an ID token, whose signature is checked; by one that came straight from the provider
  and is signed with no published key; or by the provider's interface.
- *Brought along*: a client, such as an application on a phone, may sign in with an ID token that it got
  itself.
"""


def write() -> str:
    """Return the page."""
    heads = (
        "Provider",
        "Name",
        "Where",
        "Default scopes",
        "PKCE",
        "Who somebody is",
        "Brought along",
        "Options",
    )
    return page("Providers", INTRODUCTION, table(heads, map(_row, KNOWN_PROVIDERS)))


def _row(kind: type[SocialProvider]) -> tuple[str, ...]:
    provider = declared(_settings(kind))
    own = f"[its own](options.md#{kind.__name__.lower()})" if kind in PROVIDERS else ""
    return (
        code(kind.__name__),
        code(kind.known_as),
        urlsplit(provider.authorization_url).hostname or "",
        codes(provider.default_scopes) if provider.takes_scopes else "as registered there",
        "yes" if provider.pkce else "no",
        _proof(provider),
        "yes" if provider.takes_id_tokens else "no",
        own,
    )


def _settings(kind: type[SocialProvider]) -> SocialProvider:
    who = {"client_id": "client", "client_secret": "secret"}
    where = {"domain": "your.domain", "region": "region", "user_pool_id": "pool"} if kind is Cognito else {}
    return kind(**who, **where)  # type: ignore[arg-type]  # which options a class has is known to it alone


def _proof(provider: Provider) -> str:
    rules = provider.id_token_rules
    if rules is None:
        return "interface"
    signed = "ID token" if rules.keys_url else "ID token straight from it"
    return signed if provider.requires_id_token else f"{signed}, else interface"
