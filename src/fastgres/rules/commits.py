"""Who may commit."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from fastgres.rules.names import last_name
from fastgres.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_ENDINGS = frozenset({"commit", "rollback"})


def _find(module: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(module):
        if isinstance(node, ast.Await) and isinstance(node.value, ast.Call):
            called = node.value.func
            if isinstance(called, ast.Attribute) and _ends_transaction(called):
                yield node


def _ends_transaction(called: ast.Attribute) -> bool:
    return called.attr in _ENDINGS and last_name(called.value).endswith("session")


COMMIT_OUTSIDE_UNIT = Rule(
    code="FG101",
    name="commit-outside-unit",
    why=(
        "A commit in a router, a repository or a dependency cuts the unit of work in two: what "
        "came before stays although what comes after fails, and a service cannot be called "
        "inside a larger one."
    ),
    fix="Write inside `async with session.begin():` in the service; it commits and rolls back.",
    bad=(
        "async def rename(session, customer, name):\n"
        "    customer.name = name\n"
        "    await session.commit()  # FG101\n"
    ),
    good=(
        "async def rename(session, customer, name):\n"
        "    async with session.begin():\n"
        "        customer.name = name\n"
    ),
    since="0.1",
    source="docs/decisions/0004-unit-of-work.md",
    find=_find,
)
