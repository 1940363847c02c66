"""The tables that a configuration asks for."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from ostiary.domain.audit import AUDIT_EVENT
from ostiary.domain.errors import ConfigurationError
from ostiary.domain.models import ACCOUNT, RATE_LIMIT, SESSION, USER, VERIFICATION
from ostiary.domain.schema import Field, Model, Schema
from ostiary.options.options import Options


class Renames(Protocol):
    """A section that may give its table and columns other names."""

    @property
    def model_name(self) -> str | None:
        """The table's name."""
        ...

    @property
    def fields(self) -> Mapping[str, str]:
        """Column names by field name."""
        ...


Extra = Mapping[str, Sequence[Field[Any]]]


def configured_schema(
    options: Options,
    added_fields: Sequence[Extra] = (),
    added_models: Sequence[Model[Any]] = (),
    *,
    rate_limits: bool = True,
    sessions: bool = True,
    verifications: bool = True,
) -> Schema:
    """Return core tables with every added column, then the added tables, in creation order.

    Raises ConfigurationError where a column is added twice or to a table that does not exist.
    """
    models: list[Model[Any]] = [
        _configured(USER, options.user.additional_fields, added_fields),
        _configured(SESSION, options.session.additional_fields, added_fields),
        _configured(ACCOUNT, options.account.additional_fields, added_fields),
        VERIFICATION,
    ]
    known = {model.name for model in (*models, *added_models)}
    for extra in added_fields:
        if unknown := set(extra) - known:
            raise ConfigurationError(f"a plugin adds columns to '{unknown.pop()}', which no one declares")
    kept = {"session": sessions, "verification": verifications}
    tables = [_renamed(model, options) for model in models]
    if rate_limits:
        tables.append(_renamed(RATE_LIMIT, options))
    if options.audit.enabled:
        tables.append(AUDIT_EVENT.renamed(options.audit.model_name, {}))
    id_types: dict[str, Literal["text", "uuid", "serial"]] = {
        "random": "text",
        "uuid": "uuid",
        "serial": "serial",
    }
    return Schema(
        models=(*tables, *added_models),
        id_type=id_types[options.advanced.generate_id],
        unkept=frozenset(name for name, is_kept in kept.items() if not is_kept),
    )


def _configured(model: Model[Any], application: Sequence[Field[Any]], plugins: Sequence[Extra]) -> Model[Any]:
    fields = [field for extra in plugins for field in extra.get(model.name, ())]
    # wire: the application's columns come first, then the plugins'
    return model.extended((*application, *fields))


def _renamed(model: Model[Any], options: Options) -> Model[Any]:
    sections: Mapping[str, Renames] = {
        "user": options.user,
        "session": options.session,
        "account": options.account,
        "verification": options.verification,
        "rateLimit": options.rate_limit,
    }
    section = sections[model.name]
    return model.renamed(section.model_name, section.fields)
