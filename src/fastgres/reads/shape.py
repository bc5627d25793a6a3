"""A response model as Pydantic compiled it: what each field takes and how it is written.

Read from `BaseModel.__pydantic_core_schema__`, in which everything that changes a value stands in
one place: aliases, validators, serializers, constraints, wherever they were declared. What this
module does not know by name is `Opaque`, so that a new feature of Pydantic is never misread.
`tests/reads/test_shape.py` fails when the names change.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from fastgres.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic import BaseModel

Schema = dict[str, Any]
"""One node of a core schema; `pydantic_core.core_schema` has a TypedDict for each kind."""

_SCALARS: Final = frozenset(
    {"str", "int", "float", "bool", "decimal", "uuid", "date", "time", "datetime", "enum", "any"}
)
_ONLY_REFUSE: Final = frozenset(
    {
        "allow_inf_nan",
        "cls",
        "decimal_places",
        "expected",
        "ge",
        "gt",
        "le",
        "lt",
        "max_digits",
        "max_length",
        "members",
        "metadata",
        "microseconds_precision",
        "min_length",
        "missing",
        "multiple_of",
        "now_op",
        "now_utc_offset",
        "pattern",
        "ref",
        "regex_engine",
        "sub_type",
        "type",
        "tz_constraint",
        "version",
    }
)
"""Settings of a scalar that refuse values or describe them, and change none."""

_HARMLESS_CONFIG: Final = frozenset(
    {
        "cache_strings",
        "extra_fields_behavior",
        "from_attributes",
        "frozen",
        "hide_input_in_errors",
        "populate_by_name",
        "regex_engine",
        "str_max_length",
        "str_min_length",
        "title",
        "validate_assignment",
        "validate_by_alias",
        "validate_by_name",
        "validation_error_cause",
    }
)
_NO_PART_OF_A_VALUE: Final = frozenset({"metadata", "serialization", "default", "config"})
_BEFORE: Final = frozenset({"function-before", "function-wrap"})
_FUNCTIONS: Final = _BEFORE | {"function-after"}


@dataclass(frozen=True, slots=True)
class Opaque:
    """What only Python can compute, and why; `models` are those of the objects inside, if any."""

    why: str
    models: tuple[Nested, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value; `kind` is the name of Pydantic's own schema type, or `literal`."""

    kind: str
    finite: bool = False
    enum: type[Any] | None = None


@dataclass(frozen=True, slots=True)
class Json:
    """Any JSON, or any JSON of one container: nothing in it is looked at."""

    container: str


@dataclass(frozen=True, slots=True)
class Many:
    """A list of one kind of thing."""

    item: Shape


@dataclass(frozen=True, slots=True)
class Nested:
    """An object with fields; `why` names what its model does in Python, beside its fields.

    `computed` are the names of computed fields, each with its key in JSON. `prepared`: a validator
    sees the row before the fields are taken from it, and may fill them from anything.
    """

    model: type[BaseModel]
    fields: tuple[FieldShape, ...] = field(compare=False)
    why: tuple[str, ...] = ()
    computed: tuple[tuple[str, str], ...] = ()
    prepared: bool = False


Shape = Opaque | Scalar | Json | Many | Nested


def models_in(shape: Shape) -> tuple[Nested, ...]:
    """Return what describes the objects that a value of this shape is made of."""
    if isinstance(shape, Many):
        return models_in(shape.item)
    if isinstance(shape, Nested):
        return (shape,)
    return shape.models if isinstance(shape, Opaque) else ()


def lookups_in(
    models: Iterable[Nested],
) -> Iterator[tuple[tuple[str, ...], tuple[Nested, ...]]]:
    """Yield what the fields of models are looked up by, each with the models inside of it."""
    for model in models:
        for each in model.fields:
            for path in each.lookups:
                yield path, models_in(each.shape)


@dataclass(frozen=True, slots=True)
class FieldShape:
    """One field: the names under which it is looked up, its key in JSON, and its value.

    `lookups` are paths of attributes, the first that exists counts. `default` is the core schema
    with a default, or None for a required field.
    """

    name: str
    key: str
    lookups: tuple[tuple[str, ...], ...]
    shape: Shape
    optional: bool
    excluded: bool
    default: Schema | None
    why: str | None = None


@cache
def shape_of(model: type[BaseModel]) -> Nested:
    """Return the shape of a response model; raise `ConfigurationError` for one that is none."""
    if getattr(model, "__pydantic_complete__", False) is False:
        model.model_rebuild()
    schema: Schema = dict(model.__pydantic_core_schema__)
    reader = _Reader(model)
    shape, _ = reader.read(schema)
    if not isinstance(shape, Nested):
        why = shape.why if isinstance(shape, Opaque) else "it has no fields"
        raise ConfigurationError(
            f"{model.__name__} cannot be filled from rows: {why}. Take a model with fields."
        )
    return shape


class _Reader:
    """Walk a core schema, following references; a model inside itself has no end and is refused."""

    def __init__(self, root: type[BaseModel]) -> None:
        self._root = root
        self._definitions: dict[str, Schema] = {}
        self._open: list[type[Any]] = []

    def read(self, schema: Schema) -> tuple[Shape, bool]:
        """Return the shape of a schema, and whether null is allowed."""
        match schema["type"]:
            case "definitions":
                self._definitions |= {each["ref"]: each for each in schema["definitions"]}
                found = self.read(schema["schema"])
            case "definition-ref":
                found = self.read(self._definitions[schema["schema_ref"]])
            case "model":
                found = self._model(schema), False
            case _ if "serialization" in schema:
                found = self._explained(schema, "is written by a serializer")
            case "nullable":
                found = self.read(schema["schema"])[0], True
            case "list":
                found = self._list(schema), False
            case kind if kind in _FUNCTIONS:
                found = self._explained(schema, f"is validated by {_function_name(schema)}")
            case _:
                found = _value(schema)
        shape, optional = found
        if isinstance(shape, Opaque) and not shape.models:
            return replace(shape, models=tuple(self._models(schema, set()))), optional
        return found

    def _models(self, node: Any, seen: set[str]) -> Iterator[Nested]:
        """Yield the models anywhere in a schema, as far as they do not hold themselves."""
        if isinstance(node, (list, tuple)):
            for each in node:
                yield from self._models(each, seen)
        if not isinstance(node, dict):
            return
        if node.get("type") == "definitions":
            self._definitions |= {each["ref"]: each for each in node["definitions"]}
            node = node["schema"]
        reference = node.get("schema_ref")
        if reference is not None and reference not in seen:
            yield from self._models(self._definitions[reference], {*seen, reference})
        elif node.get("type") == "model" and not node.get("root_model"):
            with suppress(ConfigurationError):
                yield from models_in(self.read(node)[0])
        else:
            parts = [part for name, part in node.items() if name not in _NO_PART_OF_A_VALUE]
            yield from self._models(parts, seen)

    def _explained(self, schema: Schema, why: str) -> tuple[Shape, bool]:
        """Look through what wraps a model, so that its relationships are known all the same."""
        inner = schema.get("schema")
        if inner is None or schema["type"] not in {*_FUNCTIONS, "nullable", "list"}:
            return Opaque(why), True
        shape, optional = self.read(inner)
        if isinstance(shape, Nested):
            prepared = shape.prepared or schema["type"] in _BEFORE
            return replace(shape, why=(*shape.why, why), prepared=prepared), optional
        return Opaque(why), optional

    def _list(self, schema: Schema) -> Shape:
        item, optional = self.read(schema.get("items_schema", {"type": "any"}))
        if set(schema) - {"type", "items_schema", "metadata", "min_length", "max_length", "ref"}:
            return Opaque("is a list with settings of its own")
        if isinstance(item, Scalar) and item.kind == "any":
            return Json("list")
        if isinstance(item, Nested) and optional:
            return Opaque("is a list whose items may be null")
        return item if isinstance(item, Opaque) else Many(item)

    def _model(self, schema: Schema) -> Shape:
        model: type[BaseModel] = schema["cls"]
        if model in self._open:
            raise ConfigurationError(
                f"{self._root.__name__} has no end: {model.__name__} holds itself, by "
                f"{' > '.join(each.__name__ for each in (*self._open, model))}. Write one model "
                "for each level, the last one without the field."
            )
        if schema.get("root_model"):
            return Opaque(f"{model.__name__} is a RootModel")
        self._open.append(model)
        try:
            inner, around = self._fields_of(schema)
            if inner["type"] != "model-fields":
                return Opaque(f"{model.__name__} is no plain model")
            validated = [f"is validated by {_function_name(each)}" for each in around]
            whys = (*validated, *_whys_of_model(schema))
            own_config = schema.get("config", {})
            fields = tuple(self._fields(inner, own_config))
            prepared = any(each["type"] in _BEFORE for each in around)
            return Nested(model, fields, whys, tuple(_computed(inner)), prepared)
        finally:
            self._open.pop()

    @staticmethod
    def _fields_of(schema: Schema) -> tuple[Schema, list[Schema]]:
        """Return what holds the fields of a model, and the validators around it."""
        inner, around = schema["schema"], []
        while inner["type"] in _FUNCTIONS:
            around.append(inner)
            inner = inner["schema"]
        return inner, around

    def _fields(self, schema: Schema, config: Schema) -> Iterator[FieldShape]:
        for name, declared in schema["fields"].items():
            value, default = declared["schema"], None
            if value["type"] == "default":
                default, value = value, value["schema"]
            shape, optional = self.read(value)
            yield FieldShape(
                name=name,
                key=declared.get("serialization_alias", name),
                lookups=_lookups(name, declared.get("validation_alias"), config),
                shape=_as_configured(shape, config),
                optional=optional,
                excluded=bool(declared.get("serialization_exclude")),
                default=default,
                why="is left out by exclude_if" if "serialization_exclude_if" in declared else None,
            )


def _value(schema: Schema) -> tuple[Shape, bool]:
    kind = schema["type"]
    if kind == "dict":
        keys, values = schema.get("keys_schema", {}), schema.get("values_schema", {})
        plain = keys.get("type") in {None, "str", "any"} and values.get("type") in {None, "any"}
        if plain and not set(keys) - {"type"} and not set(values) - {"type"}:
            return Json("dict"), False
        return Opaque("is JSON that is typed, which only Python checks and converts"), False
    if kind == "none":
        return Opaque("is always null"), True
    if kind not in _SCALARS and kind != "literal":
        return Opaque(f"is of a kind ({kind}) that only Pydantic writes"), kind == "union"
    changing = [name for name in set(schema) - _ONLY_REFUSE if schema[name]]
    if changing:
        return Opaque(f"is changed by {', '.join(sorted(changing))}"), False
    finite = schema.get("allow_inf_nan", kind != "decimal") is False
    return Scalar(kind, finite, schema.get("cls") if kind == "enum" else None), kind == "any"


def _as_configured(shape: Shape, config: Schema) -> Shape:
    """Return the shape of a field under its model's configuration."""
    changing = sorted(
        name for name in set(config) - _HARMLESS_CONFIG if config[name] not in {None, False}
    )
    if changing and not isinstance(shape, (Nested, Opaque)):
        return Opaque(f"is changed by model_config {', '.join(changing)}", models_in(shape))
    return shape


def _whys_of_model(schema: Schema) -> Iterator[str]:
    if "serialization" in schema:
        yield "is written by a serializer"
    if schema.get("post_init") and not _has_only_private_attributes(schema["cls"]):
        yield "has a model_post_init"
    if schema.get("custom_init"):
        yield "has an __init__ of its own"


def _computed(fields: Schema) -> Iterator[tuple[str, str]]:
    for each in fields.get("computed_fields", ()):
        name = each["property_name"]
        yield name, each.get("alias", name)


def _has_only_private_attributes(model: type[BaseModel]) -> bool:
    """Tell whether what runs after a model is filled is Pydantic's own, which changes no field."""
    return model.model_post_init.__name__ == "init_private_attributes"


def _lookups(name: str, alias: Any, config: Schema) -> tuple[tuple[str, ...], ...]:
    if alias is None:
        return ((name,),)
    paths: list[tuple[Any, ...]]
    if isinstance(alias, str):
        paths = [(alias,)]
    else:
        paths = [tuple(each) for each in alias] if isinstance(alias[0], list) else [tuple(alias)]
    if config.get("validate_by_name") or config.get("populate_by_name"):
        paths = [(name,)] if config.get("validate_by_alias") is False else [*paths, (name,)]
    return tuple(paths)


def _function_name(schema: Schema) -> str:
    function = schema["function"]["function"]
    return getattr(function, "__name__", type(function).__name__)
