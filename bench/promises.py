"""The section of the page about what writes: who does what, and the price of key and job."""

from __future__ import annotations

from collections.abc import Sequence

from bench.markdown import table
from bench.results import Results
from bench.roster import Contestant
from bench.sample import WRITES
from bench.targets import DECLARED, HANDLER


def tell_writes(contestants: Sequence[Contestant], results: Results) -> list[str]:
    """Tell how everybody writes, and what the two promises of an order cost."""
    rows = [
        [each.name, *(each.writes.get(endpoint, "-") for endpoint in WRITES)]
        for each in contestants
        if each.writes
    ]
    return [
        "## Writes",
        "",
        "`create` adds a customer by POST and answers 201 with the row. `order` takes five of",
        "2,000 products, drawn at random, locks them by rising id, takes the pieces out of the",
        "stock, adds an order with five items, and answers 201 with customer and items. Everybody",
        "writes to the same server, so a commit is as durable: its settings stand under Machine.",
        "Before each measurement the tables are brought back to the same rows and a checkpoint is",
        "made; after it every answered request has to be found in them, exactly once. No worker",
        "runs. A dash is not written for this contestant.",
        "",
        *table(["contestant", *WRITES], rows, words=3),
        "",
        *_promises(results),
    ]


def _promises(results: Results) -> list[str]:
    kept = results.median("order", DECLARED)
    plain = results.median("order", HANDLER)
    if not kept or not plain:
        return []
    price = 1e6 / kept.per_second - 1e6 / plain.per_second
    return [
        f"With key and job an order takes {1e6 / kept.per_second:,.0f} µs of {DECLARED}, without",
        f"them {1e6 / plain.per_second:,.0f} µs of {HANDLER}: both promises together cost",
        f"{price:,.0f} µs a request.",
    ]
