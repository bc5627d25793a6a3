"""What holds for every request of an application: worked out once, read on each."""

from __future__ import annotations

from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from fastgres.errors import BadRequestError
from fastgres.http.access import QUIET_PATHS
from fastgres.http.body import declared_length, too_large
from fastgres.http.cors import Cors
from fastgres.http.headers import SecurityHeaders
from fastgres.http.hosts import TrustedHosts
from fastgres.http.routes import path_inside
from fastgres.http.spool import KEY

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp, Scope

    from fastgres.http.headers import Header
    from fastgres.http.lifecycle import Lifecycle


class Policy:
    """Hosts, origins, security headers and limits of one application."""

    __slots__ = ("added", "app", "cors", "hosts", "lifecycle", "limit", "patience", "security")

    def __init__(self, app: FastAPI, lifecycle: Lifecycle) -> None:
        settings = lifecycle.settings
        self.app = app
        self.lifecycle = lifecycle
        self.hosts = TrustedHosts(settings.allowed_hosts)
        self.security = SecurityHeaders(app, settings)
        self.cors = Cors(app, settings) if settings.cors_origins else None
        self.limit = settings.max_body_size
        self.patience = settings.receive_timeout
        self.added = self.security.fixed

    async def report_bug(self, scope: Scope, error: BaseException) -> ASGIApp | None:
        """Return what the service's own handler of `Exception` or 500 answers; None without one.

        It may be added at any time.
        """
        handlers = self.app.exception_handlers
        handler: Any = handlers.get(Exception) or handlers.get(500)
        if handler is None or not isinstance(error, Exception):
            return None
        if iscoroutinefunction(handler):
            return await handler(Request(scope), error)  # type: ignore[no-any-return]  # a response
        return await run_in_threadpool(handler, Request(scope), error)

    def is_plain(self, scope: Scope, headers: dict[bytes, bytes]) -> bool:
        """Tell whether nothing needs a closer look: a known host, no body, no key, no preflight."""
        return (
            headers.get(b"host") in self.hosts.known
            and len(headers) == len(scope["headers"])
            and b"content-length" not in headers
            and b"transfer-encoding" not in headers
            and KEY not in headers
            and scope["method"] != "OPTIONS"
        )

    def cors_added(self, headers: dict[bytes, bytes]) -> tuple[Header, ...] | None:
        """Return what is added to a response for the origin of a request; None if not yet known."""
        if self.cors is None:
            return self.added
        known = self.cors.known(headers.get(b"origin"))
        return None if known is None else (*self.added, *known)

    def check_host(self, scope: Scope) -> None:
        """Raise BadRequestError for a host that is not ours; probes, which use addresses, may."""
        if not self.hosts.trust(scope) and path_inside(scope) not in QUIET_PATHS:
            raise BadRequestError(
                "The Host header names no host of this service.", extensions={"reason": "host"}
            )

    def check_length(self, headers: dict[bytes, bytes]) -> int | None:
        """Return the declared length of the body, None when it comes in chunks; 413 above it."""
        declared = headers.get(b"content-length")
        if declared is None:
            return None if b"transfer-encoding" in headers else 0
        length = declared_length(declared)
        if length > self.limit:
            raise too_large(self.limit)
        return length
