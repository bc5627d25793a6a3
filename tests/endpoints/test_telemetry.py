"""FastAPI's own telemetry knows declared routes as any other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, Span, Tracer, TracerProvider

from fastgres.endpoints import answer_declared
from fastgres.endpoints.telemetry import tell_route
from fastgres.http import Lifecycle, install
from fastgres.settings import Settings
from tests.endpoints.library import ask, counters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastgres.db import Database


class Recording(NonRecordingSpan):
    """A span that keeps its name and attributes."""

    def __init__(self, name: str) -> None:
        super().__init__(trace.INVALID_SPAN_CONTEXT)
        self.name = name
        self.attributes: dict[str, Any] = {}

    def update_name(self, name: str) -> None:
        """Keep it."""
        self.name = name

    def set_attribute(self, key: str, value: Any) -> None:
        """Keep it."""
        self.attributes[key] = value

    def set_attributes(self, attributes: Any) -> None:
        """Keep them."""
        self.attributes.update(attributes)


class Provider(TracerProvider, Tracer):
    """Make spans that are kept."""

    def __init__(self) -> None:
        self.spans: list[Recording] = []

    def get_tracer(self, *_: Any, **__: Any) -> Tracer:
        """Be the only tracer."""
        return self

    def start_span(self, name: str, *_: Any, **__: Any) -> Span:
        """Keep the span."""
        self.spans.append(Recording(name))
        return self.spans[-1]

    def start_as_current_span(self, name: str, *_: Any, **__: Any) -> Iterator[Span]:  # type: ignore[override]  # not called
        """Be asked for inner spans by FastAPI alone."""
        raise NotImplementedError


async def test_trace_names_the_declared_route(filled: Database) -> None:
    provider = Provider()
    app = FastAPI(telemetry={"tracer_provider": provider, "operation_spans": False})
    install(app, Lifecycle(Settings(environment="test"), filled))
    answer_declared(app)
    app.include_router(counters(), prefix="/v2")
    reply = await ask(app, "/v2/counters/7")
    assert (reply.status, reply.by_fastapi) == (200, False)
    (span,) = provider.spans
    assert span.name == "GET /v2/counters/{counter_id}"
    assert span.attributes["http.route"] == "/v2/counters/{counter_id}"
    assert span.attributes["http.response.status_code"] == 200


def test_request_that_is_not_traced_needs_nothing() -> None:
    assert tell_route({}, "/x")
