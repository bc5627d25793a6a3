"""The differences between models and database, one sentence each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Column, DefaultClause, Table
from sqlalchemy.schema import SchemaItem

if TYPE_CHECKING:
    from collections.abc import Iterable


def describe(differences: Iterable[Any]) -> list[str]:
    """Return one sentence for each difference, as Alembic lists them."""
    return [_sentence(one) for one in _flat(differences)]


def outdated_tables(installed: int, *, needed: int) -> list[str]:
    """Return a sentence when the tables of fastgres are older; without any, none are needed."""
    if not 0 < installed < needed:
        return []
    difference = (
        f"the tables of fastgres are at version {installed}, this release has {needed}: "
        "`fastgres db tables` writes the revision"
    )
    return [difference]


def _flat(differences: Iterable[Any]) -> Iterable[tuple[Any, ...]]:
    """Alembic groups the changes of one column in a list."""
    for one in differences:
        if isinstance(one, list):
            yield from one
        else:
            yield one


def _sentence(difference: tuple[Any, ...]) -> str:
    kind, *rest = difference
    if kind.startswith("modify_") and kind in _CHANGED:
        _, table, column, _, was, now = rest
        return (
            f"column {table}.{column}: {_CHANGED[kind]} is {_shown(was)} in the database, "
            f"{_shown(now)} in the models"
        )
    if kind in {"change_enum_variants", "add_enum_value"}:
        was, now, columns = rest
        where = ", ".join(f"{column.table_name}.{column.column_name}" for column in columns)
        return f"enum of {where}: {was} in the database, {now} in the models"
    for verb, side in _SIDES.items():
        if kind.startswith(verb):
            return f"{kind.removeprefix(verb)} {_named(rest)} is only in the {side}"
    return f"{kind.replace('_', ' ')}: {', '.join(map(str, rest))}"


_SIDES: Final = {
    "add_": "models",
    "create_": "models",
    "remove_": "database",
    "drop_": "database",
}
_CHANGED: Final = {
    "modify_type": "the type",
    "modify_nullable": "nullable",
    "modify_default": "the server default",
    "modify_comment": "the comment",
}


def _named(rest: list[Any]) -> str:
    """Name the thing: a schema item, a column after its schema and table, or a plain name."""
    match rest:
        case [None | str(), str() as table, Column() as column]:
            return f"{table}.{column.name}"
        case [Table() as table, *_]:
            return table.name
        case [SchemaItem() as item, *_]:
            owner: Table | None = getattr(item, "table", None)
            columns = ", ".join(getattr(item, "columns", {}).keys())
            name = getattr(item, "name", None) or f"({columns})"
            return str(name) if owner is None else f"{name} on {owner.name}"
        case _:
            return str(rest[0])


def _shown(value: Any) -> str:
    if isinstance(value, DefaultClause):
        return str(getattr(value.arg, "text", value.arg))
    return str(value)
