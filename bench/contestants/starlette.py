"""Starlette by hand: routes, an asyncpg pool, and the JSON that the database wrote.

As good as such a service gets without a framework of its own: no session, no model, one statement
a request, and the pool's reset query left out, as nothing here changes a connection's settings.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import asyncpg
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.contestants import placing, sql


async def no_reset(connection: Any) -> None:
    """Give a connection back as it is."""


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Open the pool at the start and close it at the end."""
    url = os.environ["DATABASE_URL"]
    async with asyncpg.create_pool(url, min_size=10, max_size=10, reset=no_reset) as pool:
        app.state.pool = pool
        yield


async def read_customer(request: Request) -> Response:
    """Read one row."""
    return await found(request, sql.FLAT, request.path_params["key"])


async def read_order(request: Request) -> Response:
    """Read one order with what belongs to it."""
    return await found(request, sql.NESTED, request.path_params["key"])


async def list_orders(request: Request) -> Response:
    """Read a page: the newest, those before a position, or the dearest of a search."""
    query = request.query_params
    try:
        size = min(int(query.get("size", 50)), 100)
        if "status" in query:
            minimum = Decimal(query.get("total_min", 0))
            return await found(request, sql.SEARCH, size, query["status"], minimum)
        if "before" in query:
            time, key = query["before"].split(",")
            return await found(request, sql.DEEP, size, datetime.fromisoformat(time), UUID(key))
    except (ValueError, InvalidOperation) as error:
        raise HTTPException(422, str(error)) from error
    return await found(request, sql.PAGE, size)


async def create_customer(request: Request) -> Response:
    """Add one row."""
    try:
        made = await placing.create(request.app.state.pool, await request.body())
    except (ValueError, KeyError, TypeError) as error:
        raise HTTPException(422, str(error)) from error
    return Response(made, 201, media_type="application/json")


async def place_order(request: Request) -> Response:
    """Take the pieces out of the stock and place the order."""
    try:
        made = await placing.place(request.app.state.pool, await request.body())
    except (ValueError, KeyError, TypeError) as error:
        raise HTTPException(422, str(error)) from error
    except placing.OutOfStockError as error:
        raise HTTPException(409) from error
    if made is None:
        raise HTTPException(404)
    return Response(made, 201, media_type="application/json")


async def found(request: Request, statement: str, *parameters: object) -> Response:
    """Answer with the one value of a statement."""
    body = await request.app.state.pool.fetchval(statement, *parameters)
    if body is None:
        raise HTTPException(404)
    return Response(body, media_type="application/json")


app = Starlette(
    routes=[
        Route("/customers/{key:uuid}", read_customer),
        Route("/orders/{key:uuid}", read_order),
        Route("/orders", list_orders),
        Route("/customers", create_customer, methods=["POST"]),
        Route("/orders", place_order, methods=["POST"]),
    ],
    lifespan=lifespan,
)
