"""The security headers that every response carries unless the route sets its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

    from fastgres.settings import Settings

Header = tuple[bytes, bytes]

API_POLICY = b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
DOCS_POLICY = (
    b"default-src 'none'; connect-src 'self'; img-src 'self' data: https://fastapi.tiangolo.com; "
    b"script-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net; worker-src blob:; "
    b"style-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net https://fonts.googleapis.com; "
    b"font-src https://fonts.gstatic.com; frame-ancestors 'none'; base-uri 'none'"
)

_ALWAYS: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_HSTS: Header = (b"strict-transport-security", b"max-age=31536000")


class SecurityHeaders:
    """Add what is missing to the headers of a response."""

    __slots__ = ("_api", "_docs", "_docs_paths")

    def __init__(self, app: FastAPI, settings: Settings) -> None:
        fixed = (*_ALWAYS, _HSTS) if settings.is_production else _ALWAYS
        self._api = (*fixed, (b"content-security-policy", API_POLICY))
        self._docs = (*fixed, (b"content-security-policy", DOCS_POLICY))
        pages = (app.docs_url, app.redoc_url, app.swagger_ui_oauth2_redirect_url)
        self._docs_paths = frozenset(page for page in pages if page)

    def add(self, headers: list[Header], path: str) -> None:
        """Append every header that is not there yet."""
        present = {name for name, _ in headers}
        ours = self._docs if path in self._docs_paths else self._api
        headers.extend(header for header in ours if header[0] not in present)
