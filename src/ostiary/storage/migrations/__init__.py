"""What a database lacks of the configured schema, and adding it: nothing is ever dropped or rewritten."""

from ostiary.storage.migrations.changes import MigrationRefused, apply, plan, sql
from ostiary.storage.migrations.plan import Plan
from ostiary.storage.migrations.revision import write

__all__ = ["MigrationRefused", "Plan", "apply", "plan", "sql", "write"]
