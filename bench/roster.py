"""Who takes part, how each is started, and which URLs ask it for what it reads."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from bench.sample import DEPTH, SIZE, STATUS, TOTAL_MIN, Sample
from bench.serving import OURS, THEIRS, gunicorn, node

Urls = dict[str, tuple[str, ...]]
Get = Callable[[str], bytes]
"""Asks the contestant that runs, for those whose cursors only they can make."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """One service: `serve` makes its command line, `urls` says what to ask it."""

    name: str
    title: str
    about: str
    deep: str
    """How it pages to a depth."""
    serve: Callable[[str, int], Sequence[str]]
    urls: Callable[[Sample, Get], Urls]
    module: str = ""
    settings: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Variables of its environment besides those of the database."""
    writes: Mapping[str, str] = field(default_factory=dict, hash=False)
    """How it writes, by endpoint; an endpoint that is not here is not measured."""
    keyed: bool = False
    """Whether its orders are asked for with an Idempotency-Key, and enqueue a job."""
    aside: bool = False
    """Whether no target names it: a quick run reads from it once only."""
    grows: bool = False
    """Whether it has the routes of the measurement of growth."""
    export: str = ""
    """Where it gives a million rows."""

    def command(self, port: int) -> Sequence[str]:
        """Return the command that serves it on a port."""
        return self.serve(self.module or self.name, port)


def urls(
    sample: Sample, *, page: dict[str, object], deep: dict[str, object], search: str = "/orders"
) -> Urls:
    """Return the URLs of a contestant that differs from others in its paging only."""
    found = {**page, "status": STATUS, "total_min": TOTAL_MIN, "sort": "-total"}
    return {
        "flat": tuple(f"/customers/{key}" for key in sample.customers),
        "nested": tuple(f"/orders/{key}" for key in sample.orders),
        "page": (f"/orders?{urlencode(page)}",),
        "deep": (f"/orders?{urlencode(page | deep)}",),
        "search": (f"{search}?{urlencode(found)}",),
    }


def _by_offset(sample: Sample, _: Get) -> Urls:
    return urls(sample, page={"limit": SIZE}, deep={"offset": DEPTH})


def _by_skip(sample: Sample, _: Get) -> Urls:
    return urls(sample, page={"limit": SIZE}, deep={"skip": DEPTH})


def _by_number(sample: Sample, _: Get) -> Urls:
    return urls(sample, page={"pageSize": SIZE}, deep={"currentPage": DEPTH // SIZE + 1})


def _by_position(sample: Sample, _: Get) -> Urls:
    last = sample.before_depth
    before = f"{last.created_at.isoformat()},{last.id}"
    return urls(sample, page={"size": SIZE}, deep={"before": before})


def _by_time_and_id(sample: Sample, _: Get) -> Urls:
    last = sample.before_depth
    cursor: dict[str, object] = {"time": last.created_at.isoformat(), "id": last.id}
    return urls(sample, page={"size": SIZE}, deep=cursor)


def _by_ninja_cursor(sample: Sample, _: Get) -> Urls:
    position = urlencode({"p": str(sample.at_depth.created_at)})
    cursor = b64encode(position.encode()).decode()
    return urls(sample, page={"page_size": SIZE}, deep={"cursor": cursor}, search="/search")


def _by_cursor(sample: Sample, get: Get) -> Urls:
    """Take the cursor from the page that ends before the depth: a filter leads straight there."""
    until = urlencode({"size": 1, "until": sample.before_depth.created_at.isoformat()})
    cursor = json.loads(get(f"/orders?{until}"))["next"]
    return urls(sample, page={"size": SIZE}, deep={"cursor": cursor})


PRODUCTION = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "of the benchmark, which signs nothing at all",
    "LOG_LEVEL": "WARNING",
    "DRAIN_DELAY": "0",
}

CONTESTANTS = (
    Contestant(
        name="fastgres",
        title="fastgres, declared routes",
        about="`ReadRouter.one` and `.page`, in production's settings; uvicorn",
        deep="cursor, a keyset",
        writes={
            "create": "`repository.create(CustomerRead, body, ...)`: one statement",
            "order": "a service's unit of work **with** Idempotency-Key and one job, which commit "
            "with the order",
        },
        keyed=True,
        serve=OURS,
        urls=_by_cursor,
        module="fastgres_declared",
        settings=PRODUCTION,
        grows=True,
        export="/export",
    ),
    Contestant(
        name="fastgres-handler",
        title="fastgres, handlers",
        about="FastAPI's handlers that return `repository.read(OrderRead, ...)` and `.page`, in "
        "production's settings; uvicorn",
        deep="cursor, a keyset",
        writes={
            "create": "`Repository.add` in a unit of work, `response_model`",
            "order": "the same service, without key and job: what the two promises cost",
        },
        serve=OURS,
        urls=_by_cursor,
        module="fastgres_handler",
        settings=PRODUCTION,
    ),
    Contestant(
        name="guide",
        title="The guide",
        about="FastAPI, async SQLAlchemy, `yield` session dependency, `response_model`, "
        "`joinedload` and `selectinload`; uvicorn",
        deep="limit and offset, as FastAPI's tutorial teaches",
        writes={
            "create": "`add`, `commit`, `refresh`, as FastAPI's tutorial",
            "order": "`with_for_update`, `add`, `commit`; answered from the objects, nothing is "
            "read again; no key, no job",
        },
        serve=OURS,
        urls=_by_offset,
        grows=True,
    ),
    Contestant(
        name="template",
        title="The template",
        about="FastAPI and SQLModel on sync psycopg, `def` endpoints, as "
        "full-stack-fastapi-template; relationships by attribute, as SQLModel documents; uvicorn",
        deep="`skip` and `limit`, as the template",
        writes={"create": "`model_validate`, `add`, `commit`, `refresh`, as the template"},
        serve=THEIRS,
        aside=True,
        urls=_by_skip,
    ),
    Contestant(
        name="litestar",
        title="Litestar",
        about="Litestar, advanced-alchemy's service with its session plugin, msgspec; uvicorn",
        deep="advanced-alchemy's `limit_offset`",
        writes={"create": "`service.create` with advanced-alchemy's `autocommit`"},
        serve=THEIRS,
        aside=True,
        urls=_by_number,
    ),
    Contestant(
        name="ninja",
        title="Django Ninja",
        about="Django's ORM with `select_related` and `prefetch_related`, `def` operations; "
        "gunicorn with ten threads, twice as fast on flat rows here as `async def` under uvicorn, "
        "and about as fast on pages",
        deep="Ninja's `CursorPagination`, a keyset",
        writes={"create": "`objects.create` in autocommit, as Ninja's tutorial"},
        serve=gunicorn,
        aside=True,
        urls=_by_ninja_cursor,
    ),
    Contestant(
        name="drizzle",
        title="Fastify with Drizzle",
        about="Node: Fastify with response schemas, Drizzle's prepared relational queries, "
        "node-postgres; one process",
        deep="cursor of time and id, as Drizzle's guide",
        writes={
            "create": "prepared `insert` with `returning`",
            "order": '`transaction`, `for("update")`, an UPDATE a line; no key, no job',
        },
        serve=node,
        urls=_by_time_and_id,
    ),
    Contestant(
        name="starlette",
        title="Starlette by hand",
        about="routes, an asyncpg pool without reset query, and hand-written SQL that returns "
        "the JSON; uvicorn",
        deep="keyset of time and id",
        writes={
            "create": "one INSERT that returns the JSON",
            "order": "three statements in a transaction; no key, no job",
        },
        serve=OURS,
        urls=_by_position,
    ),
    Contestant(
        name="asgi",
        title="Bare ASGI",
        about="no framework, the same SQL and pool: the practical limit of a Python process; "
        "uvicorn",
        deep="keyset of time and id",
        writes={
            "create": "one INSERT that returns the JSON",
            "order": "three statements in a transaction; no key, no job",
        },
        serve=OURS,
        urls=_by_position,
    ),
)

PGBENCH = "pgbench"
"""The statements alone: what the database could answer."""
