"""One thin driver per database; each is imported when a URL asks for it."""

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from ostiary.domain.errors import ConfigurationError
from ostiary.storage.sql.driver import Driver, PoolOptions

_CURE = "write it as sqlite:///file.db, postgresql://user@host/name or mysql://user@host/name"


def _mysql(url: URL, options: PoolOptions) -> Driver:
    try:
        from ostiary.storage.sql.drivers.mysql import MysqlDriver  # noqa: PLC0415
    except ModuleNotFoundError:
        raise ConfigurationError("MySQL and MariaDB need a driver: pip install 'ostiary[mysql]'") from None
    return MysqlDriver(url, options)


def driver_of(url: str, options: PoolOptions) -> Driver:
    """Return the driver for a database URL; it opens nothing yet. Raises ConfigurationError."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigurationError(f"the database URL cannot be read; {_CURE}") from None
    options, parsed = options.told_by(parsed)
    match parsed.get_backend_name():
        case "sqlite":
            from ostiary.storage.sql.drivers.sqlite import SqliteDriver  # noqa: PLC0415

            return SqliteDriver(parsed.database or "", options)
        case "postgresql" | "postgres":
            from ostiary.storage.sql.drivers.postgresql import PostgresDriver  # noqa: PLC0415

            return PostgresDriver(parsed, options)
        case "mysql" | "mariadb":
            return _mysql(parsed, options)
        case other:
            raise ConfigurationError(f"there is no store for '{other}'; {_CURE}")
