"""What the expressions in a function's source stand for, told without running it.

A parameter is an instance of its annotation, a name is what its module calls so, a call returns
what the class or the annotation of the function says. Everything else is None.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin

Function = types.FunctionType
_DEEPEST: Final = 25
_MANY: Final = frozenset({"AsyncIterator", "AsyncGenerator", "Iterator", "Generator", "Awaitable"})


@dataclass(frozen=True, slots=True)
class Instance:
    """Some object of a class."""

    cls: type[Any]


@dataclass(frozen=True, slots=True)
class Bound:
    """A method of a class, and the class of the object that it was looked up on."""

    cls: type[Any]
    function: Function


@dataclass(slots=True)
class Names:
    """The names that a piece of source can use, and what they stand for."""

    given: dict[str, Any]
    outside: Mapping[str, Any]
    assigned: Mapping[str, ast.expr] = field(default_factory=dict)
    deep: int = 0

    def resolve(self, node: ast.expr) -> Any:
        """Return an object, an `Instance` or a `Bound`; None for what cannot be told."""
        self.deep += 1
        try:
            return self._resolve(node) if self.deep < _DEEPEST else None
        finally:
            self.deep -= 1

    def _resolve(self, node: ast.expr) -> Any:
        match node:
            case ast.Name(id=name):
                return self._named(name)
            case ast.Attribute(value=value, attr=name):
                return member(self.resolve(value), name)
            case ast.Call(func=function):
                return result_of(self.resolve(function))
            case ast.Await(value=value):
                return self.resolve(value)
            case _:
                return None

    def _named(self, name: str) -> Any:
        if name in self.given:
            return self.given[name]
        if name in self.assigned:
            return self.resolve(self.assigned[name])
        return self.outside.get(name)

    def annotated(self, node: ast.expr | None) -> Any:
        """Return an `Instance` of the class that an annotation names."""
        match node:
            case ast.Constant(value=str(text)):
                return self.annotated(ast.parse(text, mode="eval").body)
            case ast.BinOp(left=left, right=right, op=ast.BitOr()):
                return self.annotated(left) or self.annotated(right)
            case ast.Subscript(value=value, slice=inner):
                return self._generic(ast.unparse(value).rpartition(".")[2], value, inner)
            case ast.expr():
                return instance_of(self.resolve(node))
            case _:
                return None

    def _generic(self, name: str, value: ast.expr, inner: ast.expr) -> Any:
        if name in {"Annotated", "Optional", "Union", *_MANY}:
            first = inner.elts[0] if isinstance(inner, ast.Tuple) else inner
            return self.annotated(first)
        return instance_of(self.resolve(value))


@dataclass(frozen=True, slots=True)
class Source:
    """A function's syntax tree, with the names that it uses."""

    tree: ast.FunctionDef | ast.AsyncFunctionDef
    names: Names

    @classmethod
    def of(cls, function: Any, given: Mapping[str, Any]) -> Source | None:
        """Read a function that is called with `given`; None when there is no source of it."""
        function = inspect.unwrap(function)
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
        except (OSError, TypeError, SyntaxError):
            return None
        if not isinstance(function, Function) or not isinstance(
            tree, ast.FunctionDef | ast.AsyncFunctionDef
        ):
            return None
        names = Names({}, _outside(function), dict(_assigned(tree)))
        names.given |= {**dict(_parameters(tree, names)), **given}
        return cls(tree, names)


def _outside(function: Function) -> Mapping[str, Any]:
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    return {**function.__globals__, **dict(_contents(cells))}


def _contents(cells: Iterator[tuple[str, types.CellType]]) -> Iterator[tuple[str, Any]]:
    for name, cell in cells:
        try:
            yield name, cell.cell_contents
        except ValueError:
            continue


def _assigned(tree: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            yield ast.unparse(node.targets[0]), node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            yield ast.unparse(node.target), node.value


def _parameters(
    tree: ast.FunctionDef | ast.AsyncFunctionDef, names: Names
) -> Iterator[tuple[str, Any]]:
    parameters = [*tree.args.posonlyargs, *tree.args.args]
    defaults = [None] * (len(parameters) - len(tree.args.defaults)) + tree.args.defaults
    everything = [
        *zip(parameters, defaults, strict=True),
        *zip(tree.args.kwonlyargs, tree.args.kw_defaults, strict=True),
    ]
    for parameter, default in everything:
        yield parameter.arg, names.annotated(parameter.annotation) or _injected(default, names)


def _injected(default: ast.expr | None, names: Names) -> Any:
    """Return what `= Depends(function)` gives a parameter without annotation."""
    if not isinstance(default, ast.Call) or not default.args:
        return None
    injects = ast.unparse(default.func).rpartition(".")[2] == "Depends"
    return result_of(names.resolve(default.args[0])) if injects else None


def instance_of(annotation: Any) -> Instance | None:
    """Return an instance of what an annotation that was looked up stands for."""
    if isinstance(annotation, type) and not get_args(annotation):
        return Instance(annotation)
    origin = get_origin(annotation)
    if origin is Annotated:
        return instance_of(get_args(annotation)[0])
    if origin in {Union, types.UnionType}:
        return next(filter(None, map(instance_of, get_args(annotation))), None)
    if isinstance(annotation, TypeVar):
        return instance_of(annotation.__bound__)
    return instance_of(origin) if isinstance(origin, type) else None


def member(owner: Any, name: str) -> Any:
    """Return what an attribute stands for."""
    if isinstance(owner, Instance):
        return _attribute(owner.cls, name)
    if isinstance(owner, type):
        found = inspect.getattr_static(owner, name, None)
        function = getattr(found, "__func__", found)
        return Bound(owner, function) if isinstance(function, Function) else found
    if owner is None or isinstance(owner, Bound):
        return None
    return inspect.getattr_static(owner, name, None)


def _attribute(cls: type[Any], name: str) -> Any:
    """Return what an attribute of some instance stands for: a method, or as annotated or made."""
    found = inspect.getattr_static(cls, name, None)
    function = getattr(found, "__func__", found)
    if isinstance(function, Function):
        return Bound(cls, function)
    if isinstance(found, property) and isinstance(found.fget, Function):
        return returned(found.fget, Instance(cls))
    return next(filter(None, (_declared(each, name) for each in cls.__mro__)), None)


def _declared(cls: type[Any], name: str) -> Any:
    """Return what a class annotates an attribute with, or assigns to it when it is made."""
    annotation = inspect.get_annotations(cls).get(name)
    if annotation is not None:
        return _as_annotated(annotation, cls)
    make = cls.__dict__.get("__init__")
    source = Source.of(make, {"self": Instance(cls)}) if isinstance(make, Function) else None
    assigned = None if source is None else source.names.assigned.get(f"self.{name}")
    return None if source is None or assigned is None else source.names.resolve(assigned)


def _as_annotated(annotation: Any, owner: type[Any]) -> Any:
    if not isinstance(annotation, str):
        return instance_of(annotation)
    module = sys.modules.get(owner.__module__)
    names = Names({}, {} if module is None else vars(module))
    return names.annotated(ast.Constant(annotation))


def result_of(called: Any) -> Any:
    """Return what a call of a class, a method or a function gives."""
    if isinstance(called, type):
        return Instance(called)
    if isinstance(called, Bound):
        return returned(called.function, Instance(called.cls))
    return returned(called, None) if isinstance(called, Function) else None


def returned(function: Function, owner: Instance | None) -> Any:
    """Return an instance of what a function says it returns."""
    source = Source.of(function, {})
    annotation = None if source is None else source.tree.returns
    if source is None or annotation is None:
        return None
    if ast.unparse(annotation).strip("'\"").rpartition(".")[2] == "Self":
        return owner
    return source.names.annotated(annotation)
