"""What a piece of code is called, as far as the code itself says."""

from __future__ import annotations

import ast


def last_name(node: ast.expr) -> str:
    """Return the last word of `a.b.c`, or an empty text for what has no name."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
