"""The rights of a role that works with the tables and owns none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastgres.tables import sql

if TYPE_CHECKING:
    from fastgres.tables.versioning import Executes


def grant(connection: Executes, role: str) -> None:
    """Let `role` read and write the tables of fastgres, also those that later versions add.

    Called by their owner, in the revision that installs them.

    ```python
    from alembic import op
    from fastgres import tables

    def upgrade() -> None:
        tables.upgrade(op, version=1)
        tables.grant(op, "shop_app")

    assert callable(upgrade)
    ```
    """
    for statement in sql.grants(role):
        connection.execute(statement)
