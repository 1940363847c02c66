"""Per-user data: mark a model as owned, and get sessions that only ever see the caller's rows."""

from ostiary.integrations.sqlalchemy.isolation import IsolationError, prove_isolation
from ostiary.integrations.sqlalchemy.ownership import Owned, OwnershipError
from ostiary.integrations.sqlalchemy.row_security import policy_gaps, policy_statements, secure_tables
from ostiary.integrations.sqlalchemy.rows import MyRows, OwnRows, SyncMyRows, SyncOwnRows
from ostiary.integrations.sqlalchemy.sessions import OwnSession

__all__ = [
    "IsolationError",
    "MyRows",
    "OwnRows",
    "OwnSession",
    "Owned",
    "OwnershipError",
    "SyncMyRows",
    "SyncOwnRows",
    "policy_gaps",
    "policy_statements",
    "prove_isolation",
    "secure_tables",
]
