"""One log line a request: what was asked, what came of it, how long it took."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from fastgres.http.routes import path_inside, template_of
from fastgres.observability import get_logger
from fastgres.settings import MASK, names_secret

if TYPE_CHECKING:
    from starlette.types import Scope

NAME = "fastgres.access"
QUIET_PATHS = frozenset({"/livez", "/readyz"})
"""Asked every few seconds by every probe: logged at debug."""

LONGEST = 512
"""Characters of a path or query that are logged."""

log = get_logger(NAME)
_levels = logging.getLogger(NAME)


def is_logged() -> bool:
    """Tell whether requests have an access line at all."""
    return _levels.isEnabledFor(logging.INFO)


def log_access(
    scope: Scope, *, status: int, size: int, began: float, outcome: str | None = None
) -> None:
    """Write the access line of a request, unless its level is switched off.

    `began` is `time.perf_counter()` at its start, `size` the bytes of the response body. An
    `outcome` says why these are not all of it, or is the code of the error that was answered.
    """
    if not _levels.isEnabledFor(logging.INFO):
        return
    path: str = scope["path"]
    quiet = path_inside(scope) in QUIET_PATHS and status < 400
    if quiet and not _levels.isEnabledFor(logging.DEBUG):
        return
    line: dict[str, object] = {
        "method": scope["method"],
        "path": path[:LONGEST],
        "route": template_of(scope),
        "status": status or None,
        "ms": round((time.perf_counter() - began) * 1000, 2),
        "bytes": size,
    }
    if outcome is not None:
        line["outcome"] = outcome
    if query := scope.get("query_string"):
        line["query"] = redact_query(query)
    log.log(logging.DEBUG if quiet else logging.INFO, "request", **line)


def redact_query(query: bytes) -> str:
    """Return a query string with the values of secret names masked."""
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=None)
    kept = [(name, MASK if names_secret(name) else value) for name, value in pairs]
    return urlencode(kept, safe="*,:/")[:LONGEST]
