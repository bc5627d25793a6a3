"""Pages, as the repository returns them and as the API describes them."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Item = TypeVar("Item")


def _schema_name(kind: str, params: tuple[Any, ...]) -> str:
    return f"{getattr(params[0], '__name__', str(params[0]))}{kind}"


class Page(BaseModel, Generic[Item]):
    """One page of a list that is walked with cursors.

    `next` and `previous` go back into the query parameter `cursor`; None means that there is
    nothing in that direction. As `response_model=Page[ProductRead]` it turns the entities that
    the repository returns into the schema.

    ```python
    from fastgres.repository import Page

    page = Page[int](items=[1, 2], next="opaque", previous=None)
    assert page.total is None
    assert Page[int].__name__ == "intPage"
    ```
    """

    model_config = ConfigDict(from_attributes=True, arbitrary_types_allowed=True)

    items: list[Item]
    next: str | None = Field(description="Cursor of the next page; null on the last one.")
    previous: str | None = Field(description="Cursor of the previous page; null on the first one.")
    total: int | None = Field(
        default=None, description="Number of all items, when the list counts them."
    )

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """Name the schema `ProductReadPage`, which generated clients can use as it is."""
        return _schema_name("Page", params)


class OffsetPage(BaseModel, Generic[Item]):
    """One page of a list that is walked by number.

    ```python
    from fastgres.repository import OffsetPage

    page = OffsetPage[str](items=["a"], page=1, size=1, has_next=True, total=3, pages=3)
    assert page.pages == 3
    ```
    """

    model_config = ConfigDict(from_attributes=True, arbitrary_types_allowed=True)

    items: list[Item]
    page: int = Field(description="Number of this page; the first is 1.")
    size: int = Field(description="Most items that a page holds.")
    has_next: bool = Field(description="Whether a page follows.")
    total: int | None = Field(
        default=None, description="Number of all items, when the list counts them."
    )
    pages: int | None = Field(
        default=None, description="Number of pages, when the list is counted."
    )

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """Name the schema `ProductReadOffsetPage`."""
        return _schema_name("OffsetPage", params)


def number_of_pages(total: int | None, size: int) -> int | None:
    """Return how many pages of `size` hold `total` items; None when they were not counted."""
    return None if total is None else -(-total // size)
