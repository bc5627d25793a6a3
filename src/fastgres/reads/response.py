"""The response of a read: bytes that FastAPI sends as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from starlette.responses import Response

if TYPE_CHECKING:
    from typing import Self

    from starlette.requests import HTTPConnection

Value = TypeVar("Value", covariant=True)  # noqa: PLC0105 - it is read as a word in signatures

JSON = "application/json"

Header = tuple[bytes, bytes]
Reply = tuple[int, list[Header], bytes]

_ABOUT_THE_BODY: Final = frozenset({b"content-length", b"content-type"})


class ReadResponse(Response, Generic[Value]):
    """The JSON of a read, ready to be sent; return it from a handler as it is.

    FastAPI sends a `Response` without looking into it, so that `response_model` only documents
    it. `value()` gives the typed object instead, for use in Python.

    ```python
    from fastgres.reads import Reads
    from shop.models import Product
    from shop.schemas.product import ProductRead

    shown = await Reads(Product, ProductRead).list(session, limit=10)
    assert shown.media_type == "application/json"
    assert all(product.stock >= 0 for product in shown.value())
    ```
    """

    media_type = JSON

    def __init__(self, content: bytes, read_back: Callable[[], Value]) -> None:
        super().__init__(content)
        self._read_back = read_back

    def value(self) -> Value:
        """Return what was read, as the response model.

        Raises `ConfigurationError` when the JSON does not hold all of it: with sparse fields, or
        a required field that is excluded.
        """
        return self._read_back()

    def cache(self, control: str) -> Self:
        """Set `Cache-Control`, such as `"private, max-age=60"`, and return the response."""
        self.headers["Cache-Control"] = control
        return self

    def conditional(self, request: HTTPConnection) -> Self:
        """Give the response a strong `ETag`; make it 304 without a body where the client has it.

        RFC 9110, 13.1.2: `If-None-Match` is compared weakly, and `*` matches anything.

        ```python
        from fastapi import APIRouter, Request, Response
        from fastgres.reads import Reads
        from shop.models import Product
        from shop.schemas.product import ProductRead
        from fastgres.http import SessionDep

        router = APIRouter()
        products = Reads(Product, ProductRead)

        @router.get("/products")
        async def list_products(session: SessionDep, request: Request) -> Response:
            return (await products.list(session)).conditional(request)
        ```
        """
        given = request.headers.raw
        self.status_code, self.raw_headers[:], self.body = tagged(
            bytes(self.body), self.raw_headers, given
        )
        return self


def tagged(body: bytes, headers: Iterable[Header], request: Iterable[Header]) -> Reply:
    """Return the response with a strong `ETag`; 304 without a body where the request has it.

    `headers` are those of the response, which describe the body, and `request` those of the
    request, as ASGI writes them.

    ```python
    from fastgres.reads import entity_tag, tagged

    status, headers, body = tagged(b"[]", [], [(b"if-none-match", b"*")])
    assert (status, body) == (304, b"")
    assert headers == [(b"etag", entity_tag(b"[]").encode())]
    ```
    """
    tag = entity_tag(body)
    added = [*headers, (b"etag", tag.encode())]
    known = next((value for name, value in request if name == b"if-none-match"), None)
    if known is None or not matches(known.decode("latin-1"), tag):
        return 200, added, body
    return 304, [each for each in added if each[0] not in _ABOUT_THE_BODY], b""


def entity_tag(body: bytes) -> str:
    """Return the strong entity tag of a body.

    ```python
    from fastgres.reads import entity_tag

    assert entity_tag(b"[]") == entity_tag(b"[]") != entity_tag(b"{}")
    ```
    """
    return f'"{blake2b(body, digest_size=16).hexdigest()}"'


def matches(header: str | None, tag: str) -> bool:
    """Tell whether an `If-None-Match` header names the tag.

    ```python
    from fastgres.reads import matches

    assert matches('W/"a", "b"', '"a"') and not matches(None, '"a"')
    ```
    """
    if header is None:
        return False
    named = [each.strip().removeprefix("W/") for each in header.split(",")]
    return "*" in named or tag in named
