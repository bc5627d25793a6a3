"""A response model in the making, and what is known about it when it is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_args

from pydantic import BaseModel, Field, create_model

from tests.reads.equivalence import bases
from tests.reads.equivalence.aliases import Naming

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn

    from tests.reads.equivalence.kinds import Reading


@dataclass(frozen=True, slots=True)
class Nested:
    """A relationship, and the schema of what it leads to."""

    relationship: str
    schema: Schema


@dataclass(frozen=True, slots=True, repr=False)
class Schema:
    """A response model with what a reader by hand would need to know.

    `plain`: nothing in it may keep it from being compiled. `refusing`: it has constraints, which
    stored rows may break. `json`: it holds JSON of the database. `unordered`: it holds an array
    whose order the mapping leaves open.
    """

    source: type[Any]
    model: type[BaseModel]
    attributes: tuple[str, ...]
    nested: tuple[Nested, ...]
    plain: bool
    refusing: bool
    json: bool
    unordered: bool

    def __repr__(self) -> str:
        """Write the model as somebody would: what a failing example is read by."""
        return f"{self.source.__name__} as {described(self.model)}"


def described(model: type[BaseModel]) -> str:
    """Write a model with its bases, fields and nested models."""
    fields = [f"  {name}: {about!r}" for name, about in model.model_fields.items()]
    bases_named = ", ".join(base.__name__ for base in model.__mro__[1:-1])
    nested = [described(each) for each in _models_in(model)]
    return "\n".join([f"class {model.__name__}({bases_named}):", *fields, *nested])


def _models_in(model: type[BaseModel]) -> list[type[BaseModel]]:
    found: list[type[BaseModel]] = []
    rest: list[Any] = [about.annotation for about in model.model_fields.values()]
    while rest:
        each = rest.pop()
        rest += get_args(each)
        if isinstance(each, type) and issubclass(each, BaseModel) and each not in found:
            found.append(each)
    return found


@dataclass(slots=True)
class Pen:
    """What the drawing of one schema shares: choices that hold for a column wherever it is read.

    `odd` is how many of a hundred choices may leave the plain.
    """

    odd: int = 0
    include_deleted: bool = False
    readings: dict[tuple[type[Any], str], Reading] = field(default_factory=dict)
    count: int = 0

    def strays(self, draw: DrawFn) -> bool:
        """Draw whether the next choice may be an odd one."""
        from hypothesis import strategies as st

        return self.odd > 0 and draw(st.integers(1, 100)) > 100 - self.odd

    def spare(self) -> str:
        """Return a name that no field has."""
        self.count += 1
        return f"spare_{self.count}"


@dataclass(slots=True)
class Draft:
    """Fields, and what they mean for the whole."""

    source: type[Any]
    base: type[BaseModel]
    plain: bool
    refusing: bool = False
    json: bool = False
    unordered: bool = False
    fields: dict[str, Any] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    attributes: list[str] = field(default_factory=list)
    nested: list[Nested] = field(default_factory=list)
    arguments: list[Any] = field(default_factory=list)
    parameters: list[TypeVar] = field(default_factory=list)

    def takes(self, naming: Naming) -> bool:
        """Tell whether a field of that name and key has room here."""
        by_alias = "validation_alias" in naming.arguments or "alias" in naming.arguments
        return (
            naming.name not in self.fields
            and naming.key not in self.keys
            and not (by_alias and self.base is bases.ByNameOnly)
        )

    def add(self, naming: Naming, annotation: Any, **more: Any) -> None:
        """Declare a field."""
        self.plain &= naming.plain
        self.keys.add(naming.key)
        self.fields[naming.name] = (annotation, Field(**naming.arguments, **more))

    def nest(self, relationship: str, schema: Schema) -> None:
        """Note what a relationship leads to, and take over what is to be known about it."""
        self.nested.append(Nested(relationship, schema))
        self.plain &= schema.plain
        self.refusing |= schema.refusing
        self.json |= schema.json
        self.unordered |= schema.unordered

    def parameter(self, argument: Any) -> TypeVar:
        """Return a type variable that will stand for `argument`: the model becomes generic."""
        made = TypeVar(f"T{len(self.parameters)}")  # type: ignore[misc]  # as many as are drawn
        self.parameters.append(made)
        self.arguments.append(argument)
        return made

    def finished(self) -> Schema:
        """Make the model."""
        name = f"{self.source.__name__}Read"
        if self.parameters:
            generic: Any = Generic
            generic = generic[tuple(self.parameters)]
            make: Any = create_model
            model = make(name, __base__=(self.base, generic), **self.fields)
            model = model[tuple(self.arguments)]
        else:
            model = create_model(name, __base__=self.base, **self.fields)
        return Schema(
            source=self.source,
            model=model,
            attributes=tuple(self.attributes),
            nested=tuple(self.nested),
            plain=self.plain,
            refusing=self.refusing,
            json=self.json,
            unordered=self.unordered,
        )
