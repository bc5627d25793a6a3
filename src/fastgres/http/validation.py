"""FastAPI's validation errors as a 422 that names the fields, and never repeats what was sent."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from fastgres.errors import FieldProblem, InvalidRequestError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST = 50
"""Errors that are told; a body of a million unknown keys gets no longer answer than this."""

LONGEST = 100
"""Characters of a name from the request that are told back."""

_PREFIXES = ("Value error, ", "Assertion failed, ")


def invalid_request(errors: Sequence[dict[str, Any]], route: Any | None) -> InvalidRequestError:
    """Return the error for what pydantic found; `route` gives the names for "did you mean"."""
    fields = [_field(error, route) for error in errors[:MOST]]
    count = len(errors)
    more = {"more_errors": count - MOST} if count > MOST else None
    words = "1 part of the request is" if count == 1 else f"{count} parts of the request are"
    return InvalidRequestError(f"{words} not valid.", fields=fields, extensions=more)


def _field(error: dict[str, Any], route: Any | None) -> FieldProblem:
    location = tuple(error["loc"])
    told = tuple(one[:LONGEST] if isinstance(one, str) else one for one in location)
    return FieldProblem(told, error["type"], _message(error, location, route))


def _message(error: dict[str, Any], location: tuple[str | int, ...], route: Any | None) -> str:
    match error["type"]:
        case "extra_forbidden":
            return _unknown(location, names_at(route, location))
        case "union_tag_invalid":
            return f"Must name one of: {error['ctx']['expected_tags']}."
        case _:
            message: str = error["msg"]
            for prefix in _PREFIXES:
                message = message.removeprefix(prefix)
            return message


def _unknown(location: tuple[str | int, ...], known: tuple[str, ...]) -> str:
    kind = "field" if location[0] == "body" else "parameter"
    if not known:
        return f"There is no such {kind}."
    meant = nearest(str(location[-1])[:LONGEST], known)
    hint = f"; did you mean {meant!r}?" if meant else "."
    return f"There is no such {kind}{hint} Allowed: {', '.join(known)}."


def names_at(route: Any | None, location: tuple[str | int, ...]) -> tuple[str, ...]:
    """Return the names that the models of a route allow where an unknown one stood."""
    if location[0] == "body":
        field = getattr(route, "body_field", None)
        found = _leaves(field.field_info.annotation) if field is not None else []
    else:
        parameters = _parameters(getattr(route, "dependant", None), f"{location[0]}_params")
        found = [leaf for one in parameters for leaf in _leaves(one.field_info.annotation)]
    for part in location[1:-1]:
        found = _children(found, part)
    return tuple(sorted({name for model in found for name in _fields(model)}))


def _parameters(dependant: Any | None, kind: str) -> Iterable[Any]:
    if dependant is not None:
        yield from getattr(dependant, kind, ())
        for inner in dependant.dependencies:
            yield from _parameters(inner, kind)


def _leaves(annotation: Any) -> list[Any]:
    """Return the types in an annotation, without `Annotated`, `Union` and `None` around them."""
    if get_origin(annotation) is Annotated:
        return _leaves(get_args(annotation)[0])
    if get_origin(annotation) in {Union, types.UnionType}:
        return [leaf for one in get_args(annotation) for leaf in _leaves(one)]
    return [annotation]


def _children(found: list[Any], part: str | int) -> list[Any]:
    """Return the types below a name or index; a name that is none is the tag of a union."""
    inner: list[Any] = []
    for one in found:
        if isinstance(part, int):
            inner += [leaf for item in get_args(one)[:1] for leaf in _leaves(item)]
        elif part in (fields := _fields(one)):
            inner += _leaves(fields[part])
    return inner or found


def _fields(model: Any) -> dict[str, Any]:
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return {}
    return {
        str(field.validation_alias or field.alias or name): field.annotation
        for name, field in model.model_fields.items()
    }
