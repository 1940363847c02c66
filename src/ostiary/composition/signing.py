"""The server as an issuer of tokens, and their judge."""

from dataclasses import replace
from typing import Final

from ostiary.composition.parts import Parts, runtime_of, sessions_in_key_value
from ostiary.crypto.json_web_signatures import SharedKey
from ostiary.crypto.signing import Keyring
from ostiary.crypto.token_form import ACCESS_TOKEN, CLOCK_SKEW
from ostiary.domain.errors import ConfigurationError
from ostiary.domain.models import USER
from ostiary.domain.runtime import Runtime
from ostiary.domain.schema import Schema
from ostiary.options import Options
from ostiary.services.audit import AuditLog
from ostiary.services.denials import Denials
from ostiary.services.deny_list import DenyList
from ostiary.services.sessions import Admission
from ostiary.services.signers import SharedSecret, Signing
from ostiary.storage.store import Store
from ostiary.verification.principal import token_user
from ostiary.verification.tokens import LONGEST_LIFE, TokenJudge, TokenRules

UNNAMED_ISSUER: Final = "ostiary"
"""The `iss` of a server that was told neither an issuer nor its own address."""


def denials_of(options: Options, parts: Parts, store: Store, runtime: Runtime) -> Denials:
    """Keep the deny list in the key-value store; without one, each process knows of its own deeds."""
    kept_for = LONGEST_LIFE + CLOCK_SKEW
    if parts.key_value is None:
        from ostiary.storage.memory import MemoryKeyValue  # noqa: PLC0415  see `signing_of`

        own = MemoryKeyValue(runtime)
        deny_list = DenyList(own, kept_for, holds=own.holds)
    else:
        deny_list = DenyList(parts.key_value, kept_for)
    return Denials(
        deny_list=deny_list,
        store=store,
        runtime=runtime,
        admissions=admissions_of(parts),
        ends_families=sessions_in_key_value(options, parts),
    )


def admissions_of(parts: Parts) -> tuple[Admission, ...]:
    """Return who may keep somebody from being signed in."""
    return tuple(plugin.admit for plugin in parts.plugins)


def signing_of(options: Options, parts: Parts, keyring: Keyring, audit: AuditLog) -> Signing | None:
    """Return how tokens are signed; None where no plugin issues any."""
    given = [signing for plugin in parts.plugins if (signing := plugin.signing()) is not None]
    if not given:
        return None
    if len(given) > 1:
        raise ConfigurationError("two plugins say how tokens are signed: keep one of them")
    from ostiary.services.signing_keys import SigningKeys  # noqa: PLC0415  JOSE is slow to import

    [wanted] = given
    runtime, issuer = runtime_of(options, parts), wanted.issuer or options.origin or UNNAMED_ISSUER
    keys = wanted.keys
    return Signing(
        signer=SharedSecret(keys)
        if isinstance(keys, SharedKey)
        else SigningKeys(audit.store, keyring, runtime, keys, audit),
        issuer=issuer,
        audience=wanted.audience or issuer,
    )


def judge_of(signing: Signing, schema: Schema, denials: Denials | None) -> TokenJudge:
    """Return the judge of the tokens of this server."""
    rules = TokenRules(issuer=signing.issuer, audience=frozenset({signing.audience}))
    return TokenJudge(signing.signer, rules, denials, model=token_user(schema[USER]))


def access_judge_of(judge: TokenJudge) -> TokenJudge:
    """Return the judge of access tokens alone, which asks no deny list."""
    rules = replace(judge.rules, types=frozenset({ACCESS_TOKEN}))
    return replace(judge, rules=rules, denials=None)
