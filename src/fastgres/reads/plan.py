"""The plan of a read: for every field of a response model, where it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pydantic import BaseModel
from pydantic_core import to_json
from sqlalchemy import inspect
from sqlalchemy.exc import NoInspectionAvailable
from sqlalchemy.orm import Mapper

from fastgres.errors import ConfigurationError, nearest
from fastgres.reads.shape import Many, Nested, Opaque, models_in, shape_of
from fastgres.reads.source import (
    PythonSource,
    RelationSource,
    ValueSource,
    names_of,
    source_of,
)
from fastgres.reads.written import writing_of

if TYPE_CHECKING:
    from fastgres.reads.shape import FieldShape
    from fastgres.reads.source import Source
    from fastgres.reads.written import Writing

Kind = Literal["compiled", "loaded"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a plan is loaded: the field, as a dotted path, and what only Python can do about it.

    ```python
    from fastgres.reads import Reads
    from pydantic import BaseModel, computed_field
    from shop.models import Product

    class ProductName(BaseModel):
        name: str

        @computed_field
        @property
        def initial(self) -> str:
            return self.name[0]

    (reason,) = Reads(Product, ProductName).plan.reasons
    assert str(reason) == "ProductName computes initial"
    ```
    """

    field: str
    why: str

    def __str__(self) -> str:
        return f"{self.field} {self.why}"


@dataclass(frozen=True, slots=True)
class ValueField:
    """A value that SQL writes. `path` leads over to-one relationships to the column."""

    name: str
    key: str
    path: tuple[str, ...]
    writing: Writing
    not_null: bool
    optional: bool


@dataclass(frozen=True, slots=True)
class ConstantField:
    """The default of a field that the mapped class does not have."""

    name: str
    key: str
    json: str


@dataclass(frozen=True, slots=True)
class ObjectField:
    """A nested object, or null; an array of objects when `many`."""

    name: str
    key: str
    relation: RelationSource
    entity: Entity
    optional: bool


@dataclass(frozen=True, slots=True)
class PythonField:
    """A field that only Python can fill, from the attributes of `paths`; perhaps with objects."""

    name: str
    key: str
    paths: tuple[tuple[str, ...], ...]
    why: str
    relation: RelationSource | None = None
    models: tuple[Nested, ...] = ()


@dataclass(frozen=True, slots=True)
class ComputedField:
    """A field that the response model computes from its others."""

    name: str
    key: str


PlannedField = ValueField | ConstantField | ObjectField | PythonField | ComputedField


@dataclass(frozen=True, slots=True)
class Entity:
    """A mapped class, the model that shows it, and its fields in the order of the model.

    The `hidden` ones are not in the response, but a model is not filled without them.
    """

    cls: type[Any]
    model: type[BaseModel]
    fields: tuple[PlannedField, ...]
    whys: tuple[str, ...]
    hidden: tuple[PlannedField, ...] = ()

    def reasons(self, prefix: str = "") -> Iterator[Reason]:
        """Yield why SQL alone cannot fill it, this entity's own reasons first."""
        computed = [each.name for each in self.fields if isinstance(each, ComputedField)]
        for why in (*self.whys, *(f"computes {name}" for name in computed)):
            yield Reason(prefix.removesuffix(".") or self.model.__name__, why)
        for each in self.fields:
            if isinstance(each, PythonField):
                yield Reason(prefix + each.name, each.why)
            elif isinstance(each, ObjectField):
                yield from each.entity.reasons(f"{prefix}{each.name}.")


@dataclass(frozen=True)
class ReadPlan:
    """How a response model is filled from a mapped class: by SQL, or by the ORM and Pydantic.

    Worked out once for each pair. `kind` is `"compiled"` when one statement returns the JSON, and
    `"loaded"` when `reasons` name fields that only Python can compute.

    ```python
    from fastgres.reads import ReadPlan
    from shop.models import Order
    from shop.schemas.order import OrderRead

    plan = ReadPlan.of(Order, OrderRead)
    assert plan.kind == "compiled" and not plan.reasons
    ```
    """

    root: Entity
    include_deleted: bool = False
    exclude_none: bool = False
    forced: bool = False
    pruned: bool = False
    reasons: tuple[Reason, ...] = field(default=(), compare=False)

    @classmethod
    def of(
        cls,
        mapped: type[Any],
        model: type[BaseModel],
        *,
        include_deleted: bool = False,
        exclude_none: bool = False,
    ) -> ReadPlan:
        """Return the plan of a pair; always the same object for the same arguments.

        Raises `ConfigurationError` for a class that is not mapped, a model that holds itself, and
        a required field that no attribute of the class can fill.
        """
        if not _is_model(model):
            raise ConfigurationError(
                f"{model!r} is no Pydantic model, so there is nothing to read into."
            )
        return _plan(Pair(mapped, model, include_deleted, exclude_none))

    @property
    def kind(self) -> Kind:
        """Whether SQL writes the JSON, or Python."""
        return "loaded" if self.reasons or self.forced else "compiled"

    @property
    def model(self) -> type[BaseModel]:
        """The response model."""
        return self.root.model

    def as_loaded(self) -> ReadPlan:
        """Return the same plan, to be run by the ORM and Pydantic whatever its fields are."""
        return replace(self, forced=True)

    def of_fields(self, root: Entity) -> ReadPlan:
        """Return the plan of fewer fields."""
        return replace(self, root=root, pruned=True, reasons=tuple(root.reasons()))

    def __hash__(self) -> int:
        return hash((id(self.root), self.include_deleted, self.exclude_none, self.forced))


class Pair(NamedTuple):
    """What a plan is made of."""

    mapped: type[Any]
    model: type[BaseModel]
    include_deleted: bool
    exclude_none: bool


@cache
def _plan(pair: Pair) -> ReadPlan:
    mapped, model, include_deleted, exclude_none = pair
    _check_mapped(mapped)
    root = _entity(mapped, shape_of(model))
    return ReadPlan(root, include_deleted, exclude_none, reasons=tuple(root.reasons()))


def _is_model(model: object) -> bool:
    return isinstance(model, type) and issubclass(model, BaseModel)


def _check_mapped(mapped: type[Any]) -> None:
    try:
        found: Any = inspect(mapped)
    except NoInspectionAvailable:
        found = None
    if not isinstance(found, Mapper):
        raise ConfigurationError(
            f"{mapped!r} is not a mapped class, so it has no rows to read. Pass the SQLAlchemy "
            "class first and the Pydantic model second."
        )


def _entity(mapped: type[Any], shape: Nested) -> Entity:
    shown = [_field(mapped, each, shape) for each in shape.fields if not each.excluded]
    computed = [ComputedField(name, key) for name, key in shape.computed]
    hidden = [_field(mapped, each, shape) for each in shape.fields if each.excluded]
    why = tuple(
        f"has the field {each.name}, which is excluded from the response and {each.why}"
        for each in hidden
        if isinstance(each, PythonField)
    )
    fields = (*shown, *computed)
    return Entity(mapped, shape.model, fields, (*shape.why, *why), tuple(hidden))


def _field(mapped: type[Any], declared: FieldShape, inside: Nested) -> PlannedField:
    for path in declared.lookups:
        found = _along(mapped, path)
        if found is not None:
            return _filled(declared, path, found, inside=inside)
    if inside.prepared:
        return PythonField(declared.name, declared.key, (), "is filled by a validator")
    if declared.default is None:
        raise _cannot_be_filled(mapped, declared, inside.model)
    return _constant(declared)


def _along(mapped: type[Any], path: tuple[str, ...]) -> Source | None:
    """Return what stands at the end of a path of attributes; an index or a key is Python's."""
    if not all(isinstance(name, str) for name in path):
        return PythonSource(str(path[0]), "is looked up by index", str(path[0]))
    cls, found = mapped, None
    for place, name in enumerate(path):
        found = source_of(cls, name)
        if place == len(path) - 1:
            break
        if not isinstance(found, RelationSource) or found.many or found.why:
            return found and PythonSource(str(path[0]), "is looked up inside a value", str(path[0]))
        cls = found.target
    return found


def _filled(
    declared: FieldShape, path: tuple[str, ...], source: Source, *, inside: Nested
) -> PlannedField:
    """Return the field as SQL can write it, or with the reason why it cannot."""
    shape = declared.shape
    relation = source if isinstance(source, RelationSource) and len(path) == 1 else None
    if isinstance(source, PythonSource):
        paths = (path, *([(source.through,)] if source.through else []))
        return PythonField(declared.name, declared.key, paths, source.why, models=models_in(shape))
    if relation is not None:
        item = shape.item if isinstance(shape, Many) else shape
        if isinstance(item, Nested) and isinstance(shape, Many) == relation.many:
            entity = _entity(relation.target, item)
            whys = (*entity.whys, *filter(None, (declared.why, relation.why)))
            entity = replace(entity, whys=whys)
            return ObjectField(declared.name, declared.key, relation, entity, declared.optional)
        if not isinstance(shape, Opaque) and not inside.prepared:
            raise _not_that_many(declared, relation)
        why = shape.why if isinstance(shape, Opaque) else "is made of a relationship by a validator"
        return _python(declared, path, why=why, relation=relation)
    if declared.why or isinstance(shape, Opaque) or isinstance(source, RelationSource):
        why = declared.why or (shape.why if isinstance(shape, Opaque) else "is a relationship")
        return _python(declared, path, why=why)
    return _value(declared, path, source)


def _value(declared: FieldShape, path: tuple[str, ...], source: ValueSource) -> PlannedField:
    writing = writing_of(source.type, declared.shape)
    if isinstance(writing, str):
        return _python(declared, path, why=writing)
    not_null = source.nullable is False and len(path) == 1 and not writing.may_be_null
    nowhere_is_null = declared.default is not None and declared.default.get("default", ...) is None
    optional = declared.optional and (len(path) == 1 or nowhere_is_null)
    return ValueField(declared.name, declared.key, path, writing, not_null, optional)


def _python(
    declared: FieldShape, path: tuple[str, ...], *, why: str, relation: RelationSource | None = None
) -> PythonField:
    inside = models_in(declared.shape)
    return PythonField(declared.name, declared.key, (path,), why, relation, inside)


def _not_that_many(declared: FieldShape, relation: RelationSource) -> ConfigurationError:
    target = relation.target.__name__
    there, wanted = ("many", f"list[{target}Read]") if relation.many else ("one", f"{target}Read")
    return ConfigurationError(
        f"The field {declared.name!r} cannot be filled: the relationship {relation.name!r} leads "
        f"to {there} {target}, and the model expects something else, which every row would fail. "
        f"Annotate it as {wanted!r}, with a Pydantic model of what is to be shown of {target}."
    )


def _constant(declared: FieldShape) -> PlannedField:
    default = declared.default or {}
    constant = default.get("default")
    plain = constant is None or isinstance(constant, (str, int, bool))
    if "default_factory" in default or not plain or isinstance(declared.shape, Opaque):
        why = "has a default that Python makes"
        return PythonField(declared.name, declared.key, (), why)
    return ConstantField(declared.name, declared.key, to_json(constant).decode())


def _cannot_be_filled(
    mapped: type[Any], declared: FieldShape, model: type[BaseModel]
) -> ConfigurationError:
    name = ".".join(map(str, declared.lookups[0]))
    known = names_of(mapped)
    meant = nearest(name, known)
    hint = f" Did you mean {meant!r}?" if meant else ""
    return ConfigurationError(
        f"{model.__name__}.{declared.name} cannot be filled from {mapped.__name__}, which has no "
        f"attribute {name!r}.{hint} It has {', '.join(known)}. Rename the field, point it at an "
        "attribute with `validation_alias=`, or give it a default."
    )
