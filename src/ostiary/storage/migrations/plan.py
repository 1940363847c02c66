"""The comparison of a live database with the configured schema."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, TypeAlias

import sqlalchemy as sa
from alembic.autogenerate import produce_migrations
from alembic.migration import MigrationContext
from alembic.operations import ops

from ostiary.domain.schema import MISSING, Field, Model, Schema
from ostiary.storage.migrations.kinds import kind_of, same_kind
from ostiary.storage.sql.rows import Dialect
from ostiary.storage.sql.tables import column_of, index_name, metadata_of

_ISSUER: Final = "Better Auth 1.7.0 to 1.7.2 made it, and no other version fills it"
_NOBODY: Final = "nobody fills it"

Addition: TypeAlias = ops.CreateTableOp | ops.AddColumnOp | ops.CreateIndexOp


@dataclass(frozen=True)
class Plan:
    """What to add, in order, and what only a person can settle."""

    operations: tuple[Addition, ...] = ()
    additions: tuple[str, ...] = ()
    """One line for each operation: `table rateLimit`, `column user.role`, `index session_userId_idx`."""
    refusals: tuple[str, ...] = ()
    """Differences that adding cannot mend; each names the column and the cure."""

    @property
    def differences(self) -> tuple[str, ...]:
        """Everything in which the database differs from the schema; empty where it fits."""
        return (*(f"missing {addition}" for addition in self.additions), *self.refusals)


@dataclass
class Comparison:
    """One comparison; `plan` is its outcome."""

    connection: sa.Connection
    schema: Schema
    dialect: Dialect
    additions: list[tuple[Addition, str]] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    def plan(self) -> Plan:
        """Compare, and sort what was found into additions and refusals."""
        for operation in self._differences():
            self._consider(operation)
        ordered = sorted(self.additions, key=lambda each: self._place(each[0]))
        return Plan(
            tuple(operation for operation, _ in ordered),
            tuple(line for _, line in ordered),
            tuple(self.refusals),
        )

    @cached_property
    def _models(self) -> dict[str, Model[Any]]:
        kept = (model for model in self.schema.models if model.name not in self.schema.unkept)
        return {model.table_name: model for model in kept}

    @cached_property
    def _inspector(self) -> sa.Inspector:
        return sa.inspect(self.connection)

    def _differences(self) -> Iterator[ops.MigrateOperation]:
        context = MigrationContext.configure(
            self.connection,
            opts={
                "compare_type": self._differs_in_kind,
                "compare_server_default": False,
                "include_name": lambda name, kind, _: kind != "table" or name in self._models,
            },
        )
        found = produce_migrations(context, metadata_of(self.schema, self.dialect)).upgrade_ops
        for operation in found.ops if found is not None else ():
            yield from operation.ops if isinstance(operation, ops.OpContainer) else (operation,)

    def _consider(self, operation: ops.MigrateOperation) -> None:
        match operation:
            case ops.CreateTableOp():
                self.additions.append((operation, f"table {operation.table_name}"))
            case ops.AddColumnOp():
                self._add_column(operation)
            case ops.CreateIndexOp():
                self._add_index(operation)
            case ops.CreateUniqueConstraintOp():
                columns = [str(column) for column in operation.columns]
                name = index_name(operation.table_name, tuple(columns), unique=True)
                self._add_index(ops.CreateIndexOp(name, operation.table_name, columns, unique=True))
            case ops.AlterColumnOp():
                self._refuse_alteration(operation)
            case ops.DropColumnOp():
                self._judge_extra(operation)

    def _add_index(self, operation: ops.CreateIndexOp) -> None:
        columns = [str(getattr(column, "name", column)) for column in operation.columns]
        if not self._is_covered(operation.table_name, columns, unique=bool(operation.unique)):
            self.additions.append((operation, f"index {operation.index_name}"))

    def _is_covered(self, table: str, columns: list[str], *, unique: bool) -> bool:
        """Tell whether an index or constraint of another name does the same."""
        if not self._inspector.has_table(table):
            return False
        constraints = self._inspector.get_unique_constraints(table) if unique else []
        if any(each["column_names"] == columns for each in constraints):
            return True
        # Any: an option of one dialect, for the indexes that SQLite makes for UNIQUE
        automatic: Any = {"include_auto_indexes": True} if self.dialect == "sqlite" else {}
        return any(
            (bool(each["unique"]) or not unique)
            and (each["column_names"] if unique else each["column_names"][: len(columns)]) == columns
            and not each.get("dialect_options", {}).get(f"{self.dialect}_where")
            for each in self._inspector.get_indexes(table, **automatic)
        )

    def _add_column(self, operation: ops.AddColumnOp) -> None:
        model = self._models[operation.table_name]
        name = operation.column.name
        described = next((each for each in model.fields if each.column_name == name), None)
        if described is None:
            self.refusals.append(f"column {model.table_name}.{name} is missing and cannot be added later")
            return
        column = column_of(described, model, self.schema, self.dialect)
        column.key = column.name
        if column.server_default is None:
            column.server_default = self._static_default(described)
        if described.required and column.server_default is None:
            if self._has_rows(model):
                self.refusals.append(
                    f"column {model.table_name}.{name} is required and has no default for the rows there "
                    "are: add it as nullable, fill it, then make it NOT NULL"
                )
                return
            column.nullable = self.dialect == "sqlite"  # which adds no NOT NULL column without a default
        inline = bool(column.foreign_keys)
        added = ops.AddColumnOp(model.table_name, column, inline_references=inline or None)
        self.additions.append((added, f"column {model.table_name}.{name}"))

    def _static_default(self, described: Field[Any]) -> sa.DefaultClause | None:
        default = described.default
        if (
            default is MISSING
            or default is None
            or callable(default)
            or (described.unique and not described.required)
        ):
            return None
        match described.type:
            case "boolean":
                word = str(bool(default)).lower() if self.dialect == "postgresql" else str(int(bool(default)))
                return sa.DefaultClause(sa.text(word))
            case "number":
                return sa.DefaultClause(sa.text(str(default)))
            case "string":
                return sa.DefaultClause(str(default))
        return None

    def _has_rows(self, model: Model[Any]) -> bool:
        present: sa.Select[Any] = (
            sa.select(sa.literal_column("1")).select_from(sa.table(model.table_name)).limit(1)
        )
        return self.connection.execute(present).first() is not None

    def _differs_in_kind(
        self,
        context: MigrationContext,
        inspected_column: sa.Column[Any],
        metadata_column: sa.Column[Any],
        inspected_type: Any,
        metadata_type: Any,
    ) -> bool:
        return not same_kind(inspected_type, metadata_type, self.dialect)

    def _refuse_alteration(self, operation: ops.AlterColumnOp) -> None:
        place = f"{operation.table_name}.{operation.column_name}"
        if operation.modify_type is not None:
            found, wanted = operation.existing_type, kind_of(operation.modify_type, self.dialect)
            self.refusals.append(f"column {place} is {found} where the configuration keeps a {wanted}")
        # A column that allows NULL where we never write one is harmless.
        if operation.modify_nullable is True and operation.existing_server_default in {None, False}:
            self.refusals.append(
                f"column {place} is NOT NULL where the configuration leaves it empty: drop NOT NULL"
            )

    def _judge_extra(self, operation: ops.DropColumnOp) -> None:
        column = operation.to_column()
        if column.nullable or column.server_default is not None or column.identity or column.computed:
            return
        is_issuer = (self._models[operation.table_name].name, column.name) == ("account", "issuer")
        self.refusals.append(
            f"column {operation.table_name}.{column.name} is NOT NULL without a default, and "
            f"{_ISSUER if is_issuer else _NOBODY}; run: {self._relaxation(operation.table_name, column)}"
        )

    def _relaxation(self, table: str, column: sa.Column[Any]) -> str:
        """Return the statements that let a column be empty, or drop it where SQLite allows nothing else."""
        quote = self.connection.dialect.identifier_preparer.quote
        changed = f"ALTER TABLE {quote(table)}"
        match self.dialect:
            case "postgresql":
                return f"{changed} ALTER COLUMN {quote(column.name)} DROP NOT NULL"
            case "mysql":
                kind = column.type.compile(self.connection.dialect)
                return f"{changed} MODIFY {quote(column.name)} {kind} NULL"
        hanging = (each for each in self._inspector.get_indexes(table) if column.name in each["column_names"])
        dropped = [f"DROP INDEX {quote(str(each['name']))}" for each in hanging]
        return "; ".join([*dropped, f"{changed} DROP COLUMN {quote(column.name)}"])

    def _place(self, operation: Addition) -> tuple[int, int]:
        """Tables come before columns before indexes, and the schema's order otherwise."""
        kinds = (ops.CreateTableOp, ops.AddColumnOp, ops.CreateIndexOp)
        return kinds.index(type(operation)), list(self._models).index(operation.table_name)
