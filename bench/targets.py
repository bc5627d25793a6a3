"""What fastgres has to reach, and whether it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bench.export import Export
from bench.results import Results
from bench.sample import READS

DECLARED: Final = "fastgres"
HANDLER: Final = "fastgres-handler"
MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """One line: what was asked for, what was measured; None when it could not be."""

    what: str
    must: str
    measured: str | None
    met: bool | None


def verdicts(results: Results, export: Export | None) -> list[Verdict]:
    """Compare the medians with what was promised."""
    return [
        *_faster(results, HANDLER, {"flat": 4.0, "nested": 6.0, "page": 9.0}),
        *_faster(results, DECLARED, {"flat": 8.0, "nested": 14.0, "page": 9.5}),
        *_faster(results, DECLARED, {"create": 2.0, "order": 1.3}),
        *(_everywhere(results, name, peer=("starlette", 0.8)) for name in (DECLARED, HANDLER)),
        _everywhere(results, DECLARED, peer=("asgi", 0.85)),
        *(_everywhere(results, name, peer=("drizzle", 1.0)) for name in (DECLARED, HANDLER)),
        _depth(results),
        _database(results),
        _memory(export),
    ]


def _faster(results: Results, name: str, least: Mapping[str, float]) -> list[Verdict]:
    return [
        _at_least(
            f"{name}: {endpoint} against the guide", times, results.ratio(endpoint, name, "guide")
        )
        for endpoint, times in least.items()
    ]


def _everywhere(results: Results, name: str, *, peer: tuple[str, float]) -> Verdict:
    other, least = peer
    ratios = {endpoint: results.ratio(endpoint, name, other) for endpoint in READS}
    known = {endpoint: ratio for endpoint, ratio in ratios.items() if ratio is not None}
    what = f"{name}: any read against {other}"
    if not known:
        return _at_least(what, least, None)
    worst = min(known, key=lambda endpoint: known[endpoint])
    return _at_least(f"{what} (worst: {worst})", least, known[worst])


def _depth(results: Results) -> Verdict:
    deep, page = results.median("deep", DECLARED), results.median("page", DECLARED)
    ratio = deep.per_second / page.per_second if deep and page else None
    return _at_least(f"{DECLARED}: page at depth 100,000 against the first", 0.9, ratio)


def _at_least(what: str, least: float, ratio: float | None) -> Verdict:
    measured = None if ratio is None else f"{ratio:.2f}x"
    return Verdict(what, f"{least:g}x", measured, None if ratio is None else ratio >= least)


def _database(results: Results) -> Verdict:
    what = f"{DECLARED}: database CPU per read against the guide"
    shares = {
        endpoint: share for endpoint in READS if (share := _share(results, endpoint)) is not None
    }
    if not shares:
        return Verdict(what, "at most 1.2x", None, None)
    worst = max(shares, key=lambda endpoint: shares[endpoint])
    measured = f"{shares[worst]:.2f}x"
    return Verdict(f"{what} (worst: {worst})", "at most 1.2x", measured, shares[worst] <= 1.2)


def _share(results: Results, endpoint: str) -> float | None:
    one, other = results.median(endpoint, DECLARED), results.median(endpoint, "guide")
    if not one or not other or not one.database or not other.database:
        return None
    return one.database / other.database


def _memory(export: Export | None) -> Verdict:
    what = f"{DECLARED}: memory over idle while exporting a million rows"
    if export is None or export.idle is None or export.peak is None:
        return Verdict(what, "below 30 MB", None, None)
    over = (export.peak - export.idle) / MEGABYTE
    return Verdict(what, "below 30 MB", f"{over:.1f} MB", over < 30)
