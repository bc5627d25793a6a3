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
from bench.sample import READS, Sample
from bench.server import Server, free_port
from bench.wrk import Load, load

Tell = Callable[[str], None]
_DRAIN = 10.0
_PAUSE = 0.05
_PAUSES = 2
ORDER = ("flat", "nested", "page", "search", "deep")
"""As they are measured: what an OFFSET leaves running on the server comes last."""


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

    def warm_up(self, server: Server, lines: Sequence[str], *, keyed: bool = False) -> None:
        """Let a server open its connections and prepare its statements."""
        load(server.port, lines, self.plan.warm_up, keyed=keyed)
        self.drain(server)

    def measured(
        self, server: Server, lines: Sequence[str], *, longer: int = 1, keyed: bool = False
    ) -> tuple[Load, Run]:
        """Load a server, and read before and after what it and the database used.

        When the load ends every connection has a request under way, which is worked off unseen.
        """
        before = self._used(server)
        begun = time.perf_counter()
        found = load(server.port, lines, self.plan.seconds * longer, keyed=keyed)
        passed = time.perf_counter() - begun
        own = _less(self._used(server)[1], before[1])
        self.drain(server)
        database = _less(self._used(server)[0], before[0])
        served = found.requests + CONNECTIONS
        return found, Run(
            per_second=found.per_second,
            p50=found.p50,
            p99=found.p99,
            database=None if database is None else database / served * 1e6,
            busy=None if own is None else own / passed,
        )

    def drain(self, server: Server) -> None:
        """Wait until what was asked for before the load ended is done: it would slow the next."""
        deadline = time.monotonic() + _DRAIN
        before = self._used(server)
        pauses = 0
        while pauses < _PAUSES and time.monotonic() < deadline:
            time.sleep(_PAUSE)
            now = self._used(server)
            spent = max(_less(*pair) or 0.0 for pair in zip(now, before, strict=True))
            pauses = pauses + 1 if spent < _PAUSE / 10 else 0
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
        for endpoint in READS:
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
        field = [each for each in urls if not each.aside or turn < bench.plan.rounds_aside]
        for contestant in turned(field, turn):
            bench.tell(f"round {turn + 1} of {bench.plan.rounds}: {contestant.name}")
            with bench.server(contestant) as server:
                for endpoint, run in _endpoints(bench, server, urls[contestant]):
                    results.add(endpoint, contestant.name, run)


def turned(order: Sequence[Contestant], turn: int) -> list[Contestant]:
    """Let another one begin in every round."""
    first = turn % len(order)
    return [*order[first:], *order[:first]]


def _endpoints(bench: Bench, server: Server, urls: Urls) -> Iterator[tuple[str, Run]]:
    bench.warm_up(server, mixed(urls))
    for endpoint in ORDER:
        found, run = bench.measured(server, urls[endpoint])
        if found.requests < CONNECTIONS:
            _, run = bench.measured(server, urls[endpoint], longer=3)
        yield endpoint, run


def mixed(urls: Urls) -> list[str]:
    """Return paths of all endpoints, to warm up with; few deep ones, which take some so long."""
    often = [endpoint for endpoint in ORDER for _ in range(1 if endpoint == "deep" else 20)]
    return [urls[endpoint][turn % len(urls[endpoint])] for turn in range(20) for endpoint in often]


def run_pgbench(bench: Bench, results: Results) -> None:
    """Measure the statements alone."""
    for turn in range(bench.plan.rounds):
        bench.tell(f"round {turn + 1} of {bench.plan.rounds}: {PGBENCH}")
        for endpoint in READS:
            run = pgbench.best(
                bench.database,
                endpoint,
                bench.sample,
                clients=bench.plan.clients,
                seconds=min(bench.plan.seconds, 2),
            )
            results.add(endpoint, PGBENCH, run)
