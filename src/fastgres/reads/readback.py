"""From the JSON of a read back to the typed object."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from fastgres.errors import ConfigurationError
from fastgres.reads.shape import Many, Nested, shape_of

if TYPE_CHECKING:
    from fastgres.reads.call import Answer
    from fastgres.reads.plan import ReadPlan
    from fastgres.reads.shape import FieldShape

Places = dict[str, tuple[tuple[str, ...], "Places"]]
"""Where each key of the JSON belongs for validation, and the same for the object in it."""


def read_back_of(plan: ReadPlan, answer: Answer, shape: Any) -> Callable[[], Any]:
    """Return what gives the value of an answer: what Python has made of it already, or its JSON."""
    if answer.models is not None:
        return partial(_made, answer.models, shape)
    return partial(_read_body, plan, answer.body, shape)


def _made(models: list[Any], shape: Any) -> Any:
    return models if get_origin(shape) is list else models[0]


def _read_body(plan: ReadPlan, body: bytes, shape: Any) -> Any:
    return reader_of(plan, shape)(body)


@lru_cache(maxsize=1024)
def reader_of(plan: ReadPlan, shape: Any) -> Callable[[bytes], Any]:
    """Return what makes a value of `shape` (the model, a list of it, a page) from its JSON.

    A model that is written under other names than it is read by has its keys put back first.
    """
    adapter: TypeAdapter[Any] = TypeAdapter(shape)
    nested = shape_of(plan.model)
    places = _places(nested)
    moved = _moves(places)

    def read(body: bytes) -> Any:
        try:
            return adapter.validate_json(
                to_json(_put_back(from_json(body), places)) if moved else body
            )
        except ValidationError as error:
            raise ConfigurationError(
                f"The JSON of {plan.model.__name__} cannot be made one again: {_problems(error)}. "
                "value() needs every required field, and stored values that the model's "
                "constraints allow: read without `fields=`, give excluded fields a default, put "
                "constraints on what comes in, or use the repository's get()."
            ) from error

    return read


def _places(shape: Nested) -> Places:
    return {each.key: (_path(each), _inner(each)) for each in shape.fields if not each.excluded}


def _path(field: FieldShape) -> tuple[str, ...]:
    return field.lookups[0]


def _inner(field: FieldShape) -> Places:
    shape = field.shape.item if isinstance(field.shape, Many) else field.shape
    return _places(shape) if isinstance(shape, Nested) else {}


def _moves(places: Places) -> bool:
    return any(path != (key,) or _moves(inner) for key, (path, inner) in places.items())


def _put_back(value: Any, places: Places) -> Any:
    """Put the keys of every object back where validation looks for them.

    A page holds its objects under `items`, and no model's places fit the page itself.
    """
    if isinstance(value, list):
        return [_put_back(each, places) for each in value]
    if not isinstance(value, dict):
        return value
    made: dict[str, Any] = {}
    for key, each in value.items():
        path, inner = places.get(key, ((key,), {}))
        _set(made, path, _put_back(each, inner) if inner else each)
    return made


def _set(made: dict[str, Any], path: Iterable[str], value: Any) -> None:
    """Set what lies at a path; the object that it leads into may come before it or after it."""
    *way, last = path
    for name in way:
        if made.setdefault(name, {}) is None:
            return
        made = made[name]
    there = made.get(last)
    if isinstance(there, dict) and isinstance(value, dict):
        value = {**there, **value}
    made[last] = value


def _problems(error: ValidationError) -> str:
    found: list[Mapping[str, Any]] = list(error.errors(include_input=False, include_url=False))
    return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in found[:5])
