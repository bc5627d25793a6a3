"""Declared routes are answered at the boundary exactly as FastAPI answers them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse, Response
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from fastgres.endpoints import ReadRouter, answer_declared
from fastgres.errors import NotFoundError
from fastgres.http import SessionDep
from fastgres.observability import configure_logging, current_request_id
from fastgres.settings import Settings
from tests.endpoints.library import (
    ADA,
    BOB,
    FIRST,
    GONE,
    SECOND,
    CounterRead,
    CounterRepository,
    ask,
    counters,
    current_author,
    library,
    served,
)

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from fastgres.db import Database

pytestmark = pytest.mark.clone
AS_ADA = [(b"x-author", str(ADA).encode())]


async def both(database: Database, path: str, **request: Any) -> tuple[Any, Any]:
    """Ask the boundary and FastAPI the same; the boundary again once it knows its host."""
    app = library(database, declared=True)
    first = await ask(app, path, **request)
    await ask(app, "/livez")
    boundary = await ask(app, path, **request)
    assert boundary.told() == first.told()
    fastapi = await ask(library(database, declared=False), path, **request)
    assert fastapi.by_fastapi
    return boundary, fastapi


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        (f"/books/{FIRST}", b"", 200),
        (f"/books/{GONE}", b"", 404),
        (f"/books/{str(FIRST).upper()}", b"", 200),
        ("/books/isbn/One", b"", 200),
        ("/books/isbn/a\x00b", b"", 422),
        ("/books/isbn/\N{SNOWMAN}", b"", 404),
        ("/books", b"", 200),
        ("/books", b"size=1&sort=-price&genre=novel&genre=poetry", 200),
        ("/books", b"title=%E2%98%83&in_print=yes", 200),
        ("/books", b"fields=id,author.name", 200),
        ("/books", b"fields=id,secret", 422),
        ("/books", b"cursor=invented", 422),
        ("/books/numbered", b"page=2&size=2", 200),
        ("/books/dearest", b"", 200),
        ("/books/dearest", b"fields=title", 200),
        (f"/books/{FIRST}/sparse", b"fields=title&fields=id", 200),
        (f"/books/{FIRST}", b"&", 200),
        (f"/books/{FIRST}/sparse", b"fields=", 422),
        (f"/books/{FIRST}/copies", b"sort=-number", 200),
        (f"/books/{FIRST}/copies/1", b"", 200),
        (f"/books/{FIRST}/copies/9", b"", 404),
        (f"/books/{FIRST}/copies/1/A", b"", 200),
        (f"/books/{FIRST}/copies/1/B", b"", 404),
        ("/counters/7", b"", 200),
        ("/counters/99999999999999999999", b"", 422),
        ("/v2/acme/counters/7", b"", 200),
    ],
)
async def test_boundary_answers_as_fastapi_does(
    path: str, query: bytes, status: int, filled: Database
) -> None:
    boundary, fastapi = await both(filled, path, query=query)
    assert boundary.told() == fastapi.told()
    assert (boundary.status, boundary.by_fastapi) == (status, False)


@pytest.mark.parametrize(
    ("path", "request_", "status"),
    [
        ("/books/none", {}, 422),
        ("/books/", {}, 307),
        ("/books", {"query": b"sise=1"}, 422),
        (f"/books/{FIRST}", {"query": b"unknown=1"}, 422),
        (f"/books/{FIRST}", {"query": b"fields=id"}, 422),
        (f"/books/{FIRST}/sparse", {"query": b"fields=title&other=1"}, 422),
        ("/books/dearest", {"query": b"field=title"}, 422),
        ("/books", {"query": b"size=0"}, 422),
        ("/books/hidden", {}, 422),
        ("/books/export", {}, 200),
        ("/books/mounted/x", {}, 200),
        (f"/books/{FIRST}/copies/A/label", {}, 200),
        (f"/books/{FIRST}", {"method": "OPTIONS"}, 405),
        (f"/books/{FIRST}", {"method": "POST"}, 200),
        (f"/books/{FIRST}", {"method": "DELETE"}, 405),
        (f"/books/{FIRST}", {"headers": [(b"content-length", b"1")], "body": b"x"}, 200),
        ("/nothing", {}, 404),
        ("/Books", {}, 404),
    ],
)
async def test_fastapi_answers_whatever_is_not_a_plain_read(
    path: str, request_: dict[str, Any], status: int, filled: Database
) -> None:
    boundary, fastapi = await both(filled, path, **request_)
    assert boundary.told() == fastapi.told()
    assert (boundary.status, boundary.by_fastapi) == (status, True)


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (f"/books/{FIRST}", [], 200),
        (f"/books/{FIRST}", [(b"if-none-match", b"*")], 304),
        (f"/books/{GONE}", [], 404),
        ("/books", [], 200),
        ("/books/dearest", [], 200),
        ("/me/books", AS_ADA, 200),
        ("/me/books", [], 401),
    ],
)
async def test_head_has_the_headers_of_get_and_no_body(
    path: str, headers: list[Any], status: int, filled: Database
) -> None:
    boundary, fastapi = await both(filled, path, headers=headers, method="HEAD")
    assert boundary.told() == fastapi.told()
    assert (boundary.status, boundary.body, boundary.by_fastapi) == (status, b"", False)
    answered, _ = await both(filled, path, headers=headers)
    assert sorted(answered.headers) == sorted(boundary.headers)


async def test_caller_sees_the_rows_of_the_scope(filled: Database) -> None:
    for path, headers, status in (
        (f"/me/books/{FIRST}", AS_ADA, 200),
        (f"/me/books/{SECOND}", AS_ADA, 404),
        (f"/me/books/{FIRST}", [], 401),
        ("/me/books", AS_ADA, 200),
        ("/me/books", [], 401),
    ):
        boundary, fastapi = await both(filled, path, headers=headers)
        assert boundary.told() == fastapi.told()
        assert (boundary.status, boundary.by_fastapi) == (status, False)
        assert str(BOB).encode() not in boundary.body


async def test_page_is_walked_to_its_end(filled: Database) -> None:
    app = library(filled, declared=True)
    titles: list[str] = []
    query = b"size=2"
    while query:
        reply = await ask(app, "/books", query=query)
        assert not reply.by_fastapi
        page = json.loads(reply.body)
        titles += [item["title"] for item in page["items"]]
        query = f"size=2&cursor={page['next']}".encode() if page["next"] else b""
    assert titles == sorted(titles)
    assert len(titles) == 9


async def test_response_that_the_client_has_is_not_sent_again(filled: Database) -> None:
    first, _ = await both(filled, f"/books/{FIRST}")
    tag = dict(first.headers)[b"etag"]
    assert dict(first.headers)[b"cache-control"] == b"private, max-age=60"
    for value, status in ((tag, 304), (b"W/" + tag, 304), (b"*", 304), (b'"other"', 200)):
        headers = [(b"if-none-match", value)]
        boundary, fastapi = await both(filled, f"/books/{FIRST}", headers=headers)
        assert boundary.told() == fastapi.told()
        assert (boundary.status, boundary.by_fastapi) == (status, False)
        assert bool(boundary.body) == (status == 200)


PATHS = st.sampled_from(
    [
        "/books",
        "/books/dearest",
        "/books/numbered",
        "/books/{}",
        "/books/{}/sparse",
        "/books/{}/export",
        "/books/isbn/{}",
        "/books/{}/copies",
        "/books/{}/copies/{}",
        "/books/{}/copies/{}/{}",
        "/me/books",
        "/me/books/{}",
        "/counters/{}",
        "/v2/{}/counters/{}",
        "/{}/{}",
    ]
)
VALUES = st.one_of(
    st.sampled_from(
        [str(FIRST), str(SECOND), str(GONE), FIRST.hex, "1", "7", "label", "export", "One", "A"]
    ),
    st.sampled_from(["", " 7", "7 ", "07", "-7", "7.0", "1e3", "\n", "7\n", "%37", "a/b", "é\x00"]),
    st.text(max_size=5),
    st.integers().map(str),
)
NAMES = st.sampled_from(
    ["size", "sort", "cursor", "page", "title", "genre", "price_min", "in_print", "fields", "x"]
)
TEXTS = st.one_of(
    st.sampled_from(
        ["1", "2", "0", "101", "title", "-price", "price,title", "novel", "poetry", "true", "no"]
    ),
    st.sampled_from(
        ["", "id", "id,author.name", "author", "secret", "5.00", "Many", "%", "+", "a+b"]
    ),
    st.sampled_from(["WzEsInRpdGxlIiwiYWZ0ZXIiLGZhbHNlLFsiTWFueSAxIiwieCJdXQ", "%C3%28", "&", "é"]),
    st.text(max_size=4),
)
QUERIES = st.lists(
    st.tuples(NAMES, st.sampled_from(["=", "=", "=", "", "%3D"]), TEXTS), max_size=3
).map(lambda parts: "&".join("".join(part) for part in parts).encode("utf-8", "surrogatepass"))
HEADERS = st.lists(
    st.sampled_from(
        [
            *AS_ADA,
            (b"x-author", b"nobody"),
            (b"if-none-match", b"*"),
            (b"if-none-match", b'"x"'),
            (b"content-length", b"0"),
            (b"transfer-encoding", b"chunked"),
            (b"accept", b"text/html"),
            (b"origin", b"https://shop.example"),
            (b"host", b"evil.example"),
        ]
    ),
    max_size=2,
)
METHODS = st.sampled_from(["GET"] * 12 + ["HEAD", "POST", "OPTIONS", "PUT", "TRACE"])


@pytest.fixture
def pair(filled: Database) -> tuple[FastAPI, FastAPI]:
    """The service answered at the boundary, and by FastAPI."""
    origins = ["https://shop.example"]
    declared = library(filled, declared=True, cors_origins=origins)
    return declared, library(filled, declared=False, cors_origins=origins)


@settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data())
async def test_generated_requests_are_answered_alike(
    pair: tuple[FastAPI, FastAPI], data: Any
) -> None:
    template = data.draw(PATHS)
    path = template.format(*(data.draw(VALUES) for _ in range(template.count("{}"))))
    assume(not any("\ud800" <= letter <= "\udfff" for letter in path))
    request = {
        "query": data.draw(QUERIES),
        "headers": data.draw(HEADERS),
        "method": data.draw(METHODS),
        "root_path": data.draw(st.sampled_from(["", "", "", "/books", "/api", "/books/"])),
    }
    boundary, fastapi = [await ask(app, path, **request) for app in pair]
    assert boundary.told() == fastapi.told()


async def stand_in() -> Any:
    """Be the dependency of a test."""
    return BOB


async def test_replaced_dependency_is_used(filled: Database) -> None:
    """By FastAPI, which knows how to call it."""
    app = library(filled, declared=True)
    app.dependency_overrides[current_author] = stand_in
    reply = await ask(app, f"/me/books/{SECOND}")
    assert (reply.status, reply.by_fastapi) == (200, True)
    other = await ask(app, f"/books/{SECOND}")
    assert (other.status, other.by_fastapi) == (200, False)


async def test_replaced_session_is_used(filled: Database) -> None:
    app = library(filled, declared=True)
    (depends,) = SessionDep.__metadata__  # type: ignore[attr-defined]  # of Annotated
    app.dependency_overrides[depends.dependency] = depends.dependency
    assert (await ask(app, "/counters/7")).by_fastapi


async def test_handler_of_the_application_answers_for_its_errors(filled: Database) -> None:
    for declared in (True, False):
        app = library(filled, declared=declared)

        @app.exception_handler(NotFoundError)
        async def answer(request: Request, error: NotFoundError) -> Response:
            return JSONResponse([request.path_params, error.detail], 410)

        reply = await ask(app, "/counters/8")
        assert (reply.status, reply.by_fastapi) == (410, not declared)
        assert json.loads(reply.body) == [{"counter_id": "8"}, "There is no counter 8."]


async def refuse() -> None:
    """Have a bug."""
    raise ValueError("hunter2")


async def test_bug_in_a_dependency_is_answered_as_any(
    filled: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    router = ReadRouter(dependencies=[Depends(refuse)])
    router.one("/counters/{counter_id}", CounterRepository, CounterRead)
    configure_logging(Settings(environment="test", log_format="json"))
    reply = await ask(served(filled, router), "/counters/7")
    assert (reply.status, reply.by_fastapi) == (500, False)
    assert b"hunter2" not in reply.body
    events = [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()]
    assert events == ["unhandled error", "request"]


class Marking:
    """A middleware that looks at what comes by."""

    def __init__(self, app: ASGIApp, seen: list[Any]) -> None:
        self.app = app
        self.seen = seen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Mark the response, and note the route."""

        async def marked(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-marked", b"yes")]
            await send(message)

        await self.app(scope, receive, marked)
        self.seen.append((scope["route"].path, scope["endpoint"].__name__, scope["path_params"]))


async def test_middleware_of_the_application_stands_around_declared_routes(
    filled: Database,
) -> None:
    seen: list[Any] = []
    for declared in (True, False):
        app = library(filled, declared=declared)
        app.add_middleware(Marking, seen=seen)
        reply = await ask(app, "/v2/acme/counters/7")
        assert (reply.status, reply.by_fastapi) == (200, not declared)
        assert (b"x-marked", b"yes") in reply.headers
        assert not any(one.cls.__name__ == "DeclaredReads" for one in app.user_middleware)  # type: ignore[attr-defined]  # a class
    expected = ("/counters/{counter_id}", "read_counter", {"tenant": "acme", "counter_id": "7"})
    assert seen == [expected, expected]


async def test_access_line_names_the_route(
    filled: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging(Settings(environment="test", log_format="json"))
    reply = await ask(library(filled, declared=True), "/v2/acme/counters/7", query=b"&&")
    assert not reply.by_fastapi
    (line,) = map(json.loads, capsys.readouterr().err.splitlines())
    assert (line["route"], line["status"]) == ("/v2/{tenant}/counters/{counter_id}", 200)
    assert (line["bytes"], line["query"]) == (len(reply.body), "")


async def test_request_is_counted_and_has_its_id(filled: Database) -> None:
    app = library(filled, declared=True)
    seen: list[Any] = []

    async def look(request: Request) -> None:
        seen.append((app.state.lifecycle.active, current_request_id(), request.state.mine))

    router = ReadRouter(dependencies=[Depends(look)])
    router.one("/seen/{counter_id}", CounterRepository, CounterRead)
    app.include_router(router)
    reply = await ask(app, "/seen/7", state={"mine": 1})
    assert (reply.status, reply.by_fastapi) == (200, False)
    assert seen == [(1, "same", 1)]
    assert app.state.lifecycle.active == 0


@pytest.mark.parametrize(
    "headers", [[(b"host", b"evil.example")], [(b"host", b"localhost")], [(b"host", b"")]]
)
async def test_strange_host_gets_nothing(headers: list[Any], filled: Database) -> None:
    app = library(filled, declared=True)
    assert (await ask(app, "/counters/7")).status == 200
    reply = await ask(app, "/counters/7", headers=headers)
    assert (reply.status, json.loads(reply.body)["reason"]) == (400, "host")


async def test_draining_service_lets_its_connections_go(filled: Database) -> None:
    app = library(filled, declared=True)
    app.state.lifecycle.drain()
    reply = await ask(app, "/counters/7")
    assert (reply.status, reply.by_fastapi) == (200, False)
    assert (b"connection", b"close") in reply.headers


async def test_route_that_is_added_later_is_answered_too(filled: Database) -> None:
    app = library(filled, declared=True)
    assert (await ask(app, "/v3/counters/7")).status == 404
    app.include_router(counters(), prefix="/v3")
    reply = await ask(app, "/v3/counters/7")
    assert (reply.status, reply.by_fastapi) == (200, False)


@pytest.mark.parametrize("root", ["/api", "/a/b"])
async def test_mounted_application_answers_its_own(root: str, filled: Database) -> None:
    outer = FastAPI()
    outer.mount(root, library(filled, declared=True))
    for path, expected in ((f"{root}/counters/7", False), (f"{root}/books/none", True)):
        reply = await ask(outer, path)
        assert reply.status == (422 if expected else 200)
    reply = await ask(library(filled, declared=True), f"{root}/counters/7", root_path=root)
    assert (reply.status, reply.by_fastapi) == (200, False)


async def test_without_the_boundary_fastapi_says_what_is_missing(filled: Database) -> None:
    app = FastAPI()
    answer_declared(app)
    app.include_router(counters())
    with pytest.raises(Exception, match="without the fastgres boundary"):
        await ask(app, "/counters/7")


async def test_failing_database_is_503_as_anywhere(filled: Database) -> None:
    """Before it is opened, which is a bug, and while it is away."""
    app = library(filled, declared=True)
    app.state.lifecycle.database = None
    reply = await ask(app, "/counters/7")
    assert (reply.status, reply.by_fastapi) == (500, False)


async def test_read_takes_its_connection_from_the_pool_and_gives_it_back(
    filled: Database,
) -> None:
    app = library(filled, declared=True)
    for path in ("/counters/7", "/counters/8", "/books", f"/me/books/{FIRST}"):
        assert not (await ask(app, path, headers=AS_ADA)).by_fastapi
        assert filled.pool_status().lent == 0


@pytest.mark.parametrize(
    ("path", "query", "message"),
    [
        ("/counters/7", b"fields=id", "There is no parameter 'fields'. Allowed: none."),
        (
            f"/books/{FIRST}/sparse",
            b"feilds=id",
            "There is no parameter 'feilds'; did you mean 'fields'? Allowed: fields.",
        ),
    ],
)
async def test_unknown_parameter_is_told_what_was_meant(
    path: str, query: bytes, message: str, filled: Database
) -> None:
    for reply in await both(filled, path, query=query):
        (error,) = json.loads(reply.body)["errors"]
        assert (reply.status, error["code"]) == (422, "unknown_parameter")
        assert error["message"] == message


async def test_openapi_describes_a_declared_route_as_any_other(filled: Database) -> None:
    declared, plain = (library(filled, declared=value).openapi() for value in (True, False))
    assert declared == plain
    operation = declared["paths"]["/books/{book_id}"]["get"]
    assert operation["operationId"] == "read_book"
    assert operation["summary"] == "Read Book"
    (parameter,) = operation["parameters"]
    assert (parameter["name"], parameter["in"]) == ("book_id", "path")
    assert parameter["schema"]["format"] == "uuid"
    assert {"200", "404", "422", "503"} <= operation["responses"].keys()
    page = declared["paths"]["/books"]["get"]
    names = [one["name"] for one in page["parameters"]]
    assert {"size", "cursor", "sort", "genre", "fields"} <= set(names)
    schema = page["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/Page_BookRead_"}
