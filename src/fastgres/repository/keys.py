"""Rows by many primary keys at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import tuple_

from fastgres.repository.columns import key_of, key_values, primary_key
from fastgres.repository.filtering import one_of

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

Key = TypeVar("Key")
Row = TypeVar("Row")


def keys_condition(model: type[Any], keys: Sequence[object]) -> ColumnElement[bool]:
    """Select the rows with these keys; a single-column key is sent as one array, of any length."""
    values = [key_values(model, key) for key in keys]
    columns = primary_key(model)
    if len(columns) == 1:
        return one_of(columns[0], [value for (value,) in values])
    return tuple_(*columns).in_(values)


def in_order_of(
    model: type[Any], keys: Sequence[Key], rows: Sequence[Row]
) -> tuple[list[Row], list[Key]]:
    """Return the rows in the order of the keys, and the keys that no row has."""
    found = {key_of(row): row for row in rows}
    wanted = [(key, found.get(key_values(model, key))) for key in keys]
    return [row for _, row in wanted if row is not None], [
        key for key, row in wanted if row is None
    ]
