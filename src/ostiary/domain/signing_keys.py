"""The table of signing keys, as Better Auth's jwt plugin has it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ostiary.domain.entities import Entity
from ostiary.domain.schema import Field, Model, fields_of


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey(Entity):
    """A row of `jwks`; its identifier is the key's `kid`."""

    public_key: str
    private_key: str = field(repr=False)
    created_at: datetime
    expires_at: datetime | None = None
    alg: str | None = None
    crv: str | None = None

    def signs_at(self, now: datetime) -> bool:
        """Tell whether new tokens may be signed with it."""
        return self.expires_at is None or self.expires_at > now


class StoredKeyFields:
    """The columns of `jwks`."""

    PUBLIC_KEY = Field[str](name="publicKey")
    PRIVATE_KEY = Field[str](name="privateKey", returned=False)
    CREATED_AT = Field[datetime](name="createdAt", type="date")
    EXPIRES_AT = Field[datetime | None](name="expiresAt", type="date", required=False)
    ALG = Field[str | None](name="alg", required=False)
    CRV = Field[str | None](name="crv", required=False)


JWKS: Final = Model[StoredKey](
    "jwks",
    StoredKey,
    fields_of(StoredKeyFields),
)
