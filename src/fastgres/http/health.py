"""Liveness and readiness: is the process alive, can it do its work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from fastapi import Response
from pydantic import BaseModel, Field

from fastgres.errors import ServerUnavailableError, UnavailableError
from fastgres.http.dependencies import LifecycleDep
from fastgres.http.problem import problems

if TYPE_CHECKING:
    from fastapi import FastAPI

TAG = "health"


class Health(BaseModel):
    """What a probe reads; the status code says the same."""

    status: Literal["alive", "ready"] = Field(examples=["ready"])


async def livez(response: Response) -> Health:
    """Answer whenever the process can answer at all; never asks the database."""
    response.headers["Cache-Control"] = "no-store"
    return Health(status="alive")


async def readyz(lifecycle: LifecycleDep, response: Response) -> Health:
    """Answer 200 while the database answers and the service is not shutting down."""
    response.headers["Cache-Control"] = "no-store"
    await lifecycle.check_ready()
    return Health(status="ready")


def add_health_routes(app: FastAPI) -> None:
    """Put the probes before all other routes, so that no catch-all answers for them.

    Not by a router: every request would walk into it first, for three times the price.
    """
    app.add_api_route("/livez", livez, tags=[TAG], summary="Is the process alive")
    app.add_api_route(
        "/readyz",
        readyz,
        tags=[TAG],
        summary="Can the service do its work",
        responses=problems(UnavailableError, ServerUnavailableError),
    )
