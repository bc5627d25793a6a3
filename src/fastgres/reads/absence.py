"""The row that is not there."""

from __future__ import annotations

from starlette.exceptions import HTTPException

from fastgres.errors import NotFoundError


class NoSuchRowError(NotFoundError, HTTPException):  # type: ignore[misc]  # one has a dict of headers, the other a mapping
    """Raised where no row fulfils the conditions: 404 in any FastAPI application.

    An application that knows nothing of fastgres answers for an `HTTPException`.
    """

    def __init__(self, detail: str) -> None:
        HTTPException.__init__(self, NotFoundError.status, detail)
        self.fields = ()
        self.extensions = {}
        self.headers = {}

    def __str__(self) -> str:
        return self.detail
