"""Pages of a list: by cursor, and by number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from fastgres.repository.binding import bind
from fastgres.repository.counting import Count, count_rows
from fastgres.repository.cursor import Cursor, invalid_cursor
from fastgres.repository.entity import EntityAccess, Model
from fastgres.repository.page import OffsetPage, Page, number_of_pages
from fastgres.repository.values import check_cursor_value

if TYPE_CHECKING:
    from sqlalchemy import ColumnExpressionArgument, Select
    from sqlalchemy.sql.base import ExecutableOption

    from fastgres.repository.cursor import Direction
    from fastgres.repository.ordering import Ordering
    from fastgres.repository.query import KeysetQuery, ListQuery, OffsetQuery


class Paging(EntityAccess[Model]):
    """The lists of a repository that a client pages through."""

    queries: ClassVar[Sequence[type[ListQuery]]] = ()

    @classmethod
    def check(cls, *queries: type[ListQuery]) -> None:
        """Raise `ConfigurationError` for a filter or sort that names no column of the class.

        Checks the given query models and those listed in `queries`. Without this the same error
        comes with the first request. `check_repositories()` does it for all of a service.
        """
        for query in (*cls.queries, *queries):
            bind(cls.model, query)

    async def page(
        self,
        query: KeysetQuery,
        /,
        *where: ColumnExpressionArgument[bool],
        count: Count = "none",
        options: Sequence[ExecutableOption] = (),
        include_deleted: bool = False,
    ) -> Page[Model]:
        """Return one page of the list that the query describes.

        Rows that are inserted or deleted while a client pages make it see no row twice and miss
        none that was there all the time. Raises `InvalidCursorError` (422) for a cursor of
        another sort or of somebody's invention, and 422 for values that no column can hold.

        `count="exact"` counts all rows that match, each time; `"estimated"` asks the planner,
        which takes no time and may be wrong by any factor. A list that fits one page is always
        counted exactly, unless `"none"`.

        ```python
        from typing import Literal
        from fastgres.repository import KeysetQuery, Repository
        from shop.models import Product

        class ProductQuery(KeysetQuery):
            active: bool | None = None
            sort: Literal["price", "-price"] = "price"

        class ProductRepository(Repository[Product]):
            queries = (ProductQuery,)

        products = ProductRepository(session)
        rows = [{"sku": f"P{n}", "name": "Pin", "price": n, "stock": 1} for n in (1, 2, 3)]
        await products.add_many(rows)
        first = await products.page(ProductQuery(size=2), Product.name == "Pin")
        second = await products.page(ProductQuery(size=2, cursor=first.next))
        assert [product.price for product in first.items] == [1, 2]
        assert second.items[0].price == 3
        ```
        """
        bound = bind(self.model, type(query))
        ordering = bound.ordering(query)
        where = (*bound.conditions(query), *where)
        cursor = await self._position(query.cursor, ordering) if query.cursor is not None else None
        statement = self._select(*where, options=options, include_deleted=include_deleted)
        page = await self._keyset_page(statement, ordering, cursor=cursor, size=query.size)
        if count != "none" and page.next is None and page.previous is None:
            page.total = len(page.items)
        else:
            keys = self._select_keys(*where, include_deleted=include_deleted)
            page.total = await count_rows(self.session, keys, count)
        return page

    async def offset_page(
        self,
        query: OffsetQuery,
        /,
        *where: ColumnExpressionArgument[bool],
        count: Count = "exact",
        options: Sequence[ExecutableOption] = (),
        include_deleted: bool = False,
    ) -> OffsetPage[Model]:
        """Return the page of that number; an empty one when the list ends before it.

        The server reads and throws away all earlier pages. `count` is as for `page`.
        """
        bound = bind(self.model, type(query))
        where = (*bound.conditions(query), *where)
        statement = self._select(*where, options=options, include_deleted=include_deleted)
        ordered = statement.order_by(*bound.ordering(query).order_by())
        asked = ordered.offset((query.page - 1) * query.size).limit(query.size + 1)
        rows: Sequence[Model] = (await self.session.scalars(asked)).unique().all()
        keys = self._select_keys(*where, include_deleted=include_deleted)
        total = await count_rows(self.session, keys, count)
        return OffsetPage(
            items=list(rows[: query.size]),
            page=query.page,
            size=query.size,
            has_next=len(rows) > query.size,
            total=total,
            pages=number_of_pages(total, query.size),
        )

    async def _keyset_page(
        self, statement: Select[Any], ordering: Ordering, *, cursor: Cursor | None, size: int
    ) -> Page[Model]:
        backwards = cursor is not None and cursor.direction in ("before", "until")
        travelled = ordering.reversed() if backwards else ordering
        if cursor is not None:
            inclusive = cursor.direction in ("from", "until")
            statement = statement.where(travelled.beyond(cursor.values, inclusive=inclusive))
        asked = statement.add_columns(*ordering.columns()).order_by(*travelled.order_by())
        rows = (await self.session.execute(asked.limit(size + 1))).unique().all()
        shown, more = list(rows[:size]), len(rows) > size
        if backwards:
            shown.reverse()
        has_next, has_previous = (True, more) if backwards else (more, cursor is not None)
        return Page(
            items=[row[0] for row in shown],
            next=self._next(ordering, shown, cursor) if has_next else None,
            previous=self._previous(ordering, shown, cursor) if has_previous else None,
        )

    def _next(self, ordering: Ordering, rows: Sequence[Any], cursor: Cursor | None) -> str | None:
        if rows:
            return encoded(ordering, "after", rows[-1][1:])
        return encoded(ordering, "from", cursor.values) if cursor else None

    def _previous(
        self, ordering: Ordering, rows: Sequence[Any], cursor: Cursor | None
    ) -> str | None:
        if rows:
            return encoded(ordering, "before", rows[0][1:])
        return encoded(ordering, "until", cursor.values) if cursor else None

    async def _position(self, text: str, ordering: Ordering) -> Cursor:
        cursor = Cursor.decode(text, sort=ordering.name, types=ordering.types)
        for key, value in zip(ordering.keys, cursor.values, strict=True):
            if value is None and not key.nullable:
                raise invalid_cursor("It is not one that this list has given out.")
            check_cursor_value(value, key.column.type)
        return cursor


def encoded(ordering: Ordering, direction: Direction, values: Sequence[object]) -> str:
    """Return the cursor of a position."""
    return Cursor(ordering.name, direction, tuple(values)).encode()
