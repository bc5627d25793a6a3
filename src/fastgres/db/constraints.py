"""From the name of a constraint, as PostgreSQL reports it, to the fields a client knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Index
from sqlalchemy.schema import ColumnCollectionConstraint

if TYPE_CHECKING:
    from sqlalchemy import MetaData, Table


class Constraints:
    """Find the columns of a constraint in the mapped tables.

    A constraint that the models do not declare has no columns here, which loses the field in the
    error and nothing else.

    ```python
    from fastgres.db import Constraints
    from shop.models import Base

    constraints = Constraints(Base.metadata)
    assert constraints.columns("products", "uq_products_sku") == ("sku",)
    ```
    """

    def __init__(self, metadata: MetaData) -> None:
        self._metadata = metadata
        self._columns: dict[tuple[str, str], tuple[str, ...]] = {}
        self._tables_read = 0

    def columns(self, table: str, constraint: str) -> tuple[str, ...]:
        """Return the names of the constraint's columns; empty when it is not declared."""
        if self._tables_read != len(self._metadata.tables):
            self._tables_read = len(self._metadata.tables)
            self._columns = {
                (owner.name, name): columns
                for owner in self._metadata.tables.values()
                for name, columns in _named(owner)
            }
        return self._columns.get((table, constraint), ())


def _named(table: Table) -> list[tuple[str, tuple[str, ...]]]:
    return [
        (str(each.name), tuple(column.key for column in each.columns))
        for each in (*table.constraints, *table.indexes)
        if isinstance(each, (ColumnCollectionConstraint, Index)) and each.name is not None
    ]
