"""How jobs and queues look in a terminal."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from fastgres.cli.durations import write_span
from fastgres.observability import escape_lines

if TYPE_CHECKING:
    from fastgres.jobs import JobRecord, Overview, QueueStatus, WorkerStatus

QUEUES = (
    "queue",
    "ready",
    "running",
    "retrying",
    "scheduled",
    "dead",
    "oldest",
    "workers",
)
JOBS = ("id", "queue", "job", "state", "attempt", "due", "error")
DEAD = ("id", "queue", "job", "attempts", "died", "reason", "error")
WORKERS = ("worker", "queues", "running", "since", "silent")
LONGEST = 100
"""Characters of an error in a row; `show` has all of it."""


def print_board(seen: Overview) -> None:
    """Print the queues once."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 10_000
    console.print(board(seen))


def live_board(seen: Overview | None = None) -> Live:
    """Return a table that is updated in place."""
    return Live(board(seen), auto_refresh=False, console=Console(highlight=False))


def board(seen: Overview | None) -> RenderableType:
    """Return the queues and their workers; without an overview, that there is none."""
    if seen is None:
        return Text("The database does not answer; trying again.", style="red")
    queues = _table(QUEUES, numbers=range(1, 8))
    for queue in seen.queues:
        queues.add_row(*_queue(queue))
    parts: list[RenderableType] = [queues if seen.queues else Text("no jobs")]
    if seen.workers:
        workers = _table(WORKERS, numbers=range(2, 5))
        for worker in seen.workers:
            workers.add_row(*_worker(worker))
        parts.append(workers)
    parts += [Text(note, style="yellow") for note in _notes(seen)]
    return Group(*parts)


def _table(headings: Iterable[str], *, numbers: Iterable[int]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    right = set(numbers)
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place in right else "left")
    return table


def _queue(queue: QueueStatus) -> Iterator[Text]:
    yield Text(escape_lines(queue.queue), style="bold")
    for number in (queue.ready, queue.running, queue.retrying, queue.scheduled):
        yield Text(f"{number:,}", style="" if number else "dim")
    yield Text(f"{queue.dead:,}", style="red" if queue.dead else "dim")
    yield Text("" if queue.oldest is None else write_span(queue.oldest))
    yield Text(f"{queue.workers}", style="red" if queue.is_unattended else "")


def _worker(worker: WorkerStatus) -> Iterator[str]:
    yield f"{worker.host}:{worker.pid}"
    yield ", ".join(worker.queues)
    yield f"{worker.running}/{worker.concurrency}"
    yield _ago(worker.started_at)
    yield write_span(worker.silent)


def _notes(seen: Overview) -> Iterator[str]:
    if not seen.workers:
        yield "No worker runs; start one: fastgres worker"
    for queue in seen.queues:
        name = escape_lines(queue.queue)
        if queue.is_unattended and seen.workers:
            yield f"{name}: no worker serves this queue"
        if queue.unknown:
            names = escape_lines(", ".join(queue.unknown_names))
            yield f"{name}: {queue.unknown:,} without a function in this application: {names}"
        if queue.sent:
            yield f"{name}: {queue.sent:,} handed to the broker and not yet done"


def rows_of_jobs(found: Iterable[tuple[JobRecord, str | None]]) -> Iterator[tuple[str, ...]]:
    """Return a row a job."""
    for record, missing in found:
        state = record.state if missing is None else f"{record.state}, {missing}"
        yield (
            str(record.id),
            escape_lines(record.queue),
            escape_lines(record.name),
            state,
            f"{record.attempt}/{record.max_attempts}",
            _due(record),
            _brief(record.error),
        )


def rows_of_dead(found: Iterable[tuple[JobRecord, str | None]]) -> Iterator[tuple[str, ...]]:
    """Return a row a dead job."""
    for record, missing in found:
        name = record.name if missing is None else f"{record.name} ({missing})"
        yield (
            str(record.id),
            escape_lines(record.queue),
            escape_lines(name),
            str(record.attempt),
            "" if record.died_at is None else f"{_ago(record.died_at)} ago",
            _brief(record.reason or ""),
            _brief((record.last_error or "").partition("\n")[0]),
        )


def lines_of_job(record: JobRecord, missing: str | None) -> Iterator[str]:
    """Return what is known of one job, a line each, its last error with the traceback below."""
    yield f"job {record.id}: {record.name} (version {record.version})"
    yield f"state: {record.state}" + ("" if missing is None else f", {missing}")
    yield f"queue: {record.queue}, priority {record.priority}, target {record.target}"
    yield f"attempt: {record.attempt} of {record.max_attempts}"
    yield f"enqueued: {record.created_at.isoformat()}"
    yield f"due: {record.run_at.isoformat()}"
    yield from _moments(record)
    yield f"arguments: {_json(record.arguments)}"
    for label, value in (("headers", record.headers), ("progress", record.progress)):
        if value:
            yield f"{label}: {_json(value)}"
    if record.last_error:
        yield f"last error: {record.last_error}"


def _moments(record: JobRecord) -> Iterator[str]:
    if record.unique_key is not None:
        yield f"unique: {record.unique_key}"
    if record.state == "running":
        yield f"worker: {record.worker}, lease until {record.lease_until}"
    if record.died_at is not None:
        yield f"died: {record.died_at.isoformat()}"
        yield f"reason: {record.reason}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _due(record: JobRecord) -> str:
    if record.state == "dead":
        return ""
    seconds = (record.run_at - dt.datetime.now(dt.UTC)).total_seconds()
    return f"in {write_span(seconds)}" if seconds > 0 else f"{write_span(-seconds)} ago"


def _ago(moment: dt.datetime) -> str:
    return write_span((dt.datetime.now(dt.UTC) - moment).total_seconds())


def _brief(text: str) -> str:
    line = escape_lines(text.partition("\n")[0])
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"
