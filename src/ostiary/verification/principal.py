"""Who a credential speaks for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeAlias

from ostiary.crypto.strict_json import Claims
from ostiary.domain.entities import Session, User
from ostiary.domain.errors import JsonValue
from ostiary.domain.models import USER
from ostiary.domain.roles import BAN_EXPIRES, BAN_REASON, BANNED, ROLE
from ostiary.domain.schema import Field, FieldType, Model, Value

Proof: TypeAlias = Literal["cookie", "session-token", "jwt"]
UNKNOWN_MOMENT: Final = datetime.fromtimestamp(0, UTC)
"""Stands for dates that a token does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A user, and what was presented to prove it."""

    user: User
    proof: Proof
    session: Session | None = field(default=None, repr=False)
    """The session, where it was looked up."""
    session_id: str | None = None
    scopes: frozenset[str] = frozenset()
    claims: Mapping[str, JsonValue] = field(default_factory=dict, repr=False)
    """What the token says, all of it proved; empty for cookies and session tokens."""


def token_user(model: Model[User]) -> Model[User]:
    """Return the model of users with the columns of roles and bans, which tokens may tell of in any case."""
    missing = [each for each in (ROLE, BANNED, BAN_REASON, BAN_EXPIRES) if each.name not in model.by_name]
    return model.extended(missing)


TOKEN_USER: Final[Model[User]] = token_user(USER)
"""What a token may tell of a user, where no schema says more."""
_OTHER_NAMES: Final = {"email_verified": "emailVerified", "picture": "image"}
"""What OpenID Connect calls them (OpenID Connect Core section 5.1), and their names here."""
_NO_SCOPES: Final[frozenset[str]] = frozenset()


class _Told:
    """Fields of a user as tokens tell them, and what they are where a token does not."""

    def __init__(self, fields: Mapping[str, Field[Any]]) -> None:
        """`fields` are named as their values will be."""
        self._absent: dict[str, Any] = {key: _absent(each) for key, each in fields.items()}
        self._kinds = {each.name: (key, _KINDS.get(each.type, object)) for key, each in fields.items()}

    def read(self, claims: Claims) -> dict[str, Any]:
        """Return the values by the names of the fields. Raises ValueError for one of the wrong kind."""
        values = self._absent.copy()
        for name in self._kinds.keys() & claims.keys():
            value, (key, kind) = claims[name], self._kinds[name]
            if isinstance(value, kind):
                values[key] = value
            elif value is not None:
                values[key] = _moment(value, kind, name)
        return values


class PrincipalReader:
    """Reads the user of proved claims, in the names of the tables or of OpenID Connect.

    What a token does not tell is empty, false or 1970.
    """

    def __init__(self, model: Model[User] = TOKEN_USER) -> None:
        """Work out once what the model tells."""
        self._entity = model.entity
        self._declared = _Told({each.attribute: each for each in model.declared_fields})
        self._added = _Told({each.name: each for each in model.extra_fields})

    def read(self, claims: Claims) -> Principal:
        """Return who the claims speak for.

        Raises ValueError for a token without subject, or with members of the wrong kind.
        """
        subject, session_id, scope = claims.get("sub"), claims.get("sid"), claims.get("scope")
        if not isinstance(subject, str) or not subject:
            raise ValueError("it has no subject")
        if not (session_id is None or isinstance(session_id, str)):
            raise ValueError("its session is not text")
        if not (scope is None or isinstance(scope, str)):
            raise ValueError("its scope is not text")
        declared = self._declared.read(_in_names_of_tables(claims))
        return Principal(
            user=self._entity(id=subject, extra=self._added.read(claims), **declared),
            proof="jwt",
            session_id=session_id,
            scopes=frozenset(scope.split()) if scope else _NO_SCOPES,
            claims=claims,
        )


def _in_names_of_tables(claims: Claims) -> Claims:
    others = [other for other in _OTHER_NAMES.keys() & claims.keys() if _OTHER_NAMES[other] not in claims]
    return {**claims, **{_OTHER_NAMES[other]: claims[other] for other in others}} if others else claims


def _absent(described: Field[Any]) -> Value:
    if not described.required:
        return None
    return {"boolean": False, "date": UNKNOWN_MOMENT, "string": ""}.get(described.type)


def _moment(value: JsonValue, kind: type, name: str) -> datetime:
    """Read a date, the only thing that is told as something else."""
    if kind is not datetime or not isinstance(value, str):
        raise ValueError(f"its {name} is no {kind.__name__}")
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_KINDS: Final[Mapping[FieldType, type]] = {"string": str, "boolean": bool, "date": datetime}
