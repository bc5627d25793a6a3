"""The revision that installs the tables of fastgres, as an operation Alembic can write down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from alembic import command
from alembic.autogenerate import renderers
from alembic.operations.ops import MigrateOperation

from fastgres.tables import LATEST

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from alembic.config import Config


class SetTables(MigrateOperation):
    """Stand for a call of `tables.upgrade` or `tables.downgrade` in a revision."""

    def __init__(self, verb: Literal["upgrade", "downgrade"], version: int) -> None:
        self.verb = verb
        self.version = version


@renderers.dispatch_for(SetTables)
def _render(context: AutogenContext, operation: SetTables) -> str:
    context.imports.add("from fastgres import tables")
    return f"tables.{operation.verb}(op, version={operation.version})"


def write_tables(config: Config, installed: int) -> object:
    """Write a revision from the version that the database has to that of this release."""

    def fill(_context: Any, _revision: Any, directives: list[Any]) -> None:
        directives[0].upgrade_ops.ops[:] = [SetTables("upgrade", LATEST)]
        directives[0].downgrade_ops.ops[:] = [SetTables("downgrade", installed)]

    config.set_main_option("revision_environment", "true")
    message = f"tables of fastgres, version {LATEST}"
    return command.revision(config, message, process_revision_directives=fill)
