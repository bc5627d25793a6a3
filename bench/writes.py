"""Measuring what writes: the same requests for everybody, from the same tables each time."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import uuid4

import asyncpg

from bench import pgbench, sql
from bench.answers import difference, parsed
from bench.errors import BenchError
from bench.plan import CONNECTIONS
from bench.results import Results, Run
from bench.roster import PGBENCH, Contestant
from bench.rounds import Bench, turned
from bench.sample import Sample
from bench.server import Server
from bench.truth import Truth, written
from bench.wrk import posted

PATHS: Final = {"create": "/customers", "order": "/orders"}
BODIES: Final = 2_000
LINES: Final = 5
"""Items of an order."""

_TABLES: Final = {"create": "customers", "order": "orders"}


def requests(sample: Sample) -> dict[str, tuple[str, ...]]:
    """Return the requests of both endpoints, the same ones in every run.

    Products are spread evenly, so that orders seldom wait for each other's locks.
    """
    chance = random.Random(4)  # noqa: S311 - the same numbers each time is the point
    customers = [_customer(number) for number in range(BODIES)]
    orders = [_order(sample, chance, number) for number in range(BODIES)]
    return {
        "create": tuple(posted(PATHS["create"], body) for body in customers),
        "order": tuple(posted(PATHS["order"], body) for body in orders),
    }


def _customer(number: int) -> dict[str, object]:
    phone = f"+49 30 {number}" if number % 3 == 0 else None
    name = ("Ada Lovelace", "Björn Núñez", "美咲 田中")[number % 3]
    return {"email": f"new{number}@example.com", "name": name, "city": "Köln", "phone": phone}


def _order(sample: Sample, chance: random.Random, number: int) -> dict[str, object]:
    products = chance.sample(sample.products, LINES)
    return {
        "customer_id": str(chance.choice(sample.customers)),
        "note": "Please ring twice — “Hintertür”" if number % 4 == 0 else None,
        "items": [{"product_id": str(key), "quantity": chance.randint(1, 3)} for key in products],
    }


def check_writes(bench: Bench, contestant: Contestant) -> None:
    """Let a contestant write one row and one order; its answers and the tables have to be right.

    Raises:
        BenchError: It does not start, answers something else, or has written something else.
    """
    bench = replace(bench, database=bench.database.to_write())
    with bench.server(contestant) as server:
        for endpoint in contestant.writes:
            bench.database.reset()
            path, body = requests(bench.sample)[endpoint][0].split("\t")
            key = uuid4().hex if _keyed(contestant, endpoint) else None
            answer = parsed(endpoint, server.post(path, body, key=key))
            truth = asyncio.run(_truth(bench.database.url, endpoint, json.loads(body)))
            wrong = truth.wrong(answer) or _miscounted(contestant, endpoint, truth.counts)
            if wrong:
                raise BenchError(
                    f"{contestant.name} answers POST {path} differently: {wrong}. "
                    "It would be measured at other work than the others."
                )


async def _truth(url: str, endpoint: str, body: dict[str, Any]) -> Truth:
    connection = await asyncpg.connect(url)
    try:
        return await written(connection, endpoint, body)
    finally:
        await connection.close()


def _keyed(contestant: Contestant, endpoint: str) -> bool:
    return contestant.keyed and endpoint == "order"


def _miscounted(contestant: Contestant, endpoint: str, counts: Mapping[str, int]) -> str | None:
    """Say which tables do not have the rows that belong to those that were asked for."""
    number = counts[_TABLES[endpoint]]
    orders = number if endpoint == "order" else 0
    promised = number if _keyed(contestant, endpoint) else 0
    right = {
        "customers": number - orders,
        "orders": orders,
        "items": orders * LINES,
        "jobs": promised,
        "keys": promised,
    }
    return difference(dict(counts), right)


def run_writes(bench: Bench, contestants: Sequence[Contestant], results: Results) -> None:
    """Measure all contestants as often as planned, each round beginning with another one."""
    bench = replace(bench, database=bench.database.to_write())
    asked = requests(bench.sample)
    for turn in range(bench.plan.write_rounds):
        for contestant in turned(contestants, turn):
            bench.tell(f"writes {turn + 1} of {bench.plan.write_rounds}: {contestant.name}")
            with bench.server(contestant) as server:
                _warm_up(bench, server, contestant, asked=asked)
                for endpoint in contestant.writes:
                    run = _run(bench, server, contestant, endpoint=endpoint)
                    results.add(endpoint, contestant.name, run)
        if pgbench.program(bench.database):
            results.add("create", PGBENCH, _limit(bench))


def _warm_up(
    bench: Bench, server: Server, contestant: Contestant, *, asked: Mapping[str, Sequence[str]]
) -> None:
    turns = zip(*(asked[endpoint] for endpoint in contestant.writes), strict=True)
    bench.warm_up(server, [line for turn in turns for line in turn], keyed=contestant.keyed)


def _run(bench: Bench, server: Server, contestant: Contestant, *, endpoint: str) -> Run:
    """Measure one endpoint; everything that was answered has to be in the tables, once.

    What was under way when the load ended may be there too.
    """
    bench.database.reset()
    lines = requests(bench.sample)[endpoint]
    found, run = bench.measured(server, lines, keyed=_keyed(contestant, endpoint))
    counts = asyncio.run(_counts(bench.database.url))
    extra = counts[_TABLES[endpoint]] - found.requests
    wrong = _miscounted(contestant, endpoint, counts)
    if wrong or not 0 <= extra <= CONNECTIONS:
        raise BenchError(
            f"{contestant.name} answered {found.requests} requests of {endpoint!r}, and the tables "
            f"have {counts}. Speed counts for rows that are there."
        )
    return run


async def _counts(url: str) -> dict[str, int]:
    connection = await asyncpg.connect(url)
    try:
        return dict(await connection.fetchrow(sql.COUNTS) or {})
    finally:
        await connection.close()


def _limit(bench: Bench) -> Run:
    bench.database.reset()
    seconds = min(bench.plan.seconds, 2)
    return pgbench.best(
        bench.database, "create", bench.sample, clients=bench.plan.clients, seconds=seconds
    )
