"""Query models: filters, sort and paging of a list as typed query parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)

from fastgres.repository.cursor import MAX_CURSOR_LENGTH
from fastgres.repository.declaration import Declaration
from fastgres.repository.unknown import explained

if TYPE_CHECKING:
    from typing import Self

PageSize = Annotated[int, Field(ge=1, le=100, description="Most items in the response.")]


class StrictQuery(BaseModel):
    """Query parameters that own the query string: any other is refused with 422.

    The error names the allowed ones, and the one that was probably meant.

    ```python
    from pydantic import ValidationError
    from fastgres.repository import StrictQuery

    try:
        StrictQuery.model_validate({"fields": "id"})
    except ValidationError as error:
        assert error.errors()[0]["type"] == "unknown_parameter"
    ```
    """

    model_config = ConfigDict(extra="forbid")

    declaration: ClassVar[Declaration]

    @classmethod
    def __pydantic_on_complete__(cls) -> None:
        cls.declaration = Declaration.of(cls)

    @model_validator(mode="wrap")
    @classmethod
    def _say_what_is_allowed(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(data)
        except ValidationError as error:
            raise explained(error, cls.declaration) from None


class ListQuery(StrictQuery):
    """What the two kinds of queries share; extend `KeysetQuery` or `OffsetQuery`."""

    size: PageSize = 50


class KeysetQuery(ListQuery):
    """Filters and sort of a list that is walked with cursors; extend it with fields.

    Every field is a filter on the column of its name, unless `Filter` says otherwise. `sort` is
    a `Literal` of what may be asked for: a column, with `-` for descending, or several joined by
    commas. Without `sort` the order is that of the primary key. Use the class as
    `Annotated[ProductQuery, Query()]`: it owns the query string, so parameters it does not
    declare are refused with 422, the allowed names and a "did you mean".

    ```python
    from typing import Annotated, Literal
    from fastapi import FastAPI, Query
    from fastgres.repository import KeysetQuery

    class ProductQuery(KeysetQuery):
        active: bool | None = None
        sort: Literal["-created_at", "price", "-price", "name,-price"] = "-created_at"

    app = FastAPI()

    @app.get("/products")
    async def list_products(query: Annotated[ProductQuery, Query()]) -> str:
        return query.sort

    assert ProductQuery().size == 50
    ```
    """

    cursor: Annotated[
        str | None,
        Field(
            max_length=MAX_CURSOR_LENGTH,
            description="`next` or `previous` of an earlier response, with the same `sort`.",
        ),
    ] = None


class OffsetQuery(ListQuery):
    """Filters and sort of a list that is walked by page number; extend it like `KeysetQuery`.

    The server reads and throws away all earlier pages, and rows inserted meanwhile shift the
    later ones: for long or busy lists take `KeysetQuery`. `page` ends at 1,000; a subclass may
    declare the field anew.

    ```python
    from fastgres.repository import OffsetQuery

    class CustomerQuery(OffsetQuery):
        email: str | None = None

    assert CustomerQuery(page=2).size == 50
    ```
    """

    page: Annotated[int, Field(ge=1, le=1_000, description="Number of the page, from 1.")] = 1
