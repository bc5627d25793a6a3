"""The handler that FastAPI documents, and calls for whatever the boundary does not answer."""

from __future__ import annotations

from inspect import Parameter, Signature
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Path, Query, Request, Response

from fastgres.endpoints.reading import content, reading_of, replied
from fastgres.endpoints.sparse import NAME, fields_parameter
from fastgres.endpoints.wanted import Wanted
from fastgres.http import SessionDep

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from fastgres.endpoints.declaration import Declaration

PRINCIPAL = "fastgres_scope_"
SESSION = "fastgres_session"
REQUEST = "fastgres_request"
QUERY = "fastgres_query"
FIELDS = "fastgres_fields"
"""Names of parameters that no path parameter of an application will have."""


def handler_of(declaration: Declaration) -> Callable[..., Awaitable[Response]]:
    """Return a handler with exactly the parameters that the declaration has."""

    async def handler(**given: Any) -> Response:
        return await _answer(declaration, given)

    handler.__name__ = handler.__qualname__ = declaration.name
    handler.__doc__ = None
    signature = Signature([*_parameters(declaration)], return_annotation=Response)
    handler.__signature__ = signature  # type: ignore[attr-defined]  # what FastAPI reads
    return handler


async def _answer(declaration: Declaration, given: dict[str, Any]) -> Response:
    reading = reading_of(declaration)
    query = given.get(QUERY)
    wanted = Wanted(
        keys={reading.names[column]: given[name] for name, column in declaration.keys.items()},
        scope={column: given[PRINCIPAL + column] for column in declaration.scope},
        query=query,
        fields=given.get(FIELDS) if query is None else getattr(query, NAME, None),
    )
    body = await content(reading, given[SESSION], wanted)
    status, headers, body = replied(body, declaration, given[REQUEST].scope)
    response = Response(body, status)
    response.raw_headers = headers
    return response


def _parameters(declaration: Declaration) -> Iterator[Parameter]:
    for column, dependency in declaration.scope.items():
        yield _parameter(PRINCIPAL + column, Annotated[Any, Depends(dependency)])
    for name, kind in declaration.types.items():
        yield _parameter(name, Annotated[kind, Path()])
    if declaration.query is not None:
        yield _parameter(QUERY, Annotated[declaration.query, Query()])
    elif declaration.options.get("fields"):
        yield _parameter(FIELDS, fields_parameter(declaration.field_names), default=None)
    yield _parameter(REQUEST, Request)
    yield _parameter(SESSION, SessionDep)


def _parameter(name: str, annotation: Any, *, default: Any = Parameter.empty) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
