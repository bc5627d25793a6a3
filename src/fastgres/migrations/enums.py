"""Changes of enum types, which Alembic does not notice by itself.

The only place that knows the library for it: importing it registers its comparison.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from alembic.autogenerate.render import renderers
from alembic_postgresql_enum import Config, set_configuration
from alembic_postgresql_enum.operations.add_enum_values import AddEnumValuesOp

from fastgres.migrations import sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alembic.autogenerate.api import AutogenContext


def notice_enum_changes() -> None:
    """Compare the enum types of models and database whenever a revision is generated."""
    set_configuration(Config())


@renderers.dispatch_for(AddEnumValuesOp, replace=True)
def render_added_values(_context: AutogenContext, operation: AddEnumValuesOp) -> str:
    """Write added values as SQL that needs no library when it runs.

    The library's own operation puts them on the wrong side of their neighbour (its 1.11.0 says
    AFTER for `before_value`).
    """
    statements = (
        sql.add_enum_value(operation.schema, operation.name, value=value, before=before)
        for value, before in added_values(operation.old_values, operation.new_values)
    )
    return "\n".join(f"op.execute({statement!r})" for statement in statements)


def added_values(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    """Yield each new value with the one that it stands before, last first; None is the end.

    In that order the neighbour exists when it is named.
    """
    following = [(one, other) for one, other in pairwise([*new, None]) if one is not None]
    for value, before in reversed(following):
        if value not in old:
            yield value, before
