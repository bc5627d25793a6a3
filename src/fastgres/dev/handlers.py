"""The reads of a handler, found in its source and in that of the service's functions it calls."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from fastgres.dev.names import Bound, Function, Instance, Names, Source
from fastgres.reads import Reads
from fastgres.repository import Repository

_DEEPEST: Final = 6
_LIBRARIES: Final = frozenset(
    {"asyncio", "builtins", "fastapi", "fastgres", "pydantic", "sqlalchemy", "starlette", "typing"}
)
REPOSITORY: Final = frozenset({"read", "first", "list", "page", "offset_page", "stream"})
READS: Final = frozenset({"one", "first", "list", "stream"})
ROWS: Final = {
    "get": "read",
    "find": "read",
    "first_by": "first",
    "get_many": None,
    "list": "list",
    "page": "page",
    "offset_page": "offset_page",
    "stream": "stream",
}
"""Methods that return entities, and those that would answer instead."""

_SESSION: Final = frozenset({"execute", "get", "get_one", "scalar", "scalars", "stream"})


@dataclass(frozen=True, slots=True)
class FoundRead:
    """A call that reads a response model; `query` is the class of its query model."""

    method: str
    source: type[Repository[Any]] | Reads[Any]
    model: type[BaseModel]
    query: type[BaseModel] | None
    node: ast.Call = field(repr=False)

    @property
    def text(self) -> str:
        """The call as it is written."""
        return ast.unparse(self.node)

    @property
    def conditions(self) -> tuple[str, ...]:
        """What the call adds that only a request knows, as it is written."""
        takes = 2 if self.method in {"read", "page", "offset_page"} else 1
        further = [each for each in self.node.keywords if each.arg in {"order_by", "query"}]
        return tuple(ast.unparse(each) for each in (*self.node.args[takes:], *further))

    @property
    def fields(self) -> str | None:
        """The parameter by which a client chooses fields, as the call names it; None without."""
        given = (each.value for each in self.node.keywords if each.arg == "fields")
        match next(given, None):
            case ast.Name(id=name) | ast.Attribute(attr=name):
                return name
        return None

    def option(self, name: str) -> Any:
        """Return the value of an option that is written out; else None."""
        for each in self.node.keywords:
            if each.arg == name and isinstance(each.value, ast.Constant):
                return each.value.value
        return None


@dataclass(frozen=True, slots=True)
class FoundRows:
    """A call that returns rows; `instead` is the method that answers, where there is one."""

    instead: str | None
    node: ast.Call = field(repr=False)

    def reading(self, model: str) -> str | None:
        """Return the same call written as a read of a response model."""
        function = self.node.func
        if self.instead is None or not isinstance(function, ast.Attribute):
            return None
        method = ast.Attribute(function.value, self.instead)
        options = [each for each in self.node.keywords if each.arg != "options"]
        return ast.unparse(ast.Call(method, [ast.Name(model), *self.node.args], options))


@dataclass(slots=True)
class Findings:
    """What is in the source of a handler; `reads` and `rows` in the order in which they stand."""

    reads: list[FoundRead] = field(default_factory=list)
    rows: list[FoundRows] = field(default_factory=list)
    _seen: set[Hashable] = field(default_factory=set)

    @classmethod
    def of(cls, handler: Any) -> Findings:
        """Search a handler; a read that is in no source that can be found is not found."""
        found = cls()
        found._search(handler, {}, 0)
        return found

    def _search(self, function: Any, given: Mapping[str, Any], depth: int) -> None:
        function = inspect.unwrap(function)
        call = (function, *((name, _known(value)) for name, value in given.items()))
        if call in self._seen or depth > _DEEPEST:
            return
        self._seen.add(call)
        source = Source.of(function, given)
        if source is None:
            return
        for node in _calls(source.tree):
            self._look_at(node, source.names, depth)

    def _look_at(self, node: ast.Call, names: Names, depth: int) -> None:
        owner = names.resolve(node.func.value) if isinstance(node.func, ast.Attribute) else None
        if isinstance(owner, Reads) and isinstance(node.func, ast.Attribute):
            if node.func.attr in READS:
                self.reads.append(FoundRead(node.func.attr, owner, owner.model, None, node))
            return
        called = names.resolve(node.func)
        function = called.function if isinstance(called, Bound) else called
        if not isinstance(function, Function):
            return
        if isinstance(called, Bound) and _is_of_a_library(function):
            self._note(called, node, names)
        elif not _is_of_a_library(function):
            self._search(function, _given(called, node, names), depth + 1)

    def _note(self, called: Bound, node: ast.Call, names: Names) -> None:
        """Note a call of a method that is no function of the service's own."""
        method = called.function.__name__
        if issubclass(called.cls, AsyncSession) and method in _SESSION:
            self.rows.append(FoundRows(None, node))
        if not issubclass(called.cls, Repository) or not hasattr(called.cls, "model"):
            return
        model, query = ([*map(names.resolve, node.args), None, None])[:2]
        if method in REPOSITORY and isinstance(model, type) and issubclass(model, BaseModel):
            query = query or _keyword(node, "query", names)
            asked = query.cls if isinstance(query, Instance) else None
            self.reads.append(FoundRead(method, called.cls, model, asked, node))
        elif method in ROWS:
            self.rows.append(FoundRows(ROWS[method], node))


def _calls(tree: ast.AST) -> list[ast.Call]:
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return sorted(found, key=lambda node: (node.lineno, node.col_offset))


def _is_of_a_library(function: Function) -> bool:
    return function.__module__.partition(".")[0] in _LIBRARIES


def _given(called: Bound | Function, node: ast.Call, names: Names) -> dict[str, Any]:
    """Return what the parameters of a function stand for when it is called like this."""
    function = called.function if isinstance(called, Bound) else called
    parameters = list(inspect.signature(function).parameters)
    given = {each.arg: names.resolve(each.value) for each in node.keywords if each.arg}
    if isinstance(called, Bound) and parameters:
        given[parameters.pop(0)] = Instance(called.cls)
    given |= dict(zip(parameters, map(names.resolve, node.args), strict=False))
    return {name: value for name, value in given.items() if value is not None}


def _known(value: Any) -> Hashable:
    return value if isinstance(value, Instance) else id(value)


def _keyword(node: ast.Call, name: str, names: Names) -> Any:
    return next((names.resolve(each.value) for each in node.keywords if each.arg == name), None)
