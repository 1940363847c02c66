"""The Store on SQL databases: SQLAlchemy writes the statements once, thin drivers run them."""

from ostiary.storage.sql.driver import PoolOptions
from ostiary.storage.sql.store import SqlStore, open_store

__all__ = ["PoolOptions", "SqlStore", "open_store"]
