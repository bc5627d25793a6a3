"""Pages of a list: by cursor, and by number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Unpack, overload

from fastgres.repository.answering import Answering, ReadOptions, Shown, response_model_in
from fastgres.repository.binding import bind
from fastgres.repository.counting import Count, count_rows
from fastgres.repository.entity import Model
from fastgres.repository.keyset import Step, position_of
from fastgres.repository.page import OffsetPage, Page, number_of_pages

if TYPE_CHECKING:
    from sqlalchemy import ColumnExpressionArgument
    from sqlalchemy.sql.base import ExecutableOption

    from fastgres.reads import ReadResponse
    from fastgres.repository.query import KeysetQuery, ListQuery, OffsetQuery


class Paging(Answering[Model]):
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

    @overload
    async def page(
        self,
        shown: type[Shown],
        query: KeysetQuery,
        /,
        *where: ColumnExpressionArgument[bool],
        count: Count = "none",
        **options: Unpack[ReadOptions],
    ) -> ReadResponse[Page[Shown]]: ...

    @overload
    async def page(
        self,
        query: KeysetQuery,
        /,
        *where: ColumnExpressionArgument[bool],
        count: Count = "none",
        options: Sequence[ExecutableOption] = (),
        include_deleted: bool = False,
    ) -> Page[Model]: ...

    async def page(self, *asked: Any, count: Count = "none", **options: Any) -> Any:
        """Return one page of the list that the query describes.

        Rows that are inserted or deleted while a client pages make it see no row twice and miss
        none that was there all the time. Raises `InvalidCursorError` (422) for a cursor of
        another sort or of somebody's invention, and 422 for values that no column can hold.

        `count="exact"` counts all rows that match, each time; `"estimated"` asks the planner,
        which takes no time and may be wrong by any factor. A list that fits one page is always
        counted exactly, unless `"none"`.

        With a response model in front the page is a response, written by one statement.

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
        shown, (query, *where) = response_model_in(asked)
        if shown is not None:
            return await self._page_shown(shown, query, where, count=count, options=options)
        return await self._page_of_entities(query, where, count=count, **options)

    async def _page_of_entities(
        self,
        query: KeysetQuery,
        where: Sequence[Any],
        *,
        count: Count,
        options: Sequence[ExecutableOption] = (),
        include_deleted: bool = False,
    ) -> Page[Model]:
        bound = bind(self.model, type(query))
        ordering = bound.ordering(query)
        where = (*bound.conditions(query), *where)
        keys = self._select_keys(*where, include_deleted=include_deleted)
        position = None
        if query.cursor is not None:
            position = await position_of(self.session, query.cursor, ordering, visible=keys)
        step = Step(ordering, position, query.size)
        statement = self._select(*where, options=options, include_deleted=include_deleted)
        rows = await self.session.execute(step.narrow(statement))
        page: Page[Model] = step.page(rows.unique().all())
        if count != "none" and page.next is None and page.previous is None:
            page.total = len(page.items)
        else:
            page.total = await count_rows(self.session, keys, count)
        return page

    @overload
    async def offset_page(
        self,
        shown: type[Shown],
        query: OffsetQuery,
        /,
        *where: ColumnExpressionArgument[bool],
        count: Count = "exact",
        **options: Unpack[ReadOptions],
    ) -> ReadResponse[OffsetPage[Shown]]: ...

    @overload
    async def offset_page(
        self,
        query: OffsetQuery,
        /,
        *where: ColumnExpressionArgument[bool],
        count: Count = "exact",
        options: Sequence[ExecutableOption] = (),
        include_deleted: bool = False,
    ) -> OffsetPage[Model]: ...

    async def offset_page(self, *asked: Any, count: Count = "exact", **options: Any) -> Any:
        """Return the page of that number; an empty one when the list ends before it.

        The server reads and throws away all earlier pages. `count`, and a response model in
        front, are as for `page`.
        """
        shown, (query, *where) = response_model_in(asked)
        if shown is not None:
            return await self._offset_page_shown(shown, query, where, count=count, options=options)
        return await self._offset_page_of_entities(query, where, count=count, **options)

    async def _offset_page_of_entities(
        self,
        query: OffsetQuery,
        where: Sequence[Any],
        *,
        count: Count,
        options: Sequence[ExecutableOption] = (),
        include_deleted: bool = False,
    ) -> OffsetPage[Model]:
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
