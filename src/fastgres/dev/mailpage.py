"""The page that shows the mail of development: a list, and each message in a sandbox."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from fastgres.mail import Mailbox, Received

HOSTS: Final = ["127.0.0.1", "localhost"]
"""The only names under which the page answers: a web page of elsewhere has another one."""

_OF_THE_PAGE: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_OF_A_LETTER: Final = _OF_THE_PAGE | {
    "Content-Security-Policy": (
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
        "frame-ancestors 'self'"
    )
}
"""A letter may look like anything, and do nothing: no script, no form, no picture that tells a
stranger that it is read."""

_pages = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def mail_page(mailbox: Mailbox) -> Starlette:
    """Return the page of a mailbox, for the development server to serve on this machine."""

    async def show_list(_: Request) -> Response:
        return _page("mailbox.html", messages=mailbox.received[::-1], folder=mailbox.folder)

    async def clear(request: Request) -> Response:
        if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            return Response(status_code=403)
        mailbox.clear()
        return RedirectResponse("/", status_code=303)

    return Starlette(
        routes=[
            Route("/", show_list),
            Route("/clear", clear, methods=["POST"]),
            Route("/messages/{name}", _of(mailbox, _show)),
            Route("/messages/{name}/html", _of(mailbox, _show_html)),
            Route("/messages/{name}/source", _of(mailbox, _show_source)),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)],
    )


def _of(
    mailbox: Mailbox, show: Callable[[Received], Response]
) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    """Return the route that shows a message of the mailbox, or 404."""

    async def shown(request: Request) -> Response:
        message = mailbox.find(request.path_params["name"])
        if message is None:
            return Response("No such message.", 404, _OF_THE_PAGE, "text/plain")
        return show(message)

    return shown


def _show(message: Received) -> Response:
    return _page("message.html", message=message)


def _show_html(message: Received) -> Response:
    return HTMLResponse(message.html or "", headers=_OF_A_LETTER)


def _show_source(message: Received) -> Response:
    text = message.content.decode(errors="replace")
    return Response(text, headers=_OF_THE_PAGE, media_type="text/plain")


def _page(template: str, **values: Any) -> Response:
    text = _pages.get_template(template).render(values)
    return HTMLResponse(text, headers=_OF_THE_PAGE)
