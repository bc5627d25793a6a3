"""The order of routes is FastAPI's, whatever stands before a declared route."""

from __future__ import annotations

import re
from inspect import Parameter, Signature
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Host, Match, Mount, Route, WebSocketRoute

from fastgres.endpoints import ReadRouter, answer_declared
from fastgres.endpoints.answerable import Answerable
from fastgres.endpoints.precedence import places
from fastgres.http import Lifecycle, install
from fastgres.observability import configure_logging
from fastgres.repository import Repository
from fastgres.settings import Settings
from tests.endpoints.library import ADA, AuthorRead, ask
from tests.models import Author

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from fastgres.db import Database
    from fastgres.endpoints.precedence import Place


class AuthorRepository(Repository[Author]):
    """Authors."""


PARAMETERS = re.compile(r"\{(\w+)(?::\w+)?\}")


def declared(path: str) -> ReadRouter:
    """Declare one route; its first parameter is the key."""
    router = ReadRouter()
    router.one(path, AuthorRepository, AuthorRead, keys={"x": "id"})
    return router


def why(*routes: BaseRoute, path: str = "/a/{x}", **options: Any) -> str | None:
    """Return why FastAPI has to answer the declared route behind these."""
    app = FastAPI(**options)
    app.router.routes[:] = routes
    app.include_router(declared(path))
    (place,) = [each for each in places(app.router.routes) if each.declaration is not None]
    made = answerable(place)
    return made if isinstance(made, str) else None


def answerable(place: Place) -> Answerable | str:
    """Return what answers a declared route, or why FastAPI does."""
    assert place.declaration is not None
    return Answerable.of(place, place.declaration)


async def endpoint(request: Any) -> PlainTextResponse:
    """Be some handler."""
    return PlainTextResponse("plain")


@pytest.mark.parametrize(
    "route",
    [
        Route("/a/b", endpoint),
        Route("/b/{x}", endpoint),
        Route("/a/{x}", endpoint, methods=["POST"]),
        Route("/a/{x}/c", endpoint),
        Route("/a/{x:int}", endpoint),
        Mount("/b", PlainTextResponse("x")),
        WebSocketRoute("/a/{x}", endpoint),
    ],
)
def test_route_that_takes_other_requests_is_no_hindrance(route: BaseRoute) -> None:
    assert why(route) is None


class Picky(APIRoute):
    """A route that decides by itself."""

    def matches(self, scope: Any) -> tuple[Match, Any]:
        """Match sometimes."""
        return super().matches(scope)


@pytest.mark.parametrize(
    ("route", "words"),
    [
        (Route("/a/{y}", endpoint), "the route '/a/{y}' stands before it and takes the same paths"),
        (Route("/{z}/{y}", endpoint), "takes the same paths"),
        (Host("shop.example", PlainTextResponse("x")), "may take any request"),
        (Picky("/b", endpoint), "may take any request"),
    ],
)
def test_route_that_may_take_all_of_its_requests_hides_it(route: BaseRoute, words: str) -> None:
    assert words in (why(route) or "")


def test_fixed_path_is_hidden_by_whatever_takes_it() -> None:
    for route in (Route("/{y:path}", endpoint), Mount("/a", PlainTextResponse("x"))):
        router = ReadRouter()
        router.list("/a/b", AuthorRepository, AuthorRead)
        app = FastAPI()
        app.router.routes[:] = [route]
        app.include_router(router)
        (place,) = places(app.router.routes)
        assert "takes the same path" in str(answerable(place))


@pytest.mark.parametrize("path", ["/a/{x:int}", "/a/v{x}", "/a/{x:path}"])
def test_parameter_that_is_no_whole_segment_is_left_to_fastapi(path: str) -> None:
    router = ReadRouter()
    router.one("/a/{x}", AuthorRepository, AuthorRead, keys={"x": "id"})
    outer = APIRouter()
    outer.include_router(router, prefix=path.replace("{x", "{tenant"))
    app = FastAPI()
    app.include_router(outer)
    (place,) = places(app.router.routes)
    assert "no plain segment" in str(answerable(place))


class Timed(APIRoute):
    """A route class of the application."""


def test_route_class_of_the_application_is_left_to_fastapi() -> None:
    router = ReadRouter(route_class=Timed)
    router.one("/a/{x}", AuthorRepository, AuthorRead, keys={"x": "id"})
    app = FastAPI()
    app.include_router(router)
    (place,) = places(app.router.routes)
    assert "its route class is Timed" in str(answerable(place))


SEGMENTS = st.sampled_from(["a", "b", "{x}", "{y}", "{n:int}", "v{m}", "{rest:path}"])
PLAIN = st.sampled_from(["a", "{x}", "{y}"])
PATHS = st.lists(PLAIN, min_size=1, max_size=2, unique=True) | st.lists(
    SEGMENTS, min_size=1, max_size=3, unique=True
)
PREFIXES = st.sampled_from(["", "", "/a", "/{t}"])
KINDS = st.sampled_from(
    ["declared", "declared", "written", "written", "handler", "post", "mount", "any"]
)
TABLES = st.lists(st.tuples(KINDS, PREFIXES, PATHS), min_size=2, max_size=6)
VALUES = st.sampled_from(["a", "b", "v1", "7", "", "x\n", str(ADA)])


@st.composite
def requests_of(draw: Any, table: list[tuple[str, str, list[str]]]) -> str:
    """Draw a path that one of the routes may take."""
    _, prefix, segments = draw(st.sampled_from(table))
    parts = [*prefix.split("/")[1:], *segments]
    filled = [part if "{" not in part else draw(VALUES) for part in parts]
    return "/" + "/".join([*filled, *draw(st.lists(VALUES, max_size=1))])


def build(table: list[tuple[str, str, list[str]]], database: Database, *, layer: bool) -> FastAPI:
    """Make an application with this table of routes."""
    app = FastAPI(redirect_slashes=False)
    install(app, Lifecycle(Settings(environment="test"), database))
    if layer:
        answer_declared(app)
    for number, (kind, prefix, segments) in enumerate(table):
        path = "/" + "/".join(segments)
        router = ReadRouter()
        names = [name for name in ("x", "y") if f"{{{name}}}" in path]
        if kind == "declared" and names and ":" not in path and "v{" not in path:
            keys = dict(zip(names, ("id", "name"), strict=False))
            router.one(path, AuthorRepository, AuthorRead, keys=keys, name=f"declared_{number}")
        elif kind == "mount":
            app.mount(prefix + path, PlainTextResponse(f"mount {number}"))
            continue
        elif kind == "written":
            router.get(path)(told(number, sorted(set(PARAMETERS.findall(prefix + path)))))
        else:
            methods = {"post": ["POST"], "any": ["GET", "POST"]}.get(kind, ["GET"])
            router.add_api_route(path, say(number), methods=methods)
        app.include_router(router, prefix=prefix)
    return app


def say(number: int) -> Any:
    """Return a handler that says which one it is."""

    async def handler() -> int:
        return number

    return handler


def told(number: int, names: list[str]) -> Any:
    """Return a handler that says which one it is and what it was given, as a response."""

    async def handler(**given: str) -> Response:
        return PlainTextResponse(f"{number} {sorted(given.items())}")

    keyword = Parameter.KEYWORD_ONLY
    parameters = [Parameter(name, keyword, annotation=str) for name in names]
    handler.__signature__ = Signature(parameters, return_annotation=Response)  # type: ignore[attr-defined]  # what FastAPI reads
    return handler


@settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data())
async def test_every_path_comes_to_the_route_that_fastapi_chooses(
    filled: Database, data: Any
) -> None:
    configure_logging(Settings(environment="test"))  # an access line looks at the route
    table = data.draw(TABLES)
    ours, theirs = (build(table, filled, layer=layer) for layer in (True, False))
    for path in data.draw(st.lists(requests_of(table), min_size=1, max_size=6)):
        scopes: list[dict[str, Any]] = [{}, {}]
        replies = [
            await ask(app, path, scope_of=scope)
            for app, scope in zip((ours, theirs), scopes, strict=True)
        ]
        assert replies[0].told() == replies[1].told()
        names = [getattr(scope.get("endpoint"), "__name__", None) for scope in scopes]
        assert names[0] == names[1]
        if replies[1].status != 422:
            assert scopes[0].get("path_params") == scopes[1].get("path_params")
