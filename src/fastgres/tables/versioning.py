"""The versions of the tables that fastgres owns: one step for each, up and down."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from fastgres.errors import ConfigurationError
from fastgres.tables import sql

if TYPE_CHECKING:
    from sqlalchemy import TextClause
    from sqlalchemy.ext.asyncio import AsyncEngine

LATEST: Final = 1
"""The version that this release needs.

```python
from fastgres.tables import LATEST, installed

assert await installed(database.engine) >= LATEST
```
"""

_STEPS: Final = Path(__file__).parent / "versions"


class Executes(Protocol):
    """What runs a statement: a connection, or `alembic.op`, which may print it instead."""

    def execute(self, statement: TextClause, /) -> object:
        """Run it."""


def upgrade(connection: Executes, version: int) -> None:
    """Bring the tables in the schema `fastgres` up to `version`; steps already made are left out.

    Called from a revision of yours, which `fastgres db tables` writes. Give the number, never
    `LATEST`: a revision has to do the same next year.

    ```python
    from alembic import op
    from fastgres import tables

    def upgrade() -> None:
        tables.upgrade(op, version=1)

    assert callable(upgrade)
    ```
    """
    _require_known(version)
    connection.execute(sql.BEGIN)
    for step in range(1, version + 1):
        connection.execute(sql.step_up(step, definition(step, "up")))


def downgrade(connection: Executes, version: int) -> None:
    """Undo what is newer than `version`, with the rows in it; 0 leaves nothing of fastgres.

    ```python
    from alembic import op
    from fastgres import tables

    def downgrade() -> None:
        tables.downgrade(op, version=0)

    assert callable(downgrade)
    ```
    """
    _require_known(version)
    connection.execute(sql.BEGIN)
    for step in range(LATEST, version, -1):
        connection.execute(sql.step_down(step, definition(step, "down")))
    connection.execute(sql.END)


async def installed(engine: AsyncEngine) -> int:
    """Return the version that the database has; 0 when it has none of the tables.

    ```python
    from fastgres.tables import LATEST, installed

    assert await installed(database.engine) == LATEST
    ```
    """
    async with engine.connect() as connection:
        if not await connection.scalar(sql.IS_COUNTED):
            return 0
        version: int = (await connection.execute(sql.INSTALLED)).scalar_one()
        return version


def definition(version: int, direction: str) -> str:
    """Return the statements of one step, `up` or `down`."""
    return (_STEPS / f"{version:04d}.{direction}.sql").read_text(encoding="utf-8")


def definitions() -> str:
    """Return the statements of all steps up, for who needs to know whether they have changed.

    ```python
    from fastgres.tables import definitions

    assert "CREATE TABLE fastgres.jobs" in definitions()
    ```
    """
    return "".join(definition(step, "up") for step in range(1, LATEST + 1))


def _require_known(version: int) -> None:
    if not 0 <= version <= LATEST:
        message = (
            f"Version {version} of the tables of fastgres is not known to this release, whose "
            f"newest is {LATEST}. Install the release that the revision was written with."
        )
        raise ConfigurationError(message)
