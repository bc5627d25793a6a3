"""The query parameter by which a client names the fields it wants."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, cast

from pydantic import Field, create_model

from fastgres.errors import ConfigurationError
from fastgres.repository import Filter

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic_core import CoreSchema

    from fastgres.repository import StrictQuery

Asked = TypeVar("Asked", bound="StrictQuery")

NAME = "fields"
DESCRIPTION = "Only these fields, joined by commas; `customer.name` for a nested one."


class AllowedFields:
    """Describe in OpenAPI which names the parameter takes.

    They are asked for when the document is written: the mapped classes are all there by then.
    """

    def __init__(self, names: Callable[[], Iterable[str]]) -> None:
        self._names = names

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Add the pattern of what is allowed; the read itself refuses the rest, with the names."""
        name = f"({'|'.join(_escaped(each) for each in self._names())})"
        return {**handler(schema), "pattern": f"^{name}(,{name})*$"}


def _escaped(name: str) -> str:
    """Escape what means something in a regular expression of ECMA-262."""
    return re.sub(r"[\\^$.*+?()\[\]{}|/]", r"\\\g<0>", name)


def with_fields(query: type[Asked], names: Callable[[], Iterable[str]]) -> type[Asked]:
    """Return the query model with that parameter: it owns the query string, and refuses others."""
    if NAME in query.model_fields:
        raise ConfigurationError(
            f"{query.__name__} has a parameter {NAME!r} of its own, so the route cannot offer to "
            "choose fields by it. Rename one of them, or leave out `fields=True`."
        )
    field: Any = (
        Annotated[
            str | None, AllowedFields(names), Filter("custom"), Field(description=DESCRIPTION)
        ],
        None,
    )
    made: Any = create_model(
        query.__name__, __base__=query, __module__=query.__module__, fields=field
    )
    made.__doc__ = query.__doc__
    return cast("type[Asked]", made)
