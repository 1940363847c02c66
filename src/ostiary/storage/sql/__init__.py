"""The Store on SQLite, PostgreSQL, MariaDB and MySQL: SQLAlchemy writes the statements, thin drivers run them."""

from ostiary.storage.sql.driver import PoolOptions
from ostiary.storage.sql.store import SqlStore, open_store

__all__ = ["PoolOptions", "SqlStore", "open_store"]
