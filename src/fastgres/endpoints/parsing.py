"""The query string of a request, read as FastAPI reads it; whatever is unusual is left to it."""

from __future__ import annotations

import types
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin
from urllib.parse import parse_qsl

from pydantic import Json

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

Pairs = Sequence[tuple[str, str]]

_LISTS: tuple[Any, ...] = (list, set, tuple, frozenset, Sequence)
_UNUSUAL = ("populate_by_name", "validate_by_name", "validate_by_alias")


def pairs_of(query_string: bytes) -> Pairs:
    """Return names and values, in order; as `urllib` does, which is slow on plain text."""
    text = query_string.decode("latin-1")
    if "%" in text or "+" in text:
        return parse_qsl(text, keep_blank_values=True)
    parts = [part.partition("=") for part in text.split("&") if part]
    return [(name, value) for name, _, value in parts]


class QueryParser:
    """Read a query model; None for parameters that FastAPI should refuse."""

    __slots__ = ("_lists", "_model", "_names", "_validate")

    def __init__(self, model: type[BaseModel], names: dict[str, bool]) -> None:
        self._model = model
        self._names = names
        self._validate = model.__pydantic_validator__.validate_python

    @classmethod
    def of(cls, model: type[BaseModel]) -> QueryParser | str:
        """Return the parser of a model, or why only FastAPI can read it."""
        unusual = [name for name in _UNUSUAL if model.model_config.get(name) is not None]
        if unusual:
            return f"{model.__name__} sets {unusual[0]}"
        names: dict[str, bool] = {}
        for name, info in model.model_fields.items():
            alias = info.validation_alias or info.alias or name
            several = _takes_several(info)
            if not isinstance(alias, str) or several is None or alias in names:
                return f"{model.__name__}.{name} is read in more ways than one"
            names[alias] = several
        return cls(model, names)

    def parse(self, query_string: bytes) -> Any | None:
        """Return the model, or None for a name that it does not have or a value it refuses."""
        given: dict[str, Any] = {}
        for name, value in pairs_of(query_string) if query_string else ():
            several = self._names.get(name)
            if several is None:
                return None
            if several:
                given.setdefault(name, []).append(value)
            else:
                given[name] = value
        try:
            return self._validate(given, from_attributes=True)
        except Exception:  # noqa: BLE001 - FastAPI reads it again, and answers for it
            return None


def _takes_several(info: FieldInfo) -> bool | None:
    """Tell whether a parameter may be repeated; None when that is not plain to see."""
    if any(Json in (each, type(each)) for each in info.metadata):
        return None
    return _is_list(info.annotation)


def _is_list(annotation: Any) -> bool | None:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _is_list(get_args(annotation)[0])
    if origin in {Union, types.UnionType}:
        inner = {_is_list(each) for each in get_args(annotation) if each is not types.NoneType}
        return inner.pop() if len(inner) == 1 else None
    if origin is not None and origin in _LISTS:
        return True
    if annotation in _LISTS:
        return True
    if isinstance(annotation, type) and origin is None:
        kind: type = annotation
        is_text = issubclass(kind, (str, bytes))
        return None if issubclass(kind, _LISTS) and not is_text else False
    return None if isinstance(origin, type) else False
