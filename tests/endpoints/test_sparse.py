"""Choosing fields."""

from __future__ import annotations

import re

import pytest
from fastapi import FastAPI

from fastgres.endpoints import ReadRouter
from fastgres.endpoints.sparse import with_fields
from fastgres.errors import ConfigurationError
from fastgres.repository import KeysetQuery
from tests.endpoints.library import BookQuery, BookRead, BookRepository


def test_query_model_owns_the_parameter_and_still_refuses_others() -> None:
    extended = with_fields(BookQuery, list)
    query = extended.model_validate({"fields": "id", "size": "3"})
    assert (query.size, query.model_extra) == (3, None)
    assert extended.__name__ == "BookQuery"
    assert extended.__doc__ == BookQuery.__doc__
    with pytest.raises(ValueError, match="fields"):
        extended.model_validate({"field": "id"})


class Own(KeysetQuery):
    """Has a filter of that name."""

    fields: str | None = None


def test_query_model_with_such_a_parameter_of_its_own_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="Own has a parameter 'fields' of its own"):
        with_fields(Own, list)


def test_names_that_are_allowed_stand_in_openapi() -> None:
    app = FastAPI()
    router = ReadRouter()
    router.one("/one/{book_id}", BookRepository, BookRead, fields=True)
    router.page("/page", BookRepository, BookRead, BookQuery, fields=True)
    app.include_router(router)
    paths = app.openapi()["paths"]
    for path in ("/one/{book_id}", "/page"):
        parameters = paths[path]["get"]["parameters"]
        (schema,) = (one["schema"] for one in parameters if one["name"] == "fields")
        (pattern,) = re.findall("'pattern': '(.*?)'", str(schema))
        assert re.fullmatch(pattern.replace("\\\\", "\\"), "id,author.name")
        assert not re.fullmatch(pattern.replace("\\\\", "\\"), "id,secret")
