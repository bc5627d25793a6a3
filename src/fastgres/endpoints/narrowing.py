"""The query model of a route whose path gives a column: it has no filter on that column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from pydantic import create_model
from pydantic.errors import PydanticUserError

from fastgres.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Collection

    from fastgres.repository import KeysetQuery, OffsetQuery


def without_filters_on(
    columns: Collection[str], query: type[KeysetQuery | OffsetQuery], path: str
) -> type[KeysetQuery | OffsetQuery]:
    """Return the query model without the fields that filter by these columns.

    The path has said which rows are meant; a filter could only find the same ones or none.
    """
    declared = getattr(query, "declaration", None)
    names = [each.field for each in declared.filters if each.column in columns] if declared else []
    if not names:
        return query
    absent: dict[str, Any] = dict.fromkeys(names, (ClassVar[Any], None))
    try:
        made: Any = create_model(
            query.__name__, __base__=query, __module__=query.__module__, **absent
        )
    except PydanticUserError as error:
        raise ConfigurationError(
            f"{query.__name__} has a validator of a field among {', '.join(names)}, which the "
            f"route {path!r} takes from the path, so that it is no parameter of the query there. "
            "Give the route a query model without that field."
        ) from error
    made.__doc__ = query.__doc__
    return cast("type[KeysetQuery | OffsetQuery]", made)
