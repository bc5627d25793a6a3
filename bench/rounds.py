"""The rounds: every contestant in turn, one process at a time, every endpoint."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench import pgbench
from bench.answers import difference, normal, parsed
from bench.database import Database
from bench.errors import BenchError
from bench.meters import server_seconds, session_seconds
from bench.plan import CONNECTIONS, Plan
from bench.results import Results, Run
from bench.roster import PGBENCH, Contestant, Urls
from bench.sample import ENDPOINTS, Sample
from bench.server import Server, free_port
from bench.wrk import Load, load

Tell = Callable[[str], None]
_DRAIN = 10.0
_PAUSE = 0.1


@dataclass(frozen=True, slots=True)
class Bench:
    """What all measurements share."""

    database: Database
    sample: Sample
    plan: Plan
    tell: Tell

    def server(self, contestant: Contestant, **environment: str) -> Server:
        """Return the server of a contestant, not started yet."""
        port = free_port()
        return Server(
            contestant.name,
            contestant.command(port),
            port=port,
            environment={**self.database.environment, **contestant.settings, **environment},
        )

    def measured(
        self, server: Server, paths: Sequence[str], *, longer: int = 1
    ) -> tuple[Load, Run]:
        """Load a server, and read before and after what it and the database used."""
        seconds = self.plan.seconds * longer
        self.drain(server)
        before = self._used(server)
        begun = time.perf_counter()
        found = load(server.port, paths, seconds)
        passed = time.perf_counter() - begun
        database, own = (_less(*pair) for pair in zip(self._used(server), before, strict=True))
        return found, Run(
            per_second=found.per_second,
            p50=found.p50,
            p99=found.p99,
            database=None if database is None else database / max(found.requests, 1) * 1e6,
            busy=None if own is None else own / passed,
        )

    def drain(self, server: Server) -> None:
        """Wait until what was asked for before the load ended is done: it would slow the next."""
        deadline = time.monotonic() + _DRAIN
        before = self._used(server)
        while time.monotonic() < deadline:
            time.sleep(_PAUSE)
            now = self._used(server)
            spent = [_less(*pair) or 0.0 for pair in zip(now, before, strict=True)]
            if max(spent) < _PAUSE / 10:
                return
            before = now

    def _used(self, server: Server) -> tuple[float | None, float | None]:
        database = server_seconds(self.database.postmaster)
        return database, session_seconds(server.process.pid)


def _less(after: float | None, before: float | None) -> float | None:
    return None if after is None or before is None else after - before


def check(bench: Bench, contestant: Contestant, right: Mapping[str, object]) -> Urls:
    """Compare every answer of a contestant with the right one; return the URLs it is asked at.

    Raises:
        BenchError: It does not start, or answers something else.
    """
    with bench.server(contestant) as server:
        urls = contestant.urls(bench.sample, server.get)
        for endpoint in ENDPOINTS:
            body = server.get(urls[endpoint][0])
            wrong = difference(parsed(endpoint, body), normal(right[endpoint]))
            if wrong:
                raise BenchError(
                    f"{contestant.name} answers {urls[endpoint][0]} differently: {wrong}. "
                    "It would be measured at other work than the others."
                )
    return urls


def run_rounds(bench: Bench, urls: Mapping[Contestant, Urls], results: Results) -> None:
    """Measure all contestants as often as planned, each round beginning with another one."""
    for turn in range(bench.plan.rounds):
        order = list(urls)
        first = turn % len(order)
        for contestant in order[first:] + order[:first]:
            bench.tell(f"round {turn + 1} of {bench.plan.rounds}: {contestant.name}")
            with bench.server(contestant) as server:
                for endpoint, run in _endpoints(bench, server, urls[contestant]):
                    results.add(endpoint, contestant.name, run)


def _endpoints(bench: Bench, server: Server, urls: Urls) -> Iterator[tuple[str, Run]]:
    load(server.port, mixed(urls), bench.plan.warm_up)
    for endpoint in ENDPOINTS:
        found, run = bench.measured(server, urls[endpoint])
        if found.requests < 2 * CONNECTIONS:
            _, run = bench.measured(server, urls[endpoint], longer=3)
        yield endpoint, run


def mixed(urls: Urls) -> list[str]:
    """Return paths of all endpoints in turn, to warm up with."""
    return [paths[turn % len(paths)] for turn in range(100) for paths in urls.values()]


def run_pgbench(bench: Bench, results: Results) -> None:
    """Measure the statements alone."""
    for turn in range(bench.plan.rounds):
        bench.tell(f"round {turn + 1} of {bench.plan.rounds}: {PGBENCH}")
        for endpoint in ENDPOINTS:
            run = pgbench.best(
                bench.database,
                endpoint,
                bench.sample,
                clients=bench.plan.clients,
                seconds=min(bench.plan.seconds, 2),
            )
            results.add(endpoint, PGBENCH, run)
