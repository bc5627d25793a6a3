"""The statement of a read that was found in a handler."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args, get_origin
from urllib.parse import parse_qsl

from pydantic import ValidationError
from sqlalchemy import Integer

from fastgres.errors import ConfigurationError
from fastgres.reads import Call, PageOrder, PlannedRead, Reads, Rows, key_attributes, parameter
from fastgres.repository import (
    KeysetQuery,
    OffsetQuery,
    Target,
    offset_read,
    one_read,
    page_read,
)

if TYPE_CHECKING:
    from pydantic import BaseModel

    from fastgres.dev.handlers import FoundRead
    from fastgres.reads import Explanation, ReadPlan
    from fastgres.repository import Repository


def explain_found(found: FoundRead, query: Any = None, *, fields: str | None = None) -> Explanation:
    """Explain a read as it is without the conditions that only a request knows.

    `query` is an instance of the query model; None stands for a request without parameters.
    `fields` are those that a client asks for, instead of those that the call names.
    """
    fields = found.option("fields") if fields is None else fields
    if isinstance(found.source, Reads):
        if found.method == "one":
            return found.source.explain(fields=fields)
        return _Listed(found, found.source.plan, fields).explain()
    target = _target(found.source, found)
    if found.method == "read":
        return one_read(target, tuple(each.key for each in key_attributes(target.mapped))).explain(
            fields=fields
        )
    if found.method in {"page", "offset_page"}:
        return _explain_page(found, target, query, fields=fields)
    unknown = {f"scope_{name}": None for name in target.scope}
    return _Listed(found, target.plan, fields, target.scoped(), unknown).explain()


def _target(repository: type[Repository[Any]], found: FoundRead) -> Target[Any]:
    return Target(
        mapped=repository.model,
        model=found.model,
        scope=tuple(repository.scoped_by),
        include_deleted=bool(found.option("include_deleted")),
        exclude_none=bool(found.option("exclude_none")),
    )


def _explain_page(
    found: FoundRead, target: Target[Any], query: Any, *, fields: str | None
) -> Explanation:
    options: dict[str, Any] = {"count": found.option("count")} if found.option("count") else {}
    if found.method == "page":
        return page_read(target, found.query or KeysetQuery).explain(
            query, fields=fields, **options
        )
    return offset_read(target, found.query or OffsetQuery).explain(query, fields=fields, **options)


@dataclass(frozen=True)
class _Listed:
    """A list, its first row, or the first batch of an export."""

    found: FoundRead
    plan: ReadPlan
    fields: str | None
    where: Sequence[Any] = ()
    values: Mapping[str, Any] = field(default_factory=dict)

    def explain(self) -> Explanation:
        method, mapped = self.found.method, self.plan.root.cls
        keys = key_attributes(mapped)
        size = "size" if method == "stream" else "limit"
        rows = Rows(where=self.where, order_by=keys, limit=parameter(size, Integer()))
        values = {**self.values, size: self._most()}
        call = Call(("found", method, tuple(self.values)), lambda _: rows, values)
        order = PageOrder([(key, False) for key in keys], separator="\n")
        read = PlannedRead.of(self.plan)
        read = read if self.fields is None else read.with_fields(self.fields)
        return read.explain(call, order if method == "stream" else None, many=method == "list")

    def _most(self) -> int:
        default = {"first": 1, "stream": 1_000}.get(self.found.method, 100)
        return self.found.option("limit") or default


def query_of(model: type[BaseModel], query_string: str) -> Any:
    """Return the query that a query string asks for.

    Raises `ConfigurationError` for one that a request would be refused for.
    """
    given: dict[str, list[str]] = {}
    for name, value in parse_qsl(query_string, keep_blank_values=True):
        given.setdefault(name, []).append(value)
    fields = model.model_fields.items()
    lists = {info.alias or name for name, info in fields if _is_list(info.annotation)}
    try:
        return model.model_validate(
            {name: values if name in lists else values[-1] for name, values in given.items()}
        )
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise refused(query_string, "; ".join(problems)) from None


def refused(query_string: str, why: str) -> ConfigurationError:
    """Return the error for a query string that a request would be refused for."""
    return ConfigurationError(
        f"A request with the query {query_string!r} is refused with 422, so there is nothing to "
        f"explain. {why}"
    )


def _is_list(annotation: Any) -> bool:
    kinds = {list, set, tuple, frozenset}
    return get_origin(annotation) in kinds or any(map(_is_list, get_args(annotation)))
