"""The exception handlers: what FastAPI catches, answered as problem documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from fastgres.errors import ProblemError
from fastgres.http.exchange import EXCHANGE, REQUEST_ID
from fastgres.http.fault import Fault, fault_of
from fastgres.http.lifecycle import has_boundary
from fastgres.http.mishap import log_error
from fastgres.http.problem import PROBLEM_JSON
from fastgres.http.repeating import has_lost
from fastgres.http.routes import allowed_methods, route_of
from fastgres.http.unreadable import readable
from fastgres.http.validation import invalid_request

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request

ANSWERED = (HTTPException, RequestValidationError, ProblemError)
"""The errors that are answered where they are caught; a bug is answered by the boundary."""

WITHOUT_BODY = frozenset({204, 205, 304})


def answer_errors(app: FastAPI) -> None:
    """Register the handlers; what they do not take reaches the boundary as it is."""
    for kind in ANSWERED:
        app.add_exception_handler(kind, answer_error)


async def answer_error(request: Request, error: Exception) -> Response:
    """Return the problem document of an error."""
    fault = _fault(request, error)
    exchange = request.scope.get(EXCHANGE)
    if exchange is not None and has_lost(exchange, error):
        return Response(status_code=fault.status)
    log_error(error, fault)
    if exchange is not None:
        exchange.code = fault.code
    if fault.status in WITHOUT_BODY or fault.status < 200:
        return Response(status_code=fault.status, headers=dict(fault.headers))
    headers = {"Cache-Control": "no-store", **fault.headers}
    content = fault.render(request.scope.get(REQUEST_ID, ""))
    return Response(content, fault.status, headers, PROBLEM_JSON)


def _fault(request: Request, error: Exception) -> Fault:
    if isinstance(error, RequestValidationError):
        errors = readable(error.errors(), error.body, request)
        problem = invalid_request(errors, route_of(request.scope))
        return Fault.of_problem(problem)
    if isinstance(error, HTTPException) and error.status_code == 405:
        methods = allowed_methods(request.app.routes, request.scope)
        if "GET" in methods and has_boundary(request.app):
            methods = (*methods, "HEAD")
        headers = {"Allow": ", ".join(sorted({*methods}))} if methods else error.headers
        return Fault.of_status(405, error.detail, headers=headers)
    return fault_of(error)
