"""Response models as Pydantic compiled them.

The names in a core schema are Pydantic's own affair and in no documentation: the first tests here
fail when one of them changes, rather than a response.
"""

from __future__ import annotations

import datetime as dt
import enum
import typing as t
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasPath,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    PlainSerializer,
    PlainValidator,
    PrivateAttr,
    RootModel,
    SerializeAsAny,
    StrictInt,
    StringConstraints,
    WrapValidator,
    computed_field,
    create_model,
    field_serializer,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic.alias_generators import to_camel
from typing_extensions import TypedDict

from fastgres.errors import ConfigurationError
from fastgres.reads.shape import (
    FieldShape,
    Json,
    Many,
    Nested,
    Opaque,
    Scalar,
    Shape,
    shape_of,
)
from fastgres.repository import Page
from tests.models import Genre

SOURCES = Path(__file__).parents[2] / "src" / "fastgres"


class Colour(enum.Enum):
    RED = 1


class Inner(BaseModel):
    name: str


@dataclass
class Plain:
    name: str


class Typed(TypedDict):
    name: str


def of(annotation: t.Any, **settings: t.Any) -> FieldShape:
    """Return the shape of a field with this annotation."""
    model: t.Any = create_model("Example", field=(annotation, Field(**settings)))
    (field,) = shape_of(model).fields
    return field


KNOWN: dict[t.Any, Shape] = {
    str: Scalar("str"),
    int: Scalar("int"),
    bool: Scalar("bool"),
    float: Scalar("float"),
    Decimal: Scalar("decimal", finite=True),
    UUID: Scalar("uuid"),
    dt.date: Scalar("date"),
    dt.time: Scalar("time"),
    dt.datetime: Scalar("datetime"),
    Colour: Scalar("enum", enum=Colour),
    Genre: Scalar("enum", enum=Genre),
    t.Any: Scalar("any"),
    t.Literal["a", "b"]: Scalar("literal"),
    t.Annotated[float, Field(allow_inf_nan=False)]: Scalar("float", finite=True),
    t.Annotated[Decimal, Field(allow_inf_nan=True)]: Scalar("decimal"),
    list: Json("list"),
    list[t.Any]: Json("list"),
    dict: Json("dict"),
    dict[str, t.Any]: Json("dict"),
    list[int]: Many(Scalar("int")),
    list[Inner]: Many(Nested(Inner, ())),
    list[list[int]]: Many(Many(Scalar("int"))),
    Inner: Nested(Inner, ()),
}


@pytest.mark.parametrize("annotation", KNOWN, ids=str)
def test_kind_that_can_be_written(annotation: t.Any) -> None:
    """Pydantic's name of the kind is the one that we know."""
    assert of(annotation).shape == KNOWN[annotation]
    assert not of(annotation).optional or annotation is t.Any
    assert of(annotation | None).shape == KNOWN[annotation]
    assert of(annotation | None).optional


def test_every_kind_that_can_be_written_is_tried_here() -> None:
    """A kind more in the module is a kind more above."""
    from fastgres.reads.shape import _SCALARS

    tried = {shape.kind for shape in KNOWN.values() if isinstance(shape, Scalar)}
    assert tried == {*_SCALARS, "literal"}


REFUSING = {
    "str": t.Annotated[str, StringConstraints(min_length=1, max_length=9, pattern="^a")],
    "int": t.Annotated[int, Field(ge=1, le=9, multiple_of=2)],
    "float": t.Annotated[float, Field(gt=1, lt=9, description="told", examples=[1.5])],
    "decimal": t.Annotated[Decimal, Field(max_digits=9, decimal_places=2)],
    "datetime": t.Annotated[dt.datetime, Field(ge=dt.datetime(2000, 1, 1, tzinfo=dt.UTC))],
}


@pytest.mark.parametrize("kind", REFUSING)
def test_constraint_that_only_refuses(kind: str) -> None:
    """It changes no value, so it is no concern of SQL."""
    shape = of(REFUSING[kind]).shape
    assert isinstance(shape, Scalar)
    assert shape.kind == kind


def test_list_may_be_limited() -> None:
    """Its length is a constraint like others."""
    assert of(t.Annotated[list[int], Field(min_length=1, max_length=3)]).shape == Many(
        Scalar("int")
    )


OPAQUE = [
    (bytes, "of a kind (bytes) that only Pydantic writes"),
    (dt.timedelta, "(timedelta)"),
    (complex, "(complex)"),
    (int | str, "(union)"),
    (Inner | str, "(union)"),
    (tuple[int, ...], "(tuple)"),
    (set[int], "(set)"),
    (Plain, "(dataclass)"),
    (Typed, "(typed-dict)"),
    (None, "is always null"),
    (dict[str, int], "JSON that is typed"),
    (dict[int, t.Any], "JSON that is typed"),
    (dict[t.Annotated[str, Field(min_length=1)], t.Any], "JSON that is typed"),
    (list[Inner | None], "a list whose items may be null"),
    (list[bytes], "(bytes)"),
    (RootModel[int], "RootModel"),
    (StrictInt, "changed by strict"),
    (t.Annotated[str, StringConstraints(strip_whitespace=True)], "changed by strip_whitespace"),
    (t.Annotated[str, StringConstraints(to_lower=True)], "changed by to_lower"),
    (t.Annotated[list[int], Field(strict=True)], "a list with settings of its own"),
    (t.Annotated[int, BeforeValidator(int)], "validated by int"),
    (t.Annotated[int, AfterValidator(abs)], "validated by abs"),
    (t.Annotated[int, PlainValidator(abs)], "written by a serializer"),
    (t.Annotated[int, WrapValidator(lambda value, take: take(value))], "validated by <lambda>"),
    (t.Annotated[int, PlainSerializer(str)], "written by a serializer"),
    (t.Annotated[list[int], PlainSerializer(str)], "written by a serializer"),
    (t.Annotated[Decimal, PlainSerializer(float)] | None, "written by a serializer"),
    (JsonValue, "kind"),
]


@pytest.mark.parametrize(("annotation", "why"), OPAQUE, ids=range(len(OPAQUE)))
def test_kind_that_only_python_writes(annotation: t.Any, why: str) -> None:
    """With a reason that ends the sentence which begins with the field."""
    shape = of(annotation).shape
    assert isinstance(shape, Opaque)
    assert why in shape.why


def test_kind_that_nobody_knows() -> None:
    """A kind of a newer Pydantic is Python's affair."""
    from pydantic_core import core_schema

    class Newer:
        @classmethod
        def __get_pydantic_core_schema__(cls, *_: t.Any) -> t.Any:
            return core_schema.str_schema() | {"type": "url"}

    shape = of(Newer).shape
    assert shape == Opaque("is of a kind (url) that only Pydantic writes")


def test_settings_that_nobody_knows() -> None:
    """So is a setting."""
    from fastgres.reads.shape import _value

    changed, _ = _value({"type": "str", "shouted": True})
    assert changed == Opaque("is changed by shouted")
    unchanged, _ = _value({"type": "str", "shouted": False})
    assert unchanged == Scalar("str")


def test_model_that_wraps_a_relationship_is_looked_into() -> None:
    """Its relationships have to be loaded all the same."""
    shape = of(t.Annotated[Inner, AfterValidator(lambda inner: inner)]).shape
    assert isinstance(shape, Nested)
    assert shape.why == ("is validated by <lambda>",)
    assert [field.name for field in shape.fields] == ["name"]


class TestModel:
    """What a model does beside its fields."""

    def test_computes(self) -> None:
        class Example(BaseModel):
            @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated properties
            @property
            def size(self) -> int:
                return 1

            @computed_field(alias="weight")  # type: ignore[prop-decorator]  # as above
            @property
            def mass(self) -> int:
                return 1

        assert shape_of(Example).computed == (("size", "size"), ("mass", "weight"))

    def test_validates(self) -> None:
        class Before(BaseModel):
            @model_validator(mode="before")
            @classmethod
            def prepare(cls, value: t.Any) -> t.Any:
                return value

        class After(BaseModel):
            @model_validator(mode="after")
            def complete(self) -> t.Self:
                return self

        class Wrap(BaseModel):
            @model_validator(mode="wrap")
            @classmethod
            def around(cls, value: t.Any, handler: t.Any) -> t.Any:
                return handler(value)

        class Of(BaseModel):
            inner: Before
            others: list[After]
            wrapped: Wrap | None

        for shown in shape_of(Of).fields:
            shape = shown.shape.item if isinstance(shown.shape, Many) else shown.shape
            whys = shape.why if isinstance(shape, Nested | Opaque) else ""
            assert "validated by" in str(whys), shown.name

    def test_validates_a_field(self) -> None:
        class Example(BaseModel):
            size: int

            @field_validator("size")
            @classmethod
            def positive(cls, value: int) -> int:
                return abs(value)

        (field,) = shape_of(Example).fields
        assert field.shape == Opaque("is validated by positive")

    def test_serializes(self) -> None:
        class Example(BaseModel):
            size: int

            @model_serializer
            def shorter(self) -> dict[str, int]:
                return {}

        class OfField(BaseModel):
            size: int

            @field_serializer("size")
            def longer(self, value: int) -> str:
                return str(value)

        assert shape_of(Example).why == ("is written by a serializer",)
        (field,) = shape_of(OfField).fields
        assert field.shape == Opaque("is written by a serializer")

    def test_has_a_constructor_or_a_post_init(self) -> None:
        class Constructed(BaseModel):
            def __init__(self, **values: t.Any) -> None:
                super().__init__(**values)

        class Finished(BaseModel):
            def model_post_init(self, context: t.Any) -> None:
                pass

        class Private(BaseModel):
            _seen: bool = PrivateAttr(default=False)

        class Both(Private):
            def model_post_init(self, context: t.Any) -> None:
                pass

        class Heir(Private):
            _more: int = PrivateAttr(default=1)

        assert shape_of(Constructed).why == ("has an __init__ of its own",)
        assert shape_of(Finished).why == ("has a model_post_init",)
        assert shape_of(Both).why == ("has a model_post_init",)
        assert shape_of(Private).why == shape_of(Heir).why == ()

    def test_is_written_as_what_it_is(self) -> None:
        """`SerializeAsAny` writes what a subclass has, and rows are filled into no subclass."""
        assert of(SerializeAsAny[Inner]).shape == Nested(Inner, ())

    @pytest.mark.parametrize(
        ("setting", "why"),
        [
            ({"use_enum_values": True}, None),
            ({"str_strip_whitespace": True}, "str_strip_whitespace"),
            ({"str_to_upper": True}, "str_to_upper"),
            ({"strict": True}, "strict"),
            ({"coerce_numbers_to_str": True}, "coerce_numbers_to_str"),
            ({"ser_json_inf_nan": "constants"}, "ser_json_inf_nan"),
            ({"val_json_bytes": "base64"}, "val_json_bytes"),
        ],
    )
    def test_is_configured(self, setting: t.Any, why: str | None) -> None:
        """A setting that changes values makes every value Python's; one of a newer Pydantic too."""
        model: t.Any = create_model(
            "Example", __config__=setting, size=(str, ...), genre=(Genre, ...)
        )
        shapes = [field.shape for field in shape_of(model).fields]
        if why is not None:
            assert shapes == [Opaque(f"is changed by model_config {why}")] * 2
        else:
            assert any(isinstance(shape, Opaque) for shape in shapes)

    def test_is_configured_harmlessly(self) -> None:
        config = ConfigDict(
            from_attributes=True, frozen=True, extra="forbid", title="A", str_max_length=9
        )
        model: t.Any = create_model("Example", __config__=config, size=(str, ...))
        assert [field.shape for field in shape_of(model).fields] == [Scalar("str")]

    def test_configuration_is_the_model_s_own(self) -> None:
        """That of the model around it has no say."""

        class Upper(BaseModel):
            model_config = ConfigDict(str_to_upper=True)
            name: str
            inner: Inner

        name, inner = shape_of(Upper).fields
        assert isinstance(name.shape, Opaque)
        assert isinstance(inner.shape, Nested)
        assert inner.shape.fields[0].shape == Scalar("str")


class TestField:
    """Names, defaults and what is left out."""

    def test_aliases(self) -> None:
        """Where a field is looked up and what it is called are two things."""
        assert lookups(of(int)) == ("field", [("field",)])
        assert lookups(of(int, alias="a")) == ("a", [("a",)])
        assert lookups(of(int, serialization_alias="a")) == ("a", [("field",)])
        assert lookups(of(int, validation_alias="a")) == ("field", [("a",)])
        path = AliasPath("a", "b")
        assert lookups(of(int, validation_alias=path)) == ("field", [("a", "b")])
        choices = AliasChoices("a", path)
        assert lookups(of(int, validation_alias=choices)) == ("field", [("a",), ("a", "b")])

    @pytest.mark.parametrize(
        ("config", "paths"),
        [
            (ConfigDict(populate_by_name=True), [("a",), ("field",)]),
            (ConfigDict(validate_by_name=True), [("a",), ("field",)]),
            (ConfigDict(validate_by_name=True, validate_by_alias=False), [("field",)]),
        ],
    )
    def test_name_beside_an_alias(self, config: ConfigDict, paths: t.Any) -> None:
        """A model may take both."""
        model: t.Any = create_model("Example", __config__=config, field=(int, Field(alias="a")))
        (field,) = shape_of(model).fields
        assert lookups(field) == ("a", paths)

    def test_generated_alias(self) -> None:
        config = ConfigDict(alias_generator=to_camel)
        model: t.Any = create_model("Example", __config__=config, unit_price=(int, ...))
        (field,) = shape_of(model).fields
        assert lookups(field) == ("unitPrice", [("unitPrice",)])

    def test_default(self) -> None:
        """Required is what has none."""
        assert of(int).default is None
        assert of(int | None).default is None
        plain, made = of(int, default=3), of(list[int], default_factory=list)
        assert plain.default is not None
        assert plain.default["default"] == 3
        assert made.default is not None
        assert "default_factory" in made.default
        assert (plain.shape, made.shape) == (Scalar("int"), Many(Scalar("int")))
        empty = of(int | None, default=None)
        assert empty.default is not None
        assert (empty.default["default"], empty.optional) == (None, True)

    def test_excluded(self) -> None:
        assert of(int, exclude=True).excluded
        assert not of(int).excluded
        assert of(int, exclude_if=lambda value: value == 0).why == "is left out by exclude_if"


def lookups(field: FieldShape) -> tuple[str, list[tuple[str, ...]]]:
    """Return the key of a field and the paths to its value."""
    return field.key, list(field.lookups)


class Node(BaseModel):
    """Holds itself."""

    children: list[Node]


class Hen(BaseModel):
    """Holds itself by way of another."""

    egg: Egg | None


class Egg(BaseModel):
    """The other."""

    hen: Hen


@pytest.mark.parametrize(
    ("model", "way"), [(Node, "Node > Node"), (Hen, "Hen > Egg > Hen"), (Egg, "Egg > Hen > Egg")]
)
def test_model_without_an_end(model: type[BaseModel], way: str) -> None:
    """Named with the way back to itself, and with what to do."""
    with pytest.raises(ConfigurationError, match=way) as raised:
        shape_of(model)
    assert "one model for each level" in str(raised.value)


def test_model_twice_side_by_side_has_an_end() -> None:
    """Only one inside another has none."""

    class Pair(BaseModel):
        left: Inner
        right: Inner
        rest: list[Inner]

    assert [isinstance(each.shape, Nested) for each in shape_of(Pair).fields] == [True, True, False]


@pytest.mark.parametrize("model", [RootModel[int], RootModel[list[Inner]]])
def test_model_without_fields_to_fill(model: type[BaseModel]) -> None:
    """There is nothing to put a row into."""
    with pytest.raises(ConfigurationError, match=r"cannot be filled from rows: .* RootModel"):
        shape_of(model)


def test_generic_model() -> None:
    """Its parameter is filled in."""
    items, *_ = shape_of(Page[Inner]).fields
    assert items.shape == Many(Nested(Inner, ()))


class Later(BaseModel):
    """Its field is not known yet when the class is made."""

    inner: Latest


class Latest(BaseModel):
    """Comes after it."""

    name: str


def test_model_whose_fields_were_unknown() -> None:
    """Pydantic completes it when it is first used, and so do we."""
    (inner,) = shape_of(Later).fields
    assert isinstance(inner.shape, Nested)
    assert inner.shape.model is Latest


def test_no_other_module_reads_core_schemas() -> None:
    """What Pydantic calls things is known in one place."""
    knowing = [
        str(path.relative_to(SOURCES))
        for path in SOURCES.rglob("*.py")
        if "__pydantic_core_schema__" in path.read_text()
    ]
    assert knowing == ["reads/shape.py"]
