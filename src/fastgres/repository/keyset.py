"""One step along a list: from a cursor to the rows beside it, and to the cursors at its ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastgres.repository.cursor import Cursor, invalid_cursor
from fastgres.repository.page import Page
from fastgres.repository.values import check_cursor_value

if TYPE_CHECKING:
    from sqlalchemy import Select
    from sqlalchemy.ext.asyncio import AsyncSession

    from fastgres.repository.cursor import Direction
    from fastgres.repository.ordering import Ordering


@dataclass(frozen=True, slots=True)
class Position:
    """A cursor whose values are known and can be compared with."""

    direction: Direction
    values: tuple[object, ...]

    @property
    def backwards(self) -> bool:
        """Tell whether the page lies before the position."""
        return self.direction in {"before", "until"}

    @property
    def inclusive(self) -> bool:
        """Tell whether the page may hold the row at the position."""
        return self.direction in {"from", "until"}


@dataclass(frozen=True, slots=True)
class Step:
    """The way from a position, or from the beginning, to one page."""

    ordering: Ordering
    position: Position | None
    size: int

    def narrow(self, statement: Select[Any]) -> Select[Any]:
        """Select one row more than the page holds, with the sort values that the server sees."""
        travelled = self.ordering.reversed() if self.backwards else self.ordering
        if self.position is not None:
            statement = statement.where(
                travelled.beyond(self.position.values, inclusive=self.position.inclusive)
            )
        sorted_rows = statement.add_columns(*self.ordering.columns())
        return sorted_rows.order_by(*travelled.order_by()).limit(self.size + 1)

    def page(self, rows: Sequence[Any]) -> Page[Any]:
        """Make the page of the rows selected; their first column is the entity."""
        shown, more = list(rows[: self.size]), len(rows) > self.size
        if self.backwards:
            shown.reverse()
        next_, previous = self.cursors(
            more=more,
            first=tuple(shown[0][1:]) if shown else (),
            last=tuple(shown[-1][1:]) if shown else (),
        )
        return Page(items=[row[0] for row in shown], next=next_, previous=previous)

    def cursors(
        self, *, more: bool, first: tuple[object, ...], last: tuple[object, ...]
    ) -> tuple[str | None, str | None]:
        """Return the cursors of the next and of the previous page.

        `more` tells whether rows lie beyond, the way one went; `first` and `last` are the sort
        values of the rows at the ends, empty for an empty page.
        """
        has_next = more or self.backwards
        has_previous = more if self.backwards else self.position is not None
        return (
            self._cursor("after", "from", last) if has_next else None,
            self._cursor("before", "until", first) if has_previous else None,
        )

    @property
    def backwards(self) -> bool:
        """Tell whether the page lies before the position."""
        return self.position is not None and self.position.backwards

    def _cursor(self, beside: Direction, at: Direction, values: tuple[object, ...]) -> str | None:
        """Return the cursor beside a row; of an empty page, the one at its own position."""
        if values:
            return self._written(beside, values)
        return self._written(at, self.position.values) if self.position else None

    def _written(self, direction: Direction, values: tuple[object, ...]) -> str:
        key = self.ordering.key_of(values)
        return Cursor(self.ordering.name, direction, values).encode(key=key)


async def position_of(
    session: AsyncSession, text: str, ordering: Ordering, *, visible: Select[Any]
) -> Position:
    """Read a cursor of this ordering; raise `InvalidCursorError` for anything else.

    `visible` selects the rows of the list: a cursor that names a row of others is refused like
    one that names no row, or it would tell that the row exists, and where it is sorted.
    """
    cursor = read_cursor(text, ordering)
    if not cursor.by_key:
        return Position(cursor.direction, cursor.values)
    keys = ordering.key_of(ordering.keys)
    row = [
        key.equal(None if value is None else key.bound(value))
        for key, value in zip(keys, cursor.values, strict=True)
    ]
    looked_up = visible.where(*row).with_only_columns(
        *ordering.columns(), maintain_column_froms=True
    )
    found = (await session.execute(looked_up.limit(1))).first()
    if found is None:
        raise invalid_cursor("The row at which it stood is no longer there; begin without one.")
    return Position(cursor.direction, tuple(found))


def read_cursor(text: str, ordering: Ordering) -> Cursor:
    """Read a cursor of this ordering, whose values its columns could have.

    Unless it is `by_key`, its direction and values are a `Position`.
    """
    cursor = Cursor.decode(
        text, sort=ordering.name, types=ordering.types, key_types=ordering.key_of(ordering.types)
    )
    keys = ordering.key_of(ordering.keys) if cursor.by_key else ordering.keys
    for key, value in zip(keys, cursor.values, strict=True):
        if value is None and not key.nullable:
            raise invalid_cursor("It is not one that this list has given out.")
        check_cursor_value(value, key.column.type)
    return cursor
