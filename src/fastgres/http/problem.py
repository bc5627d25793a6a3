"""The problem document (RFC 9457), as clients read it and OpenAPI describes it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from fastgres.errors import ProblemError
from fastgres.http.fault import problem_type

PROBLEM_JSON = "application/problem+json"
_EXAMPLE_ID = "0199f6e0a4c37b7c9d5e2f1a3b4c5d6e"


class ProblemField(BaseModel):
    """One part of the request that is not right.

    ```python
    from fastgres.http import Problem

    reply = await client.get("/products?sort=pirce")
    problem = Problem.model_validate(reply.json())
    assert problem.errors and problem.errors[0].location[0] == "query"
    ```
    """

    location: list[str | int] = Field(
        description="Where it stands: `body`, `query`, `path`, `header` or `cookie`, then the way.",
        examples=[["body", "items", 0, "quantity"]],
    )
    pointer: str | None = Field(
        None,
        description="JSON Pointer into the body (RFC 6901), for parts of the body only.",
        examples=["#/items/0/quantity"],
    )
    code: str = Field(description="Stable name of what is wrong.", examples=["greater_than"])
    message: str = Field(
        description="What is wrong, in words.", examples=["Input should be greater than 0"]
    )


class Problem(BaseModel):
    """Every error response of the service, as `application/problem+json` (RFC 9457).

    `code` is stable and is what a client should branch on. Further members belong to the error:
    read them with `model_extra`.

    ```python
    from fastgres.http import Problem

    reply = await client.get("/nothing-here")
    problem = Problem.model_validate(reply.json())
    assert (problem.status, problem.code) == (404, "not_found")
    assert problem.request_id == reply.headers["X-Request-ID"]
    ```
    """

    model_config = ConfigDict(extra="allow")

    type: str = Field(
        description="`about:blank`, or an identifier of the kind of problem. Not an address.",
        examples=["/problems/already_exists"],
    )
    title: str = Field(description="The kind of problem, in words.", examples=["Already exists"])
    status: int = Field(description="The HTTP status of this response.", examples=[409])
    detail: str = Field(
        description="This occurrence, in words.", examples=["email is already taken."]
    )
    code: str = Field(
        description="Stable name of the kind of problem.", examples=["already_exists"]
    )
    request_id: str = Field(
        description="Under which the service logged it; also in `X-Request-ID`.",
        examples=[_EXAMPLE_ID],
    )
    instance: str | None = Field(None, description="An identifier of this occurrence.")
    errors: list[ProblemField] | None = Field(
        None, description="The parts of the request that are not right, if any."
    )


def problems(*errors: type[ProblemError]) -> dict[int | str, dict[str, Any]]:
    """Return the `responses=` of a route that may raise these errors, each with an example.

    What every route may answer (404 with a path parameter, 413 and 422 with input, 503) is
    documented without being declared.

    ```python
    from fastgres.errors import TransitionError
    from fastgres.http import problems

    documented = problems(TransitionError)[409]["content"]["application/problem+json"]
    assert documented["examples"]["invalid_transition"]["value"]["status"] == 409
    ```
    """
    responses: dict[int | str, dict[str, Any]] = {}
    for error in errors:
        response = responses.setdefault(error.status, response_of(error))
        content = response["content"][PROBLEM_JSON]
        content["examples"] |= _examples(error)
        titles = [example["summary"] for example in content["examples"].values()]
        response["description"] = ", or: ".join(dict.fromkeys(titles))
    return responses


def response_of(error: type[ProblemError]) -> dict[str, Any]:
    """Return the OpenAPI response object of one kind of error."""
    return {
        "description": error.title,
        "content": {
            PROBLEM_JSON: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": _examples(error),
            }
        },
    }


def _examples(error: type[ProblemError]) -> dict[str, Any]:
    document = {
        "type": problem_type(error.status, error.code),
        "title": error.title,
        "status": error.status,
        "detail": error.title,
        "code": error.code,
        "request_id": _EXAMPLE_ID,
    }
    return {error.code: {"summary": error.title, "value": document}}
