"""Logs: one pipeline for structlog and the standard library, without secrets."""

from fastgres.observability.logs import configure_logging, get_logger
from fastgres.observability.outage import Outage
from fastgres.observability.redaction import redact
from fastgres.observability.request_id import (
    bind_request_id,
    current_request_id,
    reset_request_id,
)
from fastgres.observability.telling import mark_told, take_told
from fastgres.observability.terminal import escape_lines
from fastgres.observability.tracebacks import place_in, unwrapped
from fastgres.observability.traceparent import (
    bind_traceparent,
    current_traceparent,
    reset_traceparent,
)

__all__ = [
    "Outage",
    "bind_request_id",
    "bind_traceparent",
    "configure_logging",
    "current_request_id",
    "current_traceparent",
    "escape_lines",
    "get_logger",
    "mark_told",
    "place_in",
    "redact",
    "reset_request_id",
    "reset_traceparent",
    "take_told",
    "unwrapped",
]
