"""Who a credential speaks for."""

from collections.abc import Callable, Mapping
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
_OTHER_NAMES: Final[Mapping[str, str]] = {"emailVerified": "email_verified", "image": "picture"}
"""What OpenID Connect calls them (OpenID Connect Core section 5.1)."""
_NO_SCOPES: Final[frozenset[str]] = frozenset()


class _Told:
    """Fields of a user as tokens tell them, and what they are where a token does not."""

    def __init__(self, fields: Mapping[str, Field[Any]]) -> None:
        """`fields` are named as their values will be."""
        self._absent: dict[str, Any] = {key: _absent(each) for key, each in fields.items()}
        self._fields = [
            (key, each.name, _OTHER_NAMES.get(each.name), _READERS.get(each.type))
            for key, each in fields.items()
        ]

    def read(self, claims: Claims) -> dict[str, Any]:
        """Return the values by the names of the fields. Raises ValueError for one of the wrong kind."""
        values = self._absent.copy()
        for key, name, other_name, read in self._fields:
            value = claims.get(name)
            if value is None and other_name is not None and name not in claims:
                value = claims.get(other_name)
            if value is not None:
                values[key] = value if read is None else read(value, name)
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
        if not isinstance(session_id, str | None) or not isinstance(scope, str | None):
            raise ValueError("its session or scope is not text")  # noqa: TRY004  one exception for whatever is wrong
        return Principal(
            user=self._entity(id=subject, extra=self._added.read(claims), **self._declared.read(claims)),
            proof="jwt",
            session_id=session_id,
            scopes=frozenset(scope.split()) if scope else _NO_SCOPES,
            claims=claims,
        )


def _absent(described: Field[Any]) -> Value:
    if not described.required:
        return None
    return {"boolean": False, "date": UNKNOWN_MOMENT, "string": ""}.get(described.type)


def _text(value: JsonValue, name: str) -> Value:
    if not isinstance(value, str):
        raise ValueError(f"its {name} is not text")  # noqa: TRY004  see above
    return value


def _flag(value: JsonValue, name: str) -> Value:
    if not isinstance(value, bool):
        raise ValueError(f"its {name} is not a flag")  # noqa: TRY004  see above
    return value


def _moment(value: JsonValue, name: str) -> Value:
    if not isinstance(value, str):
        raise ValueError(f"its {name} is not a date")  # noqa: TRY004  see above
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_READERS: Final[Mapping[FieldType, Callable[[JsonValue, str], Value]]] = {
    "string": _text,
    "boolean": _flag,
    "date": _moment,
}
