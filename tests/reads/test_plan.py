"""Plans: where each field comes from, and what is told to who wrote a model that has no plan."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasPath,
    BaseModel,
    Field,
    computed_field,
    create_model,
    model_validator,
)
from sqlalchemy import select
from sqlalchemy.orm import aliased

from fastgres.errors import ConfigurationError
from fastgres.reads import ReadPlan, Reads
from fastgres.reads.plan import ConstantField, ObjectField, PythonField, ValueField
from tests.models import Author, Book, Genre
from tests.reads.gallery import Artist, Painting
from tests.reads.shelf import AuthorRead, BookRead, CopyRead, LoudTitle, Title


def model(**fields: Any) -> type[BaseModel]:
    """Make a response model called Example; a field is a type, or a type and what it is set to."""
    declared: Any = {
        name: each if isinstance(each, tuple) else (each, ...) for name, each in fields.items()
    }
    return create_model("Example", **declared)


def reasons(cls: type[Any], **fields: Any) -> list[str]:
    """Return why the plan is loaded."""
    return [str(each) for each in ReadPlan.of(cls, model(**fields)).reasons]


class Word(BaseModel):
    """A keyword."""

    word: str


class Room(BaseModel):
    """A room."""

    name: str


class ArtistRead(BaseModel):
    """To one, to one."""

    first: str
    room: Room | None


def test_plan_is_made_once() -> None:
    """The same pair has the same plan, whoever asks."""
    assert ReadPlan.of(Book, BookRead) is ReadPlan.of(Book, BookRead)
    assert ReadPlan.of(Book, BookRead) is not ReadPlan.of(Book, BookRead, include_deleted=True)
    assert Reads(Book, BookRead).plan is Reads(Book, BookRead).plan


def test_compiled_plan() -> None:
    """Every field of it comes from SQL, in the order of the model."""
    plan = ReadPlan.of(Book, BookRead)
    assert (plan.kind, plan.reasons, plan.model) == ("compiled", (), BookRead)
    assert [each.name for each in plan.root.fields] == [*BookRead.model_fields]
    kinds = {each.name: type(each) for each in plan.root.fields}
    assert kinds.pop("author") is kinds.pop("copies") is ObjectField
    assert set(kinds.values()) == {ValueField}


def test_column_that_is_never_null() -> None:
    """The statement need not look for nulls there."""
    fields = {each.name: each for each in ReadPlan.of(Book, BookRead).root.fields}
    title, pages = fields["title"], fields["pages"]
    assert isinstance(title, ValueField)
    assert isinstance(pages, ValueField)
    assert (title.not_null, title.optional) == (True, False)
    assert (pages.not_null, pages.optional) == (False, True)


def test_value_over_relationships() -> None:
    """A path of attributes, over to-one relationships."""
    name = (str, Field(validation_alias=AliasPath("artist", "room", "name")))
    (field,) = ReadPlan.of(Painting, model(name=name)).root.fields
    assert isinstance(field, ValueField)
    assert field.path == ("artist", "room", "name")


def test_first_alias_that_exists_counts() -> None:
    """As it does for Pydantic."""
    name = (str, Field(validation_alias=AliasChoices("heading", "title", "name")))
    (field,) = ReadPlan.of(Painting, model(heading_or_title=name)).root.fields
    assert isinstance(field, ValueField)
    assert field.path == ("title",)


@pytest.mark.parametrize(
    ("default", "json"),
    [(None, "null"), ("a\"b'c", '"a\\"b\'c"'), (3, "3"), (True, "true"), (Genre.ESSAY, '"essay"')],
)
def test_default_of_what_the_class_has_not(default: Any, json: str) -> None:
    """A constant."""
    (field,) = ReadPlan.of(Book, model(extra=(Any, default))).root.fields
    assert field == ConstantField("extra", "extra", json)


def test_default_of_what_the_class_has() -> None:
    """It is not needed."""
    (field,) = ReadPlan.of(Book, model(title=(str, "none"))).root.fields
    assert isinstance(field, ValueField)


class TestLoaded:
    """What only Python can do, field by field, each with its reason."""

    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"words": list[str]}, "words is an association proxy"),
            ({"size": Any}, "size is a composite, which SQLAlchemy puts together in Python"),
            ({"caption": str}, "caption is a hybrid without an SQL expression"),
            ({"initial": str}, "initial is computed by the mapped class in Python"),
            ({"signature": str | None}, "signature is converted by Loud in Python"),
            ({"famous_artist": ArtistRead}, "famous_artist leads to a class under another name"),
            ({"detour": list[Word]}, "detour leads over more than one table"),
            ({"keywords": list[Word | None]}, "keywords is a list whose items may be null"),
            ({"artist": ArtistRead | str}, "artist is of a kind (union) that only Pydantic writes"),
            ({"title": bytes}, "title is of a kind (bytes) that only Pydantic writes"),
            ({"title": int}, "title is int in the model and string in the table"),
            ({"title": list[str]}, "title holds string, and the model expects many"),
            ({"price": int | None}, "price is int in the model and numeric(precision=12, scale=2)"),
            ({"extra": (list[int], Field(default_factory=list))}, "extra has a default that Pytho"),
            ({"extra": (Decimal, Decimal(1))}, "extra has a default that Python makes"),
            (
                {"first": (str, Field(validation_alias=AliasPath("keywords", 0, "word")))},
                "first is looked up by index",
            ),
            (
                {"first": (str, Field(validation_alias=AliasPath("metadata_", "key")))},
                "first is looked up inside a value",
            ),
            (
                {"first": (list[str], Field(validation_alias=AliasPath("keywords", "word")))},
                "first is looked up inside a value",
            ),
            ({"title": Annotated[str, AfterValidator(str.strip)]}, "title is validated by strip"),
        ],
        ids=str,
    )
    def test_reason(self, fields: Any, reason: str) -> None:
        (told,) = reasons(Painting, **fields)
        assert told.startswith(reason)
        assert ReadPlan.of(Painting, model(**fields)).kind == "loaded"

    def test_relationship_of_strange_loading(self) -> None:
        (told,) = reasons(Artist, queried=list[Title])
        assert told == "queried is a relationship with lazy='dynamic'"
        (told,) = reasons(Artist, unordered=list[Title])
        assert "is a collection of its own kind" in told

    def test_type_that_converts_on_the_way_in_alone(self) -> None:
        """What is read needs no Python."""
        assert reasons(Painting, note=str | None) == []

    @pytest.mark.parametrize(
        ("fields", "told"),
        [
            ({"keywords": Word}, r"'keywords' leads to many Keyword, .* 'list\[KeywordRead\]'"),
            ({"artist": list[ArtistRead]}, r"'artist' leads to one Artist, .* 'ArtistRead'"),
            ({"artist": str}, r"'artist' leads to one Artist"),
        ],
        ids=["many", "one", "text"],
    )
    def test_a_shape_that_no_row_fits_is_refused(self, fields: dict[str, Any], told: str) -> None:
        """It would be a 500 for every row; the start says what to write."""
        with pytest.raises(ConfigurationError, match=told):
            reasons(Painting, **fields)

    def test_reasons_of_nested_models(self) -> None:
        """By the way that leads to them."""

        class Deep(BaseModel):
            caption: str

            @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated properties
            @property
            def loud(self) -> str:
                return ""

        class Middle(BaseModel):
            paintings: list[Deep]

        assert reasons(Painting, artist=Middle, initial=str) == [
            "artist.paintings computes loud",
            "artist.paintings.caption is a hybrid without an SQL expression",
            "initial is computed by the mapped class in Python",
        ]
        assert [str(each) for each in ReadPlan.of(Book, LoudTitle).reasons] == [
            "LoudTitle computes loud"
        ]

    def test_excluded_field(self) -> None:
        """It is not in the response, and a model is not filled without it."""
        plan = ReadPlan.of(Painting, model(id=int, title=(int, Field(exclude=True))))
        (reason,) = plan.reasons
        assert "has the field title, which is excluded from the response" in str(reason)
        harmless = ReadPlan.of(Painting, model(id=int, title=(str, Field(exclude=True))))
        assert harmless.kind == "compiled"
        assert [each.name for each in harmless.root.fields] == ["id"]

    def test_field_that_a_validator_fills(self) -> None:
        """It sees the whole row, and nobody knows what it makes of it."""

        class Prepared(BaseModel):
            heading: str

            @model_validator(mode="before")
            @classmethod
            def prepare(cls, row: Any) -> Any:
                return {"heading": row.title}

        class Shelf(BaseModel):
            books: list[Prepared]

        told = [str(each) for each in ReadPlan.of(Author, Shelf).reasons]
        assert told == ["books is validated by prepare", "books.heading is filled by a validator"]

    def test_forced(self) -> None:
        """Whatever its fields are."""
        plan = ReadPlan.of(Book, BookRead).as_loaded()
        assert (plan.kind, plan.reasons) == ("loaded", ())
        assert plan != ReadPlan.of(Book, BookRead)

    def test_field_that_python_fills_knows_its_attributes(self) -> None:
        plan = ReadPlan.of(Painting, model(words=list[str]))
        (field,) = plan.root.fields
        assert isinstance(field, PythonField)
        assert field.paths == (("words",), ("keywords",))


class Misspelt(BaseModel):
    """A copy with a shelf, in other words."""

    shelve: str


class TestRefused:
    """When the application starts: the field, the model, the class, and what was meant."""

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            ({"titel": str}, r"Example\.titel cannot be filled from Book, .* Did you mean 'title'"),
            ({"titel": str | None}, "Did you mean 'title'"),
            ({"zzz": str}, r"no attribute 'zzz'\. It has author, author_id, binding"),
            ({"name": (str, Field(alias="titel"))}, r"Example\.name .* no attribute 'titel'"),
            (
                {"name": (str, Field(validation_alias=AliasPath("author", "nmae")))},
                r"no attribute 'author\.nmae'",
            ),
            ({"metadata": dict[str, Any]}, "no attribute 'metadata'"),
            ({"author": model(nmae=str)}, r"Example\.nmae cannot be filled from Author"),
            ({"copies": list[Misspelt]}, r"from Copy.* Did you mean 'shelf'"),
            (
                {"hidden": (str, Field(exclude=True))},
                r"Example\.hidden cannot be filled from Book",
            ),
        ],
    )
    def test_field_without_an_attribute(self, fields: Any, message: str) -> None:
        with pytest.raises(ConfigurationError, match=message):
            Reads(Book, model(**fields))

    def test_says_what_to_do(self) -> None:
        with pytest.raises(ConfigurationError) as raised:
            ReadPlan.of(Book, model(titel=str))
        told = str(raised.value)
        assert "Rename the field" in told
        assert "`validation_alias=`" in told
        assert "give it a default" in told

    def test_column_called_metadata_in_the_table(self) -> None:
        """Declarative classes cannot have it under that name, and response models do."""
        with pytest.raises(ConfigurationError, match="Did you mean 'metadata_'"):
            ReadPlan.of(Painting, model(metadata=dict[str, Any] | None))

    def test_optional_field_without_an_attribute_is_a_mistake_too(self) -> None:
        """`str | None` without a default is required."""
        with pytest.raises(ConfigurationError):
            ReadPlan.of(Book, model(subtitle=str | None))
        assert ReadPlan.of(Book, model(subtitle=(str | None, None))).kind == "compiled"

    @pytest.mark.parametrize(
        "mapped",
        [BookRead, object, Book(), "Book", Book.__table__, aliased(Book), select(Book)],
        ids=["model", "class", "row", "name", "table", "alias", "statement"],
    )
    def test_what_is_no_mapped_class(self, mapped: Any) -> None:
        with pytest.raises(ConfigurationError, match=r"is not a mapped class.*SQLAlchemy class"):
            Reads(mapped, BookRead)

    @pytest.mark.parametrize("shown", [Book, dict, int, list[Title], Title(title=""), "Title"])
    def test_what_is_no_model(self, shown: Any) -> None:
        with pytest.raises(ConfigurationError, match="is no Pydantic model"):
            Reads(Book, shown)

    def test_model_that_holds_itself(self) -> None:
        with pytest.raises(ConfigurationError, match="Endless has no end: Endless holds itself"):
            Reads(Author, Endless)


class Endless(BaseModel):
    """An author whose books have the author."""

    books: list[EndlessBook]


class EndlessBook(BaseModel):
    """The way back."""

    author: Endless


def test_plans_are_told_apart() -> None:
    """Statements are kept by plan."""
    plans = [
        ReadPlan.of(Book, BookRead),
        ReadPlan.of(Book, BookRead, include_deleted=True),
        ReadPlan.of(Book, BookRead, exclude_none=True),
        ReadPlan.of(Book, BookRead).as_loaded(),
        ReadPlan.of(Book, Title),
        ReadPlan.of(Author, AuthorRead),
        ReadPlan.of(Book, model(copies=list[CopyRead])),
        ReadPlan.of(Book, model(title=str)),
        ReadPlan.of(Book, model(title=str)),
    ]
    assert len({*plans}) == len(plans)
