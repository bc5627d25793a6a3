"""A declared route: what it reads, worked out from what was written."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakKeyDictionary

from sqlalchemy import inspect

from fastgres.endpoints.keys import check_unique, columns_of, key_columns, type_of
from fastgres.endpoints.narrowing import without_filters_on
from fastgres.endpoints.pattern import Pattern
from fastgres.endpoints.sparse import NAME, with_fields
from fastgres.errors import ConfigurationError, UnknownNameError
from fastgres.reads import PlannedRead, ReadPlan
from fastgres.repository import OffsetPage, OffsetQuery, Page, StrictQuery

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pydantic import BaseModel

    from fastgres.endpoints.options import ScopeDependency
    from fastgres.repository import KeysetQuery, Repository

Kind = Literal["one", "page", "list"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Declaration:
    """One declared route. `keys` names the column of each path parameter, in their order.

    `parameters` are those of the query string: the `query` of a page, else `fields` at most.
    """

    kind: Kind
    path: str
    repository: type[Repository[Any]]
    model: type[BaseModel]
    query: type[KeysetQuery | OffsetQuery] | None = None
    parameters: type[StrictQuery] = StrictQuery
    keys: Mapping[str, str]
    scope: Mapping[str, ScopeDependency]
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def mapped(self) -> type[Any]:
        """The class whose rows are read."""
        mapped: type[Any] = self.repository.model
        return mapped

    @property
    def noun(self) -> str:
        """The name of the class in words."""
        return _snake(self.mapped.__name__).replace("_", " ")

    @property
    def name(self) -> str:
        """The operation's id: given, or after what is read."""
        if (given := self.options.get("name")) is not None:
            return str(given)
        if self.kind == "one":
            return f"read_{_snake(self.mapped.__name__)}"
        return f"list_{inspect(self.mapped).local_table.name}"

    def fields_in(self, parameters: StrictQuery) -> str | None:
        """Return the fields that a client chooses, where the route offers it."""
        return getattr(parameters, NAME, None) if self.options.get("fields") else None

    @cached_property
    def is_conditional(self) -> bool:
        """Whether responses carry an `ETag`, and are 304 where the client has them."""
        return bool(self.options.get("etag"))

    @cached_property
    def head(self) -> tuple[tuple[bytes, bytes], ...]:
        """The headers of every response: what it is, and how long it may be kept."""
        kept: str | None = self.options.get("cache")
        kind = (b"content-type", b"application/json")
        return (kind,) if kept is None else (kind, (b"cache-control", kept.encode("latin-1")))

    @property
    def response_model(self) -> Any:
        """What the response holds, as OpenAPI describes it."""
        if self.kind == "one":
            return self.model
        if self.kind == "list":
            return list[self.model]  # type: ignore[name-defined]  # a type made at run time
        offset = self.query is not None and issubclass(self.query, OffsetQuery)
        return (OffsetPage if offset else Page)[self.model]

    @cached_property
    def types(self) -> dict[str, Any]:
        """The Python type of each path parameter."""
        return {name: type_of(self.mapped, each) for name, each in self.keys.items()}


def field_names(mapped: type[Any], model: type[BaseModel]) -> Sequence[str]:
    """Return the names of the fields of a response model, those of nested objects with a path."""
    return PlannedRead.of(ReadPlan.of(mapped, model)).fields


def declare(kind: Kind, path: str, **given: Any) -> Declaration:
    """Check what was written and return the declaration; raise `ConfigurationError` otherwise."""
    options: dict[str, Any] = given.pop("options")
    repository: type[Repository[Any]] = given["repository"]
    scope = dict(options.get("scope", {}))
    _check_scope(repository, path, scope)
    keys = key_columns(
        repository.model,
        path,
        Pattern.of(path).names,
        given=options.get("keys", {}),
        one=kind == "one",
    )
    parameters: Any = StrictQuery
    if given.get("query") is not None:
        parameters = without_filters_on([*keys.values()], given["query"], path)
    if options.get("fields"):
        parameters = with_fields(parameters, partial(field_names, repository.model, given["model"]))
    given["parameters"] = parameters
    if given.get("query") is not None:
        given["query"] = parameters
    declared = Declaration(kind=kind, path=path, keys=keys, scope=scope, options=options, **given)
    _ = declared.types
    both = [column for column in keys.values() if column in scope]
    if both:
        raise ConfigurationError(
            f"In the route {path!r} both the path and the scope give {both[0]}. Leave it out of "
            "the path: the caller is known, and sees no other."
        )
    if kind == "one" and not options.get("where"):
        check_unique(declared.mapped, path, [*keys.values(), *scope])
    return declared


def _check_scope(
    repository: type[Repository[Any]], path: str, scope: Mapping[str, ScopeDependency]
) -> None:
    allowed = repository.scoped_by or columns_of(repository.model)
    for name in scope:
        if name not in allowed:
            raise UnknownNameError(f"scope of {repository.__name__}", name, allowed)
    missing = [name for name in repository.scoped_by if name not in scope]
    if missing:
        raise ConfigurationError(
            f"{repository.__name__} is scoped by {', '.join(repository.scoped_by)}, and the route "
            f"{path!r} gives no {', '.join(missing)}: it would show everybody's rows to anybody. "
            f"Write `scope={{{missing[0]!r}: current_{missing[0]}}}`, with a dependency that "
            "returns the value of the caller."
        )


def _snake(name: str) -> str:
    letters = (f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    return "".join(letters).strip("_")


_declared: WeakKeyDictionary[Callable[..., Any], Declaration] = WeakKeyDictionary()


def remember(handler: Callable[..., Any], declaration: Declaration) -> None:
    """Note that a handler was made from a declaration."""
    _declared[handler] = declaration


def declaration_of(handler: Any) -> Declaration | None:
    """Return the declaration that a handler was made from; None for a handler that was written."""
    return _declared.get(handler) if callable(handler) else None
