"""Changes of the values that a CHECK allows, which Alembic compares by its name alone.

`Enum(..., native_enum=False, create_constraint=True)` is text with such a CHECK. Importing this
module registers the comparison under `NAME`, to be listed among the plugins of a run.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from alembic.operations.ops import AddConstraintOp, DropConstraintOp
from alembic.runtime.plugins import Plugin
from alembic.util import PriorityDispatchResult
from sqlalchemy import CheckConstraint, Column, Enum, inspect
from sqlalchemy.sql.elements import conv

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.autogenerate.api import AutogenContext
    from alembic.operations.ops import ModifyTableOps
    from sqlalchemy import Table

NAME: Final = "fastgres.migrations.checks"

_LITERAL: Final = re.compile(r"'((?:[^']|'')*)'")


def compare_values(  # noqa: PLR0913, PLR0917 - Alembic calls it so
    context: AutogenContext,
    operations: ModifyTableOps,
    schema: str | None,
    name: str,
    existing: Table | None,
    modelled: Table | None,
) -> PriorityDispatchResult:
    """Replace each CHECK that lists other values than its column's enum."""
    if existing is not None and modelled is not None and context.connection is not None:
        reflected = inspect(context.connection).get_check_constraints(name, schema=schema)
        conditions = {str(check["name"]): check["sqltext"] for check in reflected}
        for check, values in _enum_checks(modelled):
            condition = conditions.get(str(check.name))
            if condition is not None and values_in(condition) != values:
                old = CheckConstraint(condition, name=conv(str(check.name)), table=existing)
                operations.ops.append(DropConstraintOp.from_constraint(old))
                operations.ops.append(AddConstraintOp.from_constraint(check))
    return PriorityDispatchResult.CONTINUE


def values_in(condition: str) -> set[str]:
    """Return the text literals of a condition as PostgreSQL writes it."""
    return {literal.replace("''", "'") for literal in _LITERAL.findall(condition)}


def _enum_checks(table: Table) -> Iterator[tuple[CheckConstraint, set[str]]]:
    """Yield each CHECK on one column of an enum stored as text, with the values it lists."""
    checks = [check for check in table.constraints if isinstance(check, CheckConstraint)]
    for check in checks:
        match list(check.columns):
            case [Column(type=Enum(native_enum=False) as enum)]:
                yield check, set(enum.enums)


Plugin(NAME).add_autogenerate_comparator(compare_values, "table", "checked_values")
