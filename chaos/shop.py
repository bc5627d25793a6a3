"""A shop of its own for one fault: database, proxy, servers, workers, buyers, and the check."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from chaos import checker, journal, sql
from chaos.buyer import Buyer
from chaos.journal import Journal
from chaos.letters import Letters
from chaos.places import LOGS
from chaos.postgres import TEMPLATE, Line, Postgres
from chaos.program import FASTGRES, Program, free_port, ready, run
from chaos.proxy import Proxy
from chaos.stage import Stage

STOCK: Final = 1_000_000
PRODUCTS: Final = 8
"""Few, so that orders meet at the same rows."""
DEADLINE: Final = 15.0
"""Seconds in which the service answers whatever its database does, with the settings below."""
POOL: Final = 10
LIMITS: Final = {
    "DATABASE_POOL_SIZE": str(POOL),
    "DATABASE_POOL_TIMEOUT": "2",
    "DATABASE_CONNECT_TIMEOUT": "2",
    "DATABASE_STATEMENT_TIMEOUT": "3",
    "DATABASE_LOCK_TIMEOUT": "2",
    "DATABASE_IDLE_IN_TRANSACTION_TIMEOUT": "5",
    "DATABASE_TRANSACTION_TIMEOUT": "10",
}
BESIDE: Final = 5
"""Connections that a worker has beside its pool."""
NO_LIMITS: Final = {
    "DATABASE_POOL_TIMEOUT": "600",
    "DATABASE_CONNECT_TIMEOUT": "600",
    "DATABASE_STATEMENT_TIMEOUT": "0",
}
"""The planted bug `no-deadlines`: the service waits as long as its database does."""
WORKER_QUEUES: Final = "work,mail"


@dataclass(slots=True, kw_only=True)
class Shop:
    """A running shop; what clients were told is in `journal`."""

    stage: Stage
    name: str
    proxy: Proxy
    letters: Letters
    path: Path
    line: Line
    buyer: Buyer = field(init=False)
    servers: list[Program] = field(default_factory=list)
    workers: list[Program] = field(default_factory=list)
    beside: list[Program] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    more: dict[str, str] = field(default_factory=dict)
    """What processes that are started from now on are told besides."""

    @property
    def postgres(self) -> Postgres:
        """The server."""
        return self.stage.postgres

    def environment(self) -> dict[str, str]:
        """Return what a process of the service is told: production, through the proxy."""
        limits = NO_LIMITS if self.stage.planted == "no-deadlines" else LIMITS
        return {
            **limits,
            **environment(self.proxy.url()),
            "MAIL_URL": self.letters.url,
            "CHAOS_PLANTED": self.stage.planted,
            **self.more,
        }

    def add_server(self, workers: int = 1, *, forked: bool = False) -> None:
        """Start one more server of the API, of so many processes; forked ones start at once."""
        port = free_port()
        command: list[str | Path] = [FASTGRES, "serve", "--port", str(port)]
        command += ["--workers", str(workers)]
        if forked:
            forking = [sys.executable, "-m", "chaos.service.forking"]
            command = [*forking, str(port), str(workers)]
        program = Program(f"{self.name}-api-{len(self.servers)}", command, self.environment())
        program.start()
        self.servers.append(program)
        self.urls.append(f"http://127.0.0.1:{port}")

    def add_program(self, name: str, command: Sequence[str | Path]) -> Program:
        """Start another process of the service, which ends with the shop."""
        program = Program(f"{self.name}-{name}", command, self.environment())
        program.start()
        self.beside.append(program)
        return program

    def add_worker(self, queues: str = WORKER_QUEUES, **environment: str) -> Program:
        """Start one more worker."""
        program = Program(
            f"{self.name}-worker-{len(self.workers)}",
            [sys.executable, "-m", "chaos.service.worker"],
            {**self.environment(), "CHAOS_QUEUES": queues, **environment},
        )
        program.start()
        self.workers.append(program)
        return program

    async def ready(self) -> None:
        """Return when all servers are."""
        await asyncio.gather(*map(ready, self.servers, self.urls))

    async def query(self, statement: str, *arguments: object) -> list[Any]:
        """Ask the database beside the proxy."""
        return await self.line.ask(statement, *arguments)

    async def check(self, *, deadline: float = DEADLINE, settled: bool = True) -> list[str]:
        """Compare the journal with the database; return all that is wrong."""
        answers = journal.read(self.path)
        orders, stock = await self.query(sql.ORDERS), await self.query(sql.STOCK)
        return [
            *checker.check_orders(answers, orders),
            *checker.check_sums(orders, stock, initial=STOCK),
            *checker.check_answers(answers, deadline=deadline),
            *(checker.check_settled(answers) if settled else []),
        ]

    async def recovery(self) -> float:
        """Return the seconds until an order is acknowledged."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        await self.buyer.buy()
        return loop.time() - began

    async def check_pool(self) -> list[str]:
        """After the fault the service holds no more connections than its pools, none in a unit."""
        await asyncio.sleep(0.5)  # the last answers have just left, their connections are idle soon
        row = (await self.query(sql.CONNECTIONS))[0]
        limit = len(self.servers) * POOL + len(self.workers) * (POOL + BESIDE)
        if row["number"] > limit or row["held"]:
            return [f"{row['number']} connections ({row['held']} held), pools of {limit}"]
        return []


def environment(url: str) -> dict[str, str]:
    """Return what any process of the service is told, in production."""
    return {
        "ENVIRONMENT": "production",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "DATABASE_URL": url,
        "MAIL_URL": "smtp://127.0.0.1:9",
        "MAIL_SENDER": "Shop <shop@example.com>",
        "PAYMENT_URL": "https://127.0.0.1:9",
        "DRAIN_DELAY": "0.5",
    }


@asynccontextmanager
async def open_shop(
    stage: Stage, name: str, *, servers: int = 1, workers: int = 0
) -> AsyncIterator[Shop]:
    """Open a shop of its own for a fault, and close it with all of its processes."""
    database = f"chaos_{name}"
    url = await stage.postgres.fresh(database)
    customer, products = await _stock_up(stage.postgres, database)
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(Proxy(url))
        letters = stack.enter_context(Letters())
        path = LOGS / f"{name}.jsonl"
        writing = stack.enter_context(Journal(path))
        line = Line(url)
        stack.callback(line.close)
        shop = Shop(stage=stage, name=database, proxy=proxy, letters=letters, path=path, line=line)
        stack.callback(_kill_all, shop)
        for _ in range(servers):
            shop.add_server()
        for _ in range(workers):
            shop.add_worker()
        shop.buyer = Buyer(shop.urls, writing, customer=customer, products=products)
        stack.push_async_callback(shop.buyer.close)
        await shop.ready()
        yield shop


async def prepare(postgres: Postgres) -> None:
    """Make the database that all others are copied from, with the tables of shop and work."""
    await postgres.run("postgres", sql.DROP.format(name=TEMPLATE))
    postgres.cluster.ensure_database(TEMPLATE)
    url = postgres.cluster.url(TEMPLATE)
    await run([FASTGRES, "db", "upgrade"], environment(url))
    await postgres.run(TEMPLATE, sql.WORK_TABLES)


async def _stock_up(postgres: Postgres, database: str) -> tuple[str, list[str]]:
    customer = (await postgres.run(database, sql.CUSTOMER))[0]["id"]
    products = await postgres.run(database, sql.PRODUCTS, PRODUCTS, STOCK)
    return str(customer), [str(row["id"]) for row in products]


def _kill_all(shop: Shop) -> None:
    for program in (*shop.servers, *shop.workers, *shop.beside):
        if program.runs:
            program.kill()
