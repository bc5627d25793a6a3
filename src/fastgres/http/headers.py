"""What the headers of a response say: security, the body they go with, and no second line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fastapi import FastAPI

    from fastgres.settings import Settings

Header = tuple[bytes, bytes]

REQUEST_ID = b"x-request-id"
PROBLEM_JSON = b"application/problem+json"

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
_ABOUT_THE_BODY = frozenset(
    {
        b"accept-ranges",
        b"cache-control",
        b"content-disposition",
        b"content-encoding",
        b"content-language",
        b"content-length",
        b"content-location",
        b"content-range",
        b"content-type",
        b"etag",
        b"expires",
        b"last-modified",
        b"transfer-encoding",
    }
)
_PLAIN = frozenset({b"application/json", b"no-store"})
"""Values that are common enough to be known."""

_control_character = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]").search
_HSTS: Header = (b"strict-transport-security", b"max-age=31536000")


class SecurityHeaders:
    """Add what is missing to the headers of a response."""

    __slots__ = ("_api", "_docs", "_docs_paths", "_names")

    def __init__(self, app: FastAPI, settings: Settings) -> None:
        fixed = (*_ALWAYS, _HSTS) if settings.is_production else _ALWAYS
        self._api = (*fixed, (b"content-security-policy", API_POLICY))
        self._docs = (*fixed, (b"content-security-policy", DOCS_POLICY))
        pages = (app.docs_url, app.redoc_url, app.swagger_ui_oauth2_redirect_url)
        self._docs_paths = frozenset(page for page in pages if page)
        self._names = frozenset(name for name, _ in self._api) | {REQUEST_ID}

    @property
    def fixed(self) -> tuple[Header, ...]:
        """The headers of every response but the pages of the documentation."""
        return self._api

    def complete(self, headers: Iterable[Header], path: str, *, request_id: str) -> list[Header]:
        """Return the headers with the request's id and every one of ours that is not there yet.

        Raises ValueError for a value that would end the header.
        """
        ours = self._docs if path in self._docs_paths else self._api
        names = self._names
        completed = [*headers]
        for name, value in completed:
            plain = value in _PLAIN or value.isdigit() or not _control_character(value)
            if name in names or not plain:
                return _completed(completed, ours, request_id)
        completed.append((REQUEST_ID, request_id.encode()))
        completed += ours
        return completed


def _completed(given: list[Header], ours: tuple[Header, ...], request_id: str) -> list[Header]:
    refuse_broken(given)
    kept = [header for header in given if header[0] != REQUEST_ID]
    present = {name for name, _ in kept}
    missing = (header for header in ours if header[0] not in present)
    return [*kept, (REQUEST_ID, request_id.encode()), *missing]


def not_about_the_body(headers: Iterable[Header]) -> list[Header]:
    """Return the headers that stay true when another body takes the place of theirs."""
    return [header for header in headers if header[0].lower() not in _ABOUT_THE_BODY]


def is_plain_text(headers: Iterable[Header]) -> bool:
    """Tell whether the body is `text/plain`."""
    return any(
        name == b"content-type" and value.startswith(b"text/plain") for name, value in headers
    )


def encode_value(value: str) -> bytes:
    """Return a header value as bytes; what Latin-1 lacks becomes a question mark."""
    return value.encode("latin-1", "replace")


def refuse_broken(headers: Iterable[Header]) -> None:
    """Raise ValueError for a value with a line break, which a client would read as a header.

    The server refuses it too, but only once the response counts as begun and no other can be sent.
    """
    for name, value in headers:
        if _control_character(value):
            raise ValueError(
                f"The response header {name.decode('latin-1')!r} has the value {value!r}, and a "
                "control character in it would end the header. Quote or remove it, for example "
                "with urllib.parse.quote."
            )


def headers_of_problem(
    own: Mapping[str, str], length: int, *, kept: Iterable[Header] = ()
) -> list[Header]:
    """Return the headers of a problem document; those that would end early are left out.

    `own` are of the error and go before the `kept` ones of the response it takes the place of.
    """
    ours = [(name.lower().encode(), encode_value(value)) for name, value in own.items()]
    names = {name for name, _ in ours}
    headers = [
        (b"content-type", PROBLEM_JSON),
        (b"content-length", str(length).encode()),
        (b"cache-control", b"no-store"),
        *ours,
        *(header for header in kept if header[0] not in names),
    ]
    return [header for header in headers if not _control_character(header[1])]
