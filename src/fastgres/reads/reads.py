"""Reads without a repository: a mapped class, a response model, and any session or engine."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel
from sqlalchemy import Integer, inspect

from fastgres.errors import NotFoundError
from fastgres.reads.given import Given
from fastgres.reads.plan import ReadPlan
from fastgres.reads.readback import read_back_of
from fastgres.reads.reading import Answer, Call, planned
from fastgres.reads.response import ReadResponse
from fastgres.reads.statement import Rows, parameter

if TYPE_CHECKING:
    from sqlalchemy import ColumnExpressionArgument

    from fastgres.reads.reading import Source

ReadModel = TypeVar("ReadModel", bound=BaseModel)

_ONE = parameter("limit", Integer())
_NAMES = frozenset({"limit"})


class Reads(Generic[ReadModel]):
    """Read rows of a mapped class as a response model; one statement returns the JSON.

    Works with the models, schemas, sessions and engines of any application on asyncpg. Make it
    once, where the route is; the statements are compiled when first used and kept. `source` is an
    `AsyncSession`, an `AsyncConnection` or an `AsyncEngine`; conditions and order are SQLAlchemy
    expressions on the mapped class.

    ```python
    from fastgres.reads import Reads
    from shop.models import Product
    from shop.schemas.product import ProductRead

    products = Reads(Product, ProductRead)
    response = await products.list(session, Product.stock > 0, limit=20)
    assert response.body.startswith(b"[")
    ```
    """

    def __init__(
        self,
        mapped: type[Any],
        model: type[ReadModel],
        *,
        include_deleted: bool = False,
        exclude_none: bool = False,
        force_loaded: bool = False,
    ) -> None:
        plan = ReadPlan.of(
            mapped, model, include_deleted=include_deleted, exclude_none=exclude_none
        )
        self.plan = plan.as_loaded() if force_loaded else plan
        self.model = model
        self._read = planned(self.plan)

    async def one(
        self, source: Source, *where: ColumnExpressionArgument[bool]
    ) -> ReadResponse[ReadModel]:
        """Return the row that fulfils the conditions; raise `NotFoundError` (404) without one."""
        found = await self._read.first(source, self._call(where, (), limit=1))
        if found is None:
            raise NotFoundError(f"There is no such {self.plan.root.cls.__name__}.")
        return self._response(found, self.model)

    async def first(
        self,
        source: Source,
        *where: ColumnExpressionArgument[bool],
        order_by: Sequence[ColumnExpressionArgument[Any]] = (),
    ) -> ReadResponse[ReadModel | None]:
        """Return the first row by `order_by` and then by primary key; `null` without one."""
        found = await self._read.first(source, self._call(where, order_by, limit=1))
        return self._response(found or Answer(b"null", [None]), self.model | None)

    async def list(
        self,
        source: Source,
        *where: ColumnExpressionArgument[bool],
        order_by: Sequence[ColumnExpressionArgument[Any]] = (),
        limit: int = 100,
    ) -> ReadResponse[builtins.list[ReadModel]]:
        """Return at most `limit` rows, by `order_by` and then by primary key."""
        found = await self._read.all(source, self._call(where, order_by, limit=limit))
        return self._response(found, builtins.list[self.model])  # type: ignore[name-defined]  # a type made at run time

    def _call(self, where: Sequence[Any], order_by: Sequence[Any], *, limit: int) -> Call:
        given = Given.of(where, order_by)
        return Call(
            key="reads", rows=self._rows, names=_NAMES, values={"limit": limit}, given=given
        )

    def _rows(self, given: Given) -> Rows:
        return Rows(where=given.where, order_by=[*given.order_by, *self._key_order()], limit=_ONE)

    def _key_order(self) -> builtins.list[Any]:
        cls = self.plan.root.cls
        mapper = inspect(cls)
        keys = [mapper.get_property_by_column(each).key for each in mapper.primary_key]
        return [getattr(cls, key) for key in keys]

    def _response(self, found: Answer, shape: Any) -> ReadResponse[Any]:
        return ReadResponse(found.body, read_back_of(self.plan, found, shape))
