"""How a request may be wrapped."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from fastgres.rules.names import last_name
from fastgres.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator


def _find(module: ast.Module) -> Iterator[ast.expr | ast.stmt]:
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef):
            yield from (each for each in node.bases if last_name(each) == "BaseHTTPMiddleware")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from (each for each in node.decorator_list if _wraps_requests(each))


def _wraps_requests(decorator: ast.expr) -> bool:
    if not isinstance(decorator, ast.Call) or last_name(decorator.func) != "middleware":
        return False
    return any(isinstance(each, ast.Constant) and each.value == "http" for each in decorator.args)


BASE_HTTP_MIDDLEWARE = Rule(
    code="FG201",
    name="base-http-middleware",
    why=(
        "BaseHTTPMiddleware runs the application in a task of its own and cancels it when the "
        "client leaves, in the middle of a transaction too; context variables set inside are "
        "lost, and it costs more than the route (Kludex/starlette#1678, open-webui PR#23709)."
    ),
    fix="Write a pure ASGI middleware: a class with `async def __call__(scope, receive, send)`.",
    bad=(
        "from starlette.middleware.base import BaseHTTPMiddleware\n"
        "class Timing(BaseHTTPMiddleware):  # FG201\n"
        "    async def dispatch(self, request, call_next):\n"
        "        return await call_next(request)\n"
    ),
    good=(
        "class Timing:\n"
        "    def __init__(self, app):\n"
        "        self.app = app\n"
        "    async def __call__(self, scope, receive, send):\n"
        "        await self.app(scope, receive, send)\n"
    ),
    since="0.1",
    source="https://github.com/Kludex/starlette/issues/1678",
    find=_find,
)
