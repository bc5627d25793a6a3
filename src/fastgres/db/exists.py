"""EXISTS without an entity of its own, which SQLAlchemy 2.0 leaves out of loader criteria.

`Book.author.has()`, `Author.books.any()` and `exists().where(...)` select a constant, and before
2.1 criteria reach only what selects an entity. Here the condition is written into them.
`tests/db/test_deletion.py` holds both versions to the same answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import sqlalchemy
from sqlalchemy import exists, inspect
from sqlalchemy.sql import visitors
from sqlalchemy.sql.selectable import Exists, Select

from fastgres.db.mixins import SoftDelete

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import ColumnElement, FromClause
    from sqlalchemy.sql.visitors import ExternallyTraversible

LEFT_OUT: Final = sqlalchemy.__version__.startswith("2.0.")
"""Whether this SQLAlchemy needs the help."""


def leave_deleted_out_of_exists(statement: Any) -> Any:
    """Return the statement with `deleted_at IS NULL` in every EXISTS over a soft-deleted table."""
    if not any(isinstance(part, Exists) for part in visitors.iterate(statement)):
        return statement
    bare = statement._generate()  # noqa: SLF001 - options cannot be traversed, and have no setter
    bare._with_options = ()  # noqa: SLF001 - as above
    filtered = _traverse(bare, frozenset(_soft_tables(SoftDelete)))
    filtered._with_options = statement._with_options  # noqa: SLF001 - as above
    return filtered


def leave_deleted_out_of_condition(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition with `deleted_at IS NULL` in every EXISTS over a soft-deleted table."""
    if not any(isinstance(part, Exists) for part in visitors.iterate(condition)):
        return condition
    filtered: ColumnElement[bool] = _traverse(condition, frozenset(_soft_tables(SoftDelete)))
    return filtered


def _traverse(statement: Any, soft: frozenset[FromClause]) -> Any:
    def replace(part: ExternallyTraversible, **_: Any) -> ExternallyTraversible | None:
        if not isinstance(part, Exists):
            return None
        inner = _traverse(_select_of(part), soft)
        return exists(inner.where(*_living(inner, soft)))

    transform: Any = replace  # SQLAlchemy asks for more arguments than it passes
    return visitors.replacement_traverse(statement, {}, transform)


def _select_of(part: Exists) -> Select[Any]:
    inner: Any = part.element
    while not isinstance(inner, Select):
        inner = inner.element
    return inner


def _living(inner: Select[Any], soft: frozenset[FromClause]) -> Iterator[ColumnElement[bool]]:
    for source in inner.get_final_froms():
        if getattr(source, "element", source) in soft:
            yield source.c.deleted_at.is_(None)


def _soft_tables(cls: type[Any]) -> Iterator[FromClause]:
    for child in cls.__subclasses__():
        mapper = inspect(child, raiseerr=False)
        if mapper is not None:
            yield mapper.local_table
        yield from _soft_tables(child)
