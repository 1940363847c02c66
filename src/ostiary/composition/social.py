"""Sign-in by providers: who they are, how they are asked, and whose accounts they vouch for."""

from datetime import timedelta

from ostiary.composition.parts import Parts, keyring_of
from ostiary.options import Options
from ostiary.outgoing import DefaultHttpClient, HttpClient
from ostiary.outgoing.breakers import BreakingHttpClient, no_breakers
from ostiary.outgoing.networks import Network
from ostiary.services.accounts import Accounts
from ostiary.services.oauth.client import ProviderClient
from ostiary.services.oauth.directory import Directory
from ostiary.services.oauth.flow import SocialSignIn
from ostiary.services.oauth.linking import Linking
from ostiary.services.oauth.logout import ProviderLogout
from ostiary.services.oauth.provider import IdTokenRules, IdTokens
from ostiary.services.oauth.provider_tokens import ProviderTokens
from ostiary.services.oauth.renewals import Renewals
from ostiary.services.oauth.state import States
from ostiary.services.verifications import Verifications


def social_of(options: Options, parts: Parts, linking: Linking, verifications: Verifications) -> SocialSignIn:
    """Return sign-in by the configured providers."""
    runtime, keyring, breakers = verifications.runtime, keyring_of(options), no_breakers()

    def client_for(network: Network) -> HttpClient:
        """Return what asks hosts of one part of the world."""
        return BreakingHttpClient(parts.http_client or DefaultHttpClient(network), breakers)

    def judge_of(rules: IdTokenRules) -> IdTokens:
        """Return the judge of one provider's ID tokens."""
        from ostiary.verification.id_tokens import RemoteIdTokenJudge  # noqa: PLC0415  see `signing_of`
        from ostiary.verification.remote_keys import RemoteKeys  # noqa: PLC0415  see `signing_of`

        keys = rules.keys_url and RemoteKeys(
            url=rules.keys_url,
            client=client_for(rules.network),
            runtime=runtime,
            algorithms=rules.algorithms,
            max_age=timedelta(minutes=5),
            stale_for=timedelta(days=1),
            headers=rules.keys_headers,
        )
        return RemoteIdTokenJudge(
            keys=keys or None,
            issuer=rules.issuer,
            client_id=rules.client_ids[0],
            other_client_ids=frozenset(rules.client_ids[1:]),
            leeway=timedelta(seconds=30),
            max_age=rules.max_age,
            hashed_nonce=rules.hashed_nonce,
            accepts=rules.accepts,
        )

    directory = Directory(options.social_providers, client_for, judge_of)
    base = f"{options.origin or ''}{options.mount_path}"
    return SocialSignIn(
        directory,
        ProviderClient(client_for, runtime),
        States(
            verifications,
            keyring,
            runtime,
            in_cookie=options.account.store_state_strategy == "cookie",
            any_browser=options.account.skip_state_cookie_check,
        ),
        linking,
        ProviderLogout(directory, linking.accounts, base),
    )


def provider_tokens_of(parts: Parts, accounts: Accounts, social: SocialSignIn) -> ProviderTokens:
    """Return what hands out and renews the tokens of linked accounts."""
    renewals = Renewals(accounts.store, accounts.writes, accounts.runtime)
    return ProviderTokens(accounts, social.directory, social.client, renewals, parts.stateless)
