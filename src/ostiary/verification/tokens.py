"""Judges a JWT: its key by its header, its signature, then every claim that decides."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from math import inf
from typing import Final, Protocol

from ostiary.crypto.json_web_keys import VerifyingKey
from ostiary.crypto.json_web_signatures import Life, UnprovedToken, life_of, parse_token
from ostiary.crypto.strict_json import Claims
from ostiary.crypto.token_form import ACCESS_TOKEN, LONGEST_TOKEN, Cause, Header, TokenRefused
from ostiary.domain.entities import User
from ostiary.domain.errors import ConfigurationError
from ostiary.domain.recurring import Recurring
from ostiary.domain.schema import Model
from ostiary.verification.principal import TOKEN_USER, Principal, PrincipalReader

PLAIN_TYPES: Final[frozenset[str | None]] = frozenset({None, "JWT", ACCESS_TOKEN})
"""Better Auth's own tokens name no type."""
LONGEST_LIFE: Final = timedelta(days=1)
"""What the tokens of a careful issuer live at the most."""
MOST_LEEWAY: Final = timedelta(seconds=60)
_REMEMBERED: Final = 4096  # tokens


class KeySource(Protocol):
    """Where the keys of one issuer come from."""

    def at_hand(self, header: Header) -> VerifyingKey | None:
        """Return the key a token's header names where nobody has to be asked for it; None otherwise."""
        ...

    async def key_for(self, header: Header) -> VerifyingKey | None:
        """Return the key a token's header names; None if the issuer has no such key.

        Raises IssuerUnavailable or StorageUnavailable where that cannot be told.
        """
        ...


class Denials(Protocol):
    """Tokens that die before their time."""

    @property
    def asks(self) -> bool:
        """Whether nothing can be told without asking somebody."""
        ...

    def clears(self, principal: Principal) -> bool:
        """Tell whether certainly nothing is known against a token; False where somebody has to be asked."""
        ...

    async def refuses(self, principal: Principal) -> str | None:
        """Return why a token is dead, None while it lives."""
        ...


@dataclass(frozen=True, kw_only=True)
class TokenRules:
    """What the claims of an issuer's tokens must be. Issuer and audience are compared word for word."""

    issuer: str
    """The `iss` of every token."""
    audience: frozenset[str]
    """Of these, a token must name exactly one, and nobody else (RFC 8725 section 3.9)."""
    types: frozenset[str | None] = PLAIN_TYPES
    """The `typ` headers of tokens that may be used for access."""
    leeway: timedelta = timedelta(0)
    """How much later than told a token may end, or earlier begin: at most 60 seconds."""
    longest_life: timedelta | None = LONGEST_LIFE
    """The longest time between issue and end; None is any."""

    def __post_init__(self) -> None:
        """Refuse rules that protect nothing."""
        if not self.issuer or not self.audience or "" in self.audience:
            raise ConfigurationError("a token must be tied to its issuer and its audience: name both")
        if not timedelta(0) <= self.leeway <= MOST_LEEWAY:
            raise ConfigurationError("the leeway of tokens lies between 0 and 60 seconds")

    @cached_property
    def _seconds(self) -> tuple[float, float]:
        """Leeway and longest life."""
        longest = inf if self.longest_life is None else self.longest_life.total_seconds()
        return self.leeway.total_seconds(), longest

    def life_of(self, claims: Claims, now: float) -> Life:
        """Return how long a token is good; raise TokenRefused unless it is one, for us."""
        if claims.get("iss") != self.issuer:
            raise TokenRefused("another issuer")
        audience = claims.get("aud")
        if isinstance(audience, list) and len(audience) == 1:
            [audience] = audience
        if not isinstance(audience, str) or audience not in self.audience:
            raise TokenRefused("another audience")
        leeway, longest = self._seconds
        return life_of(claims, now, leeway=leeway, longest=longest)


@dataclass(slots=True)  # see UnprovedToken
class _Proved:
    """A token that was good: it stays so until its end, or until its key is another one."""

    header: Header
    key: VerifyingKey
    life: Life
    principal: Principal


@dataclass
class TokenJudge:
    """Judges the tokens of one issuer. Of one that comes again only that is judged which may have changed."""

    keys: KeySource
    rules: TokenRules
    denials: Denials | None = None
    model: Model[User] = TOKEN_USER
    symmetric: bool = False
    """Whether a shared secret proves them."""
    limit: int = LONGEST_TOKEN
    """Characters."""
    _proved: Recurring[_Proved] = field(
        default_factory=lambda: Recurring(_REMEMBERED), init=False, repr=False
    )
    _reader: PrincipalReader = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Work out how claims become a user."""
        self._reader = PrincipalReader(self.model)

    def knows(self, token: str) -> bool:
        """Tell whether it proved this very token before."""
        return self._proved.get(token) is not None

    def at_once(self, token: str, now: datetime, parsed: UnprovedToken | None = None) -> Principal | None:
        """Return who the token speaks for where nobody has to be asked, for a key or for notes; else None.

        `parsed` saves taking it apart again. Raises TokenRefused.
        """
        denials, seconds, known = self.denials, now.timestamp(), self._proved.get(token)
        if denials is not None and denials.asks:
            return None
        if known is None or self.keys.at_hand(known.header) is not known.key:
            unproved = self._unproved(token, parsed)
            key = self.keys.at_hand(unproved.header)
            if key is None:
                return None
            known = self._prove(token, unproved, key, seconds)
        else:
            known.life.check(seconds)
        return known.principal if denials is None or denials.clears(known.principal) else None

    async def judge(self, token: str, now: datetime, parsed: UnprovedToken | None = None) -> Principal:
        """Return who the token speaks for, whoever has to be asked.

        Raises TokenRefused with the cause its bearer may know, and IssuerUnavailable or StorageUnavailable
        where nobody can tell.
        """
        seconds, known = now.timestamp(), self._proved.get(token)
        if known is None or await self._key_for(known.header) is not known.key:
            unproved = self._unproved(token, parsed)
            known = self._prove(token, unproved, await self._key_for(unproved.header), seconds)
        else:
            known.life.check(seconds)
        if self.denials is not None and (reason := await self.denials.refuses(known.principal)):
            raise TokenRefused(reason)
        return known.principal

    def _unproved(self, token: str, parsed: UnprovedToken | None) -> UnprovedToken:
        """Return the parts of a token of a kind that is accepted: for another one no key is looked for."""
        unproved = parsed or parse_token(token, limit=self.limit)
        if unproved.header.typ not in self.rules.types:
            raise TokenRefused("another kind of token")
        return unproved

    def _prove(self, token: str, unproved: UnprovedToken, key: VerifyingKey | None, now: float) -> _Proved:
        if key is None:
            raise TokenRefused("no key of the issuer is named so", Cause.INVALID_SIGNATURE)
        claims = unproved.proved_by(key)
        life = self.rules.life_of(claims, now)
        life.check(now)
        try:
            principal = self._reader.read(claims)
        except (ValueError, TypeError) as error:
            raise TokenRefused(str(error), Cause.MALFORMED) from error
        proved = _Proved(unproved.header, key, life, principal)
        self._proved.add(token, proved)
        return proved

    async def _key_for(self, header: Header) -> VerifyingKey | None:
        return self.keys.at_hand(header) or await self.keys.key_for(header)


class TokenJudges:
    """The judges of several issuers. What a token says of itself, unproved, leads to one of them at most."""

    def __init__(self, judges: Sequence[TokenJudge]) -> None:
        """Raises ConfigurationError where two judge tokens of the same issuer and kind."""
        self._judges: dict[tuple[str, bool], TokenJudge] = {}
        for judge in judges:
            place = judge.rules.issuer, judge.symmetric
            if self._judges.setdefault(place, judge) is not judge:
                raise ConfigurationError(
                    f"two issuers are called '{judge.rules.issuer}': a token could not say which one it is of"
                )

    def at_once(self, token: str, now: datetime) -> Principal | None:
        """Return who the token speaks for where nobody has to be asked; see TokenJudge."""
        judge, parsed = self._judge_of(token)
        return judge.at_once(token, now, parsed)

    async def judge(self, token: str, now: datetime) -> Principal:
        """Return who the token speaks for; see TokenJudge."""
        judge, parsed = self._judge_of(token)
        return await judge.judge(token, now, parsed)

    def _judge_of(self, token: str) -> tuple[TokenJudge, UnprovedToken | None]:
        """Return whose token it is, and its parts where they had to be looked at; raises TokenRefused."""
        for judge in self._judges.values():
            if judge.knows(token):
                return judge, None
        unproved = parse_token(token)
        issuer = unproved.claims.get("iss")
        symmetric = unproved.header.alg.startswith("HS")
        chosen = self._judges.get((issuer, symmetric)) if isinstance(issuer, str) else None
        if chosen is None:
            raise TokenRefused("no issuer that is accepted here signs such tokens")
        return chosen, unproved
