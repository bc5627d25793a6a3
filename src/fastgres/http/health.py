"""Liveness and readiness: is the process alive, can it do its work."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from fastgres.errors import ServerUnavailableError, UnavailableError
from fastgres.http.dependencies import LifecycleDep
from fastgres.http.problem import problems

TAG = "health"
router = APIRouter(tags=[TAG])


class Health(BaseModel):
    """What a probe reads; the status code says the same."""

    status: Literal["alive", "ready"] = Field(examples=["ready"])


@router.get("/livez", summary="Is the process alive")
async def livez(response: Response) -> Health:
    """Answer whenever the process can answer at all; never asks the database."""
    response.headers["Cache-Control"] = "no-store"
    return Health(status="alive")


@router.get(
    "/readyz",
    summary="Can the service do its work",
    responses=problems(UnavailableError, ServerUnavailableError),
)
async def readyz(lifecycle: LifecycleDep, response: Response) -> Health:
    """Answer 200 while the database answers and the service is not shutting down."""
    response.headers["Cache-Control"] = "no-store"
    await lifecycle.check_ready()
    return Health(status="ready")
