"""Which writes of core rows are security acts, and what is recorded of them."""

from collections.abc import Iterator
from dataclasses import dataclass

from ostiary.domain.audit import EventKind
from ostiary.domain.entities import Account, Entity, User
from ostiary.domain.models import AccountFields, UserFields
from ostiary.domain.roles import BAN_REASON, BANNED, ROLE
from ostiary.domain.schema import Changes

_CREDENTIAL = "credential"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What the audit log says of a write."""

    kind: EventKind
    user_id: str
    reason: str | None = None
    detail: str | None = None


def remarks_of_creation(row: Entity) -> Iterator[Remark]:
    """Remark new users, and accounts of providers."""
    match row:
        case User():
            yield Remark(kind=EventKind.SIGNED_UP, user_id=row.id)
        case Account() if row.provider_id != _CREDENTIAL:
            yield Remark(kind=EventKind.ACCOUNT_LINKED, user_id=row.user_id, detail=row.provider_id)


def remarks_of_end(row: Entity) -> Iterator[Remark]:
    """Remark users and accounts of providers that are gone."""
    match row:
        case User():
            yield Remark(kind=EventKind.USER_DELETED, user_id=row.id)
        case Account() if row.provider_id != _CREDENTIAL:
            yield Remark(kind=EventKind.ACCOUNT_UNLINKED, user_id=row.user_id, detail=row.provider_id)


def changes_security(changes: Changes) -> bool:
    """Tell whether changes are remarked at all; most are not, and cost nothing."""
    return not _REMARKED.isdisjoint(field.name for field in changes)


_REMARKED = frozenset(
    field.name
    for field in (UserFields.EMAIL, UserFields.EMAIL_VERIFIED, ROLE, BANNED, AccountFields.PASSWORD)
)


def remarks_of_change(changes: Changes, row: Entity) -> Iterator[Remark]:
    """Remark what changed about whom; `row` is as it is now."""
    changed = {field.name: value for field, value in changes.items()}
    match row:
        case Account() if AccountFields.PASSWORD.name in changed:
            yield Remark(kind=EventKind.PASSWORD_CHANGED, user_id=row.user_id)
        case User():
            yield from _remarks_of_user(changed, row)


def _remarks_of_user(changed: dict[str, object], user: User) -> Iterator[Remark]:
    if UserFields.EMAIL.name in changed:
        yield Remark(kind=EventKind.EMAIL_CHANGED, user_id=user.id, detail=user.email)
    if changed.get(UserFields.EMAIL_VERIFIED.name):
        yield Remark(kind=EventKind.EMAIL_VERIFIED, user_id=user.id, detail=user.email)
    if ROLE.name in changed:
        yield Remark(kind=EventKind.ROLE_CHANGED, user_id=user.id, detail=user[ROLE])
    if BANNED.name in changed:
        kind = EventKind.BANNED if user[BANNED] else EventKind.UNBANNED
        yield Remark(kind=kind, user_id=user.id, reason=user[BAN_REASON])
