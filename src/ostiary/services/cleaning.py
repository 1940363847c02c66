"""Deletes rows that are over, a few at a time, so that nobody who signs in meanwhile waits for it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from ostiary.domain.models import ID, SESSION, VERIFICATION, SessionFields, VerificationFields
from ostiary.domain.refresh_tokens import REFRESH_TOKEN, RefreshFamilyFields
from ostiary.domain.runtime import Runtime
from ostiary.domain.schema import Field, Model
from ostiary.storage.store import Store

BATCH: Final = 500
_GRACE: Final = timedelta(days=1)
"""How long a row is kept past its end: what somebody asks about today is still there."""
_PERISHABLE: Final[tuple[tuple[Model[Any], Field[Any]], ...]] = (
    (REFRESH_TOKEN, RefreshFamilyFields.EXPIRES_AT),
    (SESSION, SessionFields.EXPIRES_AT),
    (VERIFICATION, VerificationFields.EXPIRES_AT),
)


@dataclass(frozen=True)
class Cleaning:
    """Deletes what ended more than a day ago: sessions, one-time values, refresh tokens."""

    store: Store
    runtime: Runtime
    keeps_sessions: bool = False
    """Ended sessions are kept for audits."""
    batch: int = BATCH

    async def batches(self) -> AsyncIterator[tuple[str, int]]:
        """Delete one batch after the other; yields the model and how many rows of it went."""
        schema = self.store.schema
        for model, ends in _PERISHABLE:
            is_kept = model.name in schema.by_name and model.name not in schema.unkept
            if not is_kept or (model is SESSION and self.keeps_sessions):
                continue
            while (deleted := await self._batch(model, ends)) > 0:
                yield model.name, deleted

    async def _batch(self, model: Model[Any], ends: Field[Any]) -> int:
        over = ends.below(self.runtime.now() - _GRACE)
        rows = await self.store.rows(model).all(over, limit=self.batch)
        if not rows:
            return 0
        # the condition once more: a session that was extended meanwhile is not over
        return await self.store.rows(model).delete(ID.is_in([row.id for row in rows]), over)
