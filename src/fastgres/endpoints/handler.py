"""The handler that FastAPI documents, and calls for whatever the boundary does not answer."""

from __future__ import annotations

from inspect import Parameter, Signature
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Path, Query, Request, Response

from fastgres.endpoints.reading import content, reading_of, replied
from fastgres.endpoints.wanted import Wanted
from fastgres.http import SessionDep

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from fastgres.endpoints.declaration import Declaration

PRINCIPAL = "fastgres_scope_"
SESSION = "fastgres_session"
REQUEST = "fastgres_request"
QUERY = "fastgres_query"
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
    parameters = given[QUERY]
    wanted = Wanted(
        keys={reading.names[column]: given[name] for name, column in declaration.keys.items()},
        scope={column: given[PRINCIPAL + column] for column in declaration.scope},
        query=None if declaration.query is None else parameters,
        fields=declaration.fields_in(parameters),
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
    yield _parameter(QUERY, Annotated[declaration.parameters, Query()])
    yield _parameter(REQUEST, Request)
    yield _parameter(SESSION, SessionDep)


def _parameter(name: str, annotation: Any) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation)
