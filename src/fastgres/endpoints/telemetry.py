"""Tell FastAPI's own telemetry which route was chosen, as its router does.

FastAPI has no public name for this. What it keeps to itself is used here and nowhere else;
`tests/endpoints/test_telemetry.py` fails when it changes, and requests that are traced are then
left to FastAPI.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastgres.http import TRACED

try:
    from fastapi.telemetry import _api
except ImportError:  # pragma: no cover - a release of FastAPI to come
    _tell: Any = None
else:
    _tell = getattr(_api, "_route_selected", None)

if TYPE_CHECKING:
    from starlette.types import Scope


def tell_route(scope: Scope, path: str) -> bool:
    """Name the route in the trace of a request; False when it is traced and that cannot be done."""
    if TRACED not in scope:
        return True
    if _tell is None:
        return False
    _tell(scope=scope, path=path)
    return True
