"""What is written on a router, and refused where it cannot be meant."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI, Query

from fastgres.endpoints import ReadRouter, check_declared
from fastgres.endpoints.declaration import declaration_of
from fastgres.errors import ConfigurationError, UnknownNameError
from fastgres.repository import Filter, OffsetPage, Page
from tests.endpoints.library import (
    BookPages,
    BookQuery,
    BookRead,
    BookRepository,
    CopyRead,
    CopyRepository,
    OwnBookRepository,
    current_author,
)
from tests.models import Book

MINE: Any = {"author_id": current_author}


def declared(router: ReadRouter) -> list[Any]:
    """Return the declarations of a router."""
    return [declaration_of(route.endpoint) for route in router.routes]  # type: ignore[attr-defined]  # of FastAPI


def test_operation_is_named_after_what_is_read() -> None:
    router = ReadRouter()
    router.one("/books/{book_id}", BookRepository, BookRead)
    router.page("/books", BookRepository, BookRead, BookQuery)
    router.list("/some", BookRepository, BookRead)
    router.list("/others", BookRepository, BookRead, name="others")
    names = ["read_book", "list_books", "list_books", "others"]
    assert [each.name for each in declared(router)] == names


def test_response_model_is_that_of_the_kind() -> None:
    router = ReadRouter()
    router.one("/books/{book_id}", BookRepository, BookRead)
    router.page("/books", BookRepository, BookRead, BookQuery)
    router.page("/pages", BookRepository, BookRead, BookPages)
    router.list("/some", BookRepository, BookRead)
    models = [BookRead, Page[BookRead], OffsetPage[BookRead], list[BookRead]]
    assert [each.response_model for each in declared(router)] == models


def test_prefix_of_the_router_has_parameters_too() -> None:
    router = ReadRouter(prefix="/books/{book_id}/copies")
    router.one("/{number}", CopyRepository, CopyRead)
    (declaration,) = declared(router)
    assert declaration.keys == {"book_id": "book_id", "number": "number"}


def test_handler_that_was_written_has_no_declaration() -> None:
    router = ReadRouter()

    @router.get("/books")
    async def list_books() -> None: ...

    assert declared(router) == [None]


def test_repository_with_a_scope_gets_one() -> None:
    router = ReadRouter()
    with pytest.raises(ConfigurationError, match="it would show everybody's rows to anybody"):
        router.one("/books/{book_id}", OwnBookRepository, BookRead)
    with pytest.raises(ConfigurationError, match="gives no author_id"):
        router.one("/{author_id}/{book_id}", OwnBookRepository, BookRead)
    router.one("/books/{book_id}", OwnBookRepository, BookRead, scope=MINE)


def test_scope_names_a_column_that_the_repository_knows() -> None:
    router = ReadRouter()
    with pytest.raises(UnknownNameError, match="did you mean 'author_id'"):
        router.list("/x", BookRepository, BookRead, scope={"autor_id": current_author})
    with pytest.raises(UnknownNameError, match="scope of OwnBookRepository 'title'"):
        router.list("/x", OwnBookRepository, BookRead, scope={**MINE, "title": current_author})


def test_path_does_not_compete_with_the_scope() -> None:
    """One of them would win, and it might be the client's."""
    router = ReadRouter()
    for declare, more in ((router.list, ()), (router.page, (BookQuery,))):
        with pytest.raises(ConfigurationError, match="both the path and the scope give author_id"):
            declare("/{author_id}", OwnBookRepository, BookRead, *more, scope=MINE)


def test_one_row_is_read_by_what_selects_one() -> None:
    router = ReadRouter()
    with pytest.raises(ConfigurationError, match="which several rows may have"):
        router.one("/{title}", BookRepository, BookRead)
    router.one("/{title}", BookRepository, BookRead, where=[Book.in_print])


def test_two_parameters_for_the_primary_key_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="cannot be told which rows are meant"):
        ReadRouter().one("/{a}/{b}", BookRepository, BookRead)


async def by_link(token: Annotated[str, Query()]) -> str:
    """Look at the query string."""
    return token


async def by_page(token: Annotated[str, Depends(by_link)]) -> str:
    """Look at it by another."""
    return token


@pytest.mark.parametrize("dependency", [by_link, by_page])
def test_dependency_that_takes_a_query_parameter_is_refused_when_the_application_starts(
    dependency: Any,
) -> None:
    router = ReadRouter(dependencies=[Depends(dependency)])
    router.one("/{book_id}", BookRepository, BookRead)
    app = FastAPI()
    app.include_router(router)
    with pytest.raises(ConfigurationError, match="takes the query parameter 'token'"):
        check_declared(app)


def test_dependency_may_look_at_a_parameter_of_the_query_model() -> None:
    class Linked(BookQuery):
        token: Annotated[str | None, Filter("custom")] = None

    router = ReadRouter(dependencies=[Depends(by_link)])
    router.page("/books", BookRepository, BookRead, Linked)
    app = FastAPI()
    app.include_router(router)
    check_declared(app)


def test_model_that_cannot_be_filled_is_refused_when_the_application_starts() -> None:
    from pydantic import BaseModel, ConfigDict

    class Wrong(BaseModel):
        model_config = ConfigDict(from_attributes=True)
        titel: str

    app = FastAPI()
    router = ReadRouter()
    router.one("/{book_id}", BookRepository, Wrong)
    app.include_router(router)
    with pytest.raises(ConfigurationError, match="Did you mean 'title'"):
        check_declared(app)
