"""What one request wants of a declared route."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastgres.repository import KeysetQuery, OffsetQuery


@dataclass(slots=True)
class Wanted:
    """The values of the path, those of the scope by column, the query, and the fields."""

    keys: dict[str, Any]
    scope: dict[str, Any] = field(default_factory=dict)
    query: KeysetQuery | OffsetQuery | None = None
    fields: str | None = None
