"""What the server answers by itself, before any application is asked."""

from __future__ import annotations

from uuid import uuid4

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from fastgres.errors import BadRequestError
from fastgres.http import Problem


class ProblemProtocol(HttpToolsProtocol):
    """Answer what is no HTTP, and addresses beyond 64 KiB, with a problem document.

    uvicorn writes plain text, which no client that reads our errors expects.
    """

    def send_400_response(self, msg: str) -> None:
        """Write the response and close the connection; where the next request begins is unknown."""
        content = _problem(msg).model_dump_json(exclude_none=True).encode()
        head = (
            "HTTP/1.1 400 Bad Request\r\n"
            "content-type: application/problem+json\r\n"
            f"content-length: {len(content)}\r\n"
            "cache-control: no-store\r\n"
            "connection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + content)
        self.transport.close()


def _problem(detail: str) -> Problem:
    return Problem(
        type="about:blank",
        title=BadRequestError.title,
        status=BadRequestError.status,
        detail=detail,
        code=BadRequestError.code,
        request_id=uuid4().hex,
    )
