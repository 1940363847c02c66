"""Removes the oldest part of the audit log, and leaves a chain that can still be verified."""

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from ostiary.domain.audit import AUDIT_EVENT, AuditFields, EventKind
from ostiary.domain.models import ID
from ostiary.services.audit import AuditLog
from ostiary.services.audit_chain import LOCK, AuditChain, Head, last_head, newest_pruning
from ostiary.storage.store import OrderBy

BATCH: Final = 500
_log: Final = logging.getLogger("ostiary.audit")


@dataclass(frozen=True)
class AuditRetention:
    """Prunes beside running servers: find the last event that goes, mark the chain, remove batch by batch."""

    log: AuditLog
    chain: AuditChain
    batch: int = BATCH

    async def last_before(self, moment: datetime) -> Head | None:
        """Return the last place up to which every event is older than a moment; None if there is none.

        An event that is not linked yet stays.
        """
        rows = self.log.store.rows(AUDIT_EVENT)
        linked = AuditFields.POSITION.at_least(1)
        by_position = OrderBy(AuditFields.POSITION)
        kept = await rows.first(linked, AuditFields.CREATED_AT.at_least(moment), order_by=by_position)
        older = [linked] if kept is None else [linked, AuditFields.POSITION.below(kept.position)]
        last = await rows.first(*older, order_by=OrderBy(AuditFields.POSITION, descending=True))
        return None if last is None else Head.of(last)

    async def mark(self, last: Head, before: datetime) -> None:
        """Add the event that tells what is about to be removed: from here on the chain holds without it.

        It is linked where it is written, so that no removal comes before it. Nothing is added where a pruning
        that was stopped has told so already.
        """
        async with self.log.store.transaction(lock=LOCK) as tables:
            rows = tables.rows(AUDIT_EVENT)
            former = await newest_pruning(rows)
            if former is not None and former.last.position >= last.position:
                return
            event = self.log.event(
                EventKind.AUDIT_PRUNED, reason=f"older than {before.isoformat()}", detail=str(last)
            )
            head = (await last_head(rows)).next(event)
            await rows.insert(replace(event, position=head.position, hash=head.hash))
        self.log.observers.happened(EventKind.AUDIT_PRUNED, None)
        # these lines leave the machine: a removal that no line tells of was none of ours
        told = {"event": "audit_pruned", "last": str(last), "head": str(head)}
        _log.info("audit_pruned", extra={"auth": told})

    async def remove(self, last: Head) -> AsyncIterator[int]:
        """Remove what was marked, the oldest first; yields how many events each batch had."""
        rows = self.log.store.rows(AUDIT_EVENT)
        doomed = (AuditFields.POSITION.at_least(1), AuditFields.POSITION.at_most(last.position))
        while found := await rows.all(*doomed, order_by=OrderBy(AuditFields.POSITION), limit=self.batch):
            yield await rows.delete(ID.is_in([event.id for event in found]))
