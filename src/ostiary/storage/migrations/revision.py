"""A revision for a team's own Alembic history."""

import hashlib
from pathlib import Path
from typing import Any, Final, Literal

import alembic
from alembic.autogenerate import render_python_code
from alembic.operations import ops
from alembic.script import ScriptDirectory
from sqlalchemy.dialects.postgresql import JSONB

from ostiary.domain.schema import Schema
from ostiary.storage.migrations.changes import MigrationRefused, plan
from ostiary.storage.migrations.connections import dialect_of
from ostiary.storage.sql.rows import Dialect
from ostiary.storage.sql.tables import Flag, IsoDate, JsonText, Moment

_DOWNGRADE: Final = 'raise RuntimeError("what people left in these tables is not dropped by a revision")'
_TEMPLATE: Final = Path(alembic.__file__).parent / "templates" / "generic"
_QUIET: Final[Any] = {"quiet": True}  # Any: Alembic's mapping is of its own kind
_MOMENTS: Final[dict[Dialect, str]] = {
    "sqlite": "sa.DATE()",
    "postgresql": "sa.TIMESTAMP(timezone=True)",
    "mysql": "mysql.TIMESTAMP(fsp=3)",
}


async def write(url: str, schema: Schema, directory: Path) -> Path | None:
    """Write a revision that adds what the database lacks; None where it lacks nothing.

    `directory` is an Alembic environment, or a mere folder of revisions; the new one follows the newest
    there. Raises MigrationRefused where a difference is not a mere lack.
    """
    wanted = await plan(url, schema)
    if wanted.refusals:
        raise MigrationRefused("the database does not fit: " + "; ".join(wanted.refusals))
    if not wanted.operations:
        return None
    dialect = dialect_of(url)
    upgrade = render_python_code(
        ops.UpgradeOps(list(wanted.operations)),
        render_item=lambda kind, item, context: _item(kind, item, dialect),
    )
    script = _scripts(directory).generate_revision(
        hashlib.sha256(upgrade.encode()).hexdigest()[:12],
        f"ostiary {wanted.additions[0]}",
        upgrades=upgrade,
        downgrades=_DOWNGRADE,
        imports=f"from sqlalchemy.dialects import {dialect}",
    )
    return Path(script.path) if script is not None else None


def _scripts(directory: Path) -> ScriptDirectory:
    if (directory / "env.py").exists():
        return ScriptDirectory(str(directory), messaging_opts=_QUIET)
    directory.mkdir(parents=True, exist_ok=True)
    return ScriptDirectory(str(_TEMPLATE), version_locations=[str(directory)], messaging_opts=_QUIET)


def _item(kind: str, item: object, dialect: Dialect) -> str | Literal[False]:
    """Spell our own types by SQLAlchemy's, so that a revision needs nothing of ours."""
    if kind != "type":
        return False
    match item:
        case Moment() | IsoDate():
            return _MOMENTS[dialect]
        case Flag():
            return "sa.Integer()" if dialect == "sqlite" else "sa.Boolean()"
        case JsonText():
            return "sa.Text()"
        case JSONB():
            return "postgresql.JSONB()"
    return False
