"""The declarative base: types, names and values of the server."""

from __future__ import annotations

from typing import Any

from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapper, configure_mappers

from tests.models import Author, Book, Loan, metadata

POSTGRESQL: Any = postgresql.dialect


def ddl_type(column: str) -> str:
    return metadata.tables["books"].c[column].type.compile(dialect=POSTGRESQL())


def test_annotations_become_the_types_of_postgresql() -> None:
    kinds = {name: ddl_type(name) for name in ("title", "pages", "details", "tags")}
    assert kinds == {"title": "TEXT", "pages": "BIGINT", "details": "JSONB", "tags": "TEXT[]"}
    assert ddl_type("published_at") == "TIMESTAMP WITH TIME ZONE"
    assert ddl_type("id") == "UUID"


def test_every_constraint_has_a_name() -> None:
    constraints = [each for table in metadata.tables.values() for each in table.constraints]
    assert constraints
    assert all(constraint.name for constraint in constraints)


def test_every_mapper_fetches_what_the_server_fills_in() -> None:
    configure_mappers()
    mappers: list[Mapper[Any]] = [inspect(model) for model in (Author, Book, Loan)]
    assert all(mapper.eager_defaults is True for mapper in mappers)
