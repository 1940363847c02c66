"""The page of the audit log: what is recorded, why sessions end, and what a record says."""

from collections.abc import Iterator
from enum import StrEnum

from docs.writers.markdown import code, page, sentence, table
from docs.writers.source import members_of
from ostiary.domain.audit import AuditFields, Ended, EventKind

INTRODUCTION = """
[How the log is kept, and what its chain proves](../explanation/audit-log.md). A record is a row of
`auditEvent`, and a line of `ostiary audit export` in the same names.
"""

COLUMNS = {
    AuditFields.KIND: "what was done, one of the events below",
    AuditFields.USER_ID: "whose account it is about; empty where an address is nobody's",
    AuditFields.ACTOR_ID: "who was signed in when it was done; `operator` for a command",
    AuditFields.SESSION: "SHA-256 of the token of the session that began or ended",
    AuditFields.REASON: "why: of a refusal, of the end of a session, of a ban",
    AuditFields.DETAIL: "what: the new address, the role, the provider, the address that was tried",
    AuditFields.ENDPOINT: "the endpoint, or the command",
    AuditFields.IP_ADDRESS: "the client's [address](../explanation/client-address.md)",
    AuditFields.USER_AGENT: "what the client calls itself",
    AuditFields.REQUEST_ID: "the identifier that the log lines of the request carry",
    AuditFields.CREATED_AT: "when",
    AuditFields.POSITION: "its place in the chain; empty until it is linked",
    AuditFields.HASH: "SHA-256 over the event and the hash at the place before",
}


def write() -> str:
    """Return the page."""
    columns = [(code(field.name), text) for field, text in COLUMNS.items()]
    return page(
        "Audit events",
        INTRODUCTION,
        "## Events\n\n" + table(("Event", "When"), _members(EventKind)),
        "## Why sessions end\n\n" + table(("Reason", "When"), _members(Ended)),
        "## Columns\n\n" + table(("Column", "What"), [("`id`", "the identifier of the record"), *columns]),
    )


def _members(kind: type[StrEnum]) -> Iterator[tuple[str, str]]:
    texts = members_of(kind)
    for member in kind:
        yield code(member.value), sentence(texts[member.name])
