"""A repository confined to the rows of one owner: no method sees or writes another's."""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Boolean, and_, func, literal_column, or_, select, text

from fastgres.db import Session
from fastgres.errors import (
    ConfigurationError,
    InvalidCursorError,
    NotFoundError,
    ScopeError,
    UniqueViolationError,
    UnknownNameError,
)
from fastgres.repository import Repository, check_repositories
from fastgres.repository.cursor import Cursor
from tests.models import Author, Binding, Book, Copy, Genre, LibraryBase
from tests.repository.books import (
    BookPages,
    BookQuery,
    BookRepository,
    CopyRepository,
    OwnBookRepository,
    an_author,
    book,
)

Model = TypeVar("Model", bound=LibraryBase)


class BookRead(BaseModel):
    """What is shown of a book."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    title: str


def json_of(book: Book) -> bytes:
    """Return the JSON of a book."""
    return BookRead.model_validate(book).model_dump_json().encode()


@dataclass
class Scene:
    """A book of Ada's in her repository, one of Eve's, and the repository of both."""

    books: OwnBookRepository
    mine: Book
    theirs: Book
    everything: OwnBookRepository

    async def stored(self, book: Book) -> Book | None:
        """Return the book as the database has it."""
        self.books.session.expunge_all()
        return await self.everything.find(book.id, include_deleted=True)


Case = Callable[..., Awaitable[None]]
CASES: dict[str, Case] = {}
NO_STATEMENT = {"check", "unscoped", "scope", "scope_pairs", "scope_conditions"}


def case(function: Case) -> Case:
    """Add what is tried with a method to the list of those that are run."""
    CASES[function.__name__] = function
    return function


@pytest.fixture
async def scene(session: Session) -> Scene:
    """Write the books."""
    ada, eve = await an_author(session), await an_author(session, "Eve")
    books = BookRepository(session)
    mine, theirs = [
        await books.add(Book(**book(n), author_id=author.id)) for n, author in enumerate((ada, eve))
    ]
    own = OwnBookRepository(session, author_id=ada.id)
    return Scene(own, mine, theirs, OwnBookRepository.unscoped(session))


@case
async def read(scene: Scene, *where: Any) -> None:
    found = await scene.books.read(BookRead, scene.mine.id, *where)
    assert found.value().title == scene.mine.title
    with pytest.raises(NotFoundError):
        await scene.books.read(BookRead, scene.theirs.id, *where, include_deleted=True)


@case
async def first(scene: Scene, *where: Any) -> None:
    found = await scene.books.first(BookRead, *where, order_by=[Book.title.desc()])
    assert found.body == json_of(scene.mine)


@case
async def get(scene: Scene, *where: Any) -> None:
    assert await scene.books.get(scene.mine.id, *where) is scene.mine
    with pytest.raises(NotFoundError):
        await scene.books.get(scene.theirs.id, *where, include_deleted=True)


@case
async def find(scene: Scene, *where: Any) -> None:
    assert await scene.books.find(scene.mine.id, *where) is scene.mine
    assert await scene.books.find(scene.theirs.id, *where) is None


@case
async def get_many(scene: Scene, *where: Any) -> None:
    keys = [scene.theirs.id, scene.mine.id]
    assert await scene.books.get_many(keys, *where, skip_missing=True) == [scene.mine]
    with pytest.raises(NotFoundError, match=str(scene.theirs.id)):
        await scene.books.get_many(keys, *where)


@case
async def first_by(scene: Scene, *where: Any) -> None:
    descending = [Book.title.desc()]
    assert await scene.books.first_by(*where, order_by=descending) is scene.mine


@case
async def list(scene: Scene, *where: Any) -> None:  # noqa: A001  named like the method
    assert await scene.books.list(*where, limit=9) == [scene.mine]
    shown = await scene.books.list(BookRead, *where, limit=9)
    assert shown.body == b"[%b]" % json_of(scene.mine)


@case
async def exists(scene: Scene, *where: Any) -> None:
    assert await scene.books.exists(*where)
    assert not await scene.books.exists(Book.id == scene.theirs.id, *where)


@case
async def count(scene: Scene, *where: Any) -> None:
    assert await scene.books.count(*where, include_deleted=True) == 1


@case
async def stream(scene: Scene, *where: Any) -> None:
    assert [each async for each in scene.books.stream(*where)] == [scene.mine]
    shown: Any = scene.books.stream(BookRead, *where)
    body: bytes = b"".join([chunk async for chunk in shown.body_iterator])
    assert body.strip() == json_of(scene.mine)


@case
async def page(scene: Scene, *where: Any) -> None:
    found = await scene.books.page(BookQuery(size=1), *where, count="exact")
    assert (found.items, found.next, found.total) == ([scene.mine], None, 1)
    shown = await scene.books.page(BookRead, BookQuery(size=1), *where, count="exact")
    assert shown.body == (
        b'{"items":[%b],"next":null,"previous":null,"total":1}' % json_of(scene.mine)
    )
    key = (scene.theirs.id,)
    cursor = Cursor("title", "before", key, by_key=True).encode(key=key)
    with pytest.raises(InvalidCursorError):
        await scene.books.page(BookQuery(cursor=cursor), *where)
    with pytest.raises(InvalidCursorError):
        await scene.books.page(BookRead, BookQuery(cursor=cursor), *where)


@case
async def offset_page(scene: Scene, *where: Any) -> None:
    found = await scene.books.offset_page(BookPages(), *where)
    assert (found.items, found.total) == ([scene.mine], 1)
    shown = await scene.books.offset_page(BookRead, BookPages(), *where)
    assert bytes(shown.body).startswith(b'{"items":[%b],' % json_of(scene.mine))
    assert shown.value().total == 1


@case
async def get_for_update(scene: Scene, *where: Any) -> None:
    assert await scene.books.get_for_update(scene.mine.id, *where) is scene.mine
    with pytest.raises(NotFoundError):
        await scene.books.get_for_update(scene.theirs.id, *where)


@case
async def get_many_for_update(scene: Scene, *where: Any) -> None:
    keys = [scene.mine.id, scene.theirs.id]
    found = await scene.books.get_many_for_update(keys, *where, skip_missing=True)
    assert found == [scene.mine]


@case
async def list_for_update(scene: Scene, *where: Any) -> None:
    assert await scene.books.list_for_update(*where, limit=9) == [scene.mine]


@case
async def update_where(scene: Scene, *where: Any) -> None:
    changed = await scene.books.update_where(*where, values={"pages": 7}, all_rows=True)
    assert changed == 1
    assert await scene.everything.list(Book.pages == 7, limit=9) == [scene.mine]
    with pytest.raises(ScopeError):
        await scene.books.update_where(
            *where, values={"author_id": scene.theirs.author_id}, all_rows=True
        )


@case
async def delete_where(scene: Scene, *where: Any) -> None:
    assert await scene.books.delete_where(*where, all_rows=True) == 1
    assert await scene.stored(scene.theirs) is not None


@case
async def transition(scene: Scene, *where: Any) -> None:
    moved = await scene.books.transition(scene.mine.id, *where, to=Genre.ESSAY, from_=Genre.NOVEL)
    assert moved is scene.mine
    for from_ in (Genre.NOVEL, Genre.POETRY):
        with pytest.raises(NotFoundError):
            await scene.books.transition(scene.theirs.id, *where, to=Genre.ESSAY, from_=from_)
    given_away = {"author_id": scene.theirs.author_id}
    with pytest.raises(ScopeError):
        await scene.books.transition(
            scene.mine.id, *where, to=Genre.NOVEL, from_=Genre.ESSAY, values=given_away
        )


@case
async def add(scene: Scene) -> None:
    added = await scene.books.add(Book(**book(5)))
    assert added.author_id == scene.mine.author_id
    with pytest.raises(ScopeError) as caught:
        await scene.books.add(Book(**book(6), author_id=scene.theirs.author_id))
    assert caught.value.fields[0].location == ("body", "author_id")
    assert await scene.everything.count() == 3


@case
async def create(scene: Scene) -> None:
    created = await scene.books.create(BookRead, book(5))
    made = await scene.everything.get(created.value().id)
    assert made.author_id == scene.mine.author_id
    with pytest.raises(ScopeError) as caught:
        await scene.books.create(BookRead, book(6, author_id=scene.theirs.author_id))
    assert caught.value.fields[0].location == ("body", "author_id")
    assert await scene.everything.count() == 3


@case
async def add_many(scene: Scene) -> None:
    open_rows = [book(5), book(6, author_id=None), book(7, author_id=scene.mine.author_id)]
    assert await scene.books.add_many(open_rows) == 3
    assert await scene.books.count() == 4
    with pytest.raises(ScopeError):
        await scene.books.add_many([book(8, author_id=scene.theirs.author_id)])


@case
async def upsert(scene: Scene) -> None:
    conflict, update = [Book.isbn], [Book.pages]
    rows = [book(0, pages=5), book(9, pages=6)]
    await scene.books.upsert(rows, conflict=conflict, update=update)
    assert await scene.books.count(Book.pages.in_([5, 6])) == 2
    for columns in (update, [Book.pages, Book.author_id]):
        with pytest.raises(UniqueViolationError, match="isbn is already taken"):
            await scene.books.upsert([book(1, pages=7)], conflict=conflict, update=columns)
    assert await scene.books.upsert([book(1, pages=7)], conflict=conflict, update=[]) == []
    with pytest.raises(ScopeError):
        given_away = book(9, pages=8, author_id=scene.theirs.author_id)
        await scene.books.upsert([given_away], conflict=conflict, update=update)
    theirs = await scene.stored(scene.theirs)
    assert theirs is not None
    assert (theirs.pages, theirs.author_id) == (None, scene.theirs.author_id)


@case
async def update(scene: Scene) -> None:
    same = {"pages": 7, "author_id": scene.mine.author_id}
    assert (await scene.books.update(scene.mine, same)).pages == 7
    with pytest.raises(NotFoundError, match=str(scene.theirs.id)):
        await scene.books.update(scene.theirs, {"pages": 7})
    for value in (scene.theirs.author_id, None, func.gen_random_uuid()):
        with pytest.raises(ScopeError):
            await scene.books.update(scene.mine, {"author_id": value})
    theirs, mine = await scene.stored(scene.theirs), await scene.stored(scene.mine)
    assert theirs is not None
    assert mine is not None
    assert (theirs.pages, mine.author_id) == (None, scene.mine.author_id)


@case
async def delete(scene: Scene) -> None:
    with pytest.raises(NotFoundError):
        await scene.books.delete(scene.theirs)
    await scene.books.delete(scene.mine)
    assert await scene.everything.list(limit=9) == [scene.theirs]


@case
async def soft_delete(scene: Scene) -> None:
    with pytest.raises(NotFoundError):
        await scene.books.soft_delete(scene.theirs)
    await scene.books.soft_delete(scene.mine)
    assert await scene.everything.list(limit=9) == [scene.theirs]


@case
async def restore(scene: Scene) -> None:
    for each in (scene.mine, scene.theirs):
        await scene.everything.soft_delete(each)
    with pytest.raises(NotFoundError):
        await scene.books.restore(scene.theirs)
    with pytest.raises(NotFoundError):
        await scene.books.soft_delete(scene.theirs)
    await scene.books.restore(scene.mine)
    assert await scene.everything.list(limit=9) == [scene.mine]


def test_every_method_is_tried() -> None:
    """A method that is new must be added here, or it may leave the scope out."""
    public = {name for name in dir(Repository) if not name.startswith("_")}
    data = {name for name in public if not callable(getattr(Repository, name))}
    assert public - data - NO_STATEMENT == set(CASES)


@pytest.mark.parametrize("name", CASES)
async def test_method_keeps_to_the_scope(scene: Scene, name: str) -> None:
    """What is another's is not there, and cannot be made another's."""
    await CASES[name](scene)


@pytest.mark.parametrize(
    "condition",
    [
        text("true OR true"),
        literal_column("true OR true"),
        literal_column("true OR true", Boolean()).is_(True),
        ~literal_column("false OR true", Boolean()),
        and_(text("true OR true"), Book.price > 0),
        and_(
            Book.price > 0,
            or_(text("true OR true"), Book.price > 0),
            literal_column("true OR true"),
        ),
        or_(Book.price > 0, Book.price < 0),
    ],
)
@pytest.mark.parametrize(
    "name", [name for name, case in CASES.items() if "where" in signature(case).parameters]
)
async def test_condition_with_an_or_does_not_undo_the_scope(
    scene: Scene, name: str, condition: Any
) -> None:
    """SQLAlchemy puts no parentheses around text."""
    await CASES[name](scene, condition)


async def test_values_are_given_once(session: Session) -> None:
    """In the order in which they are declared, and nobody can change them later."""

    class Shelf(Repository[Copy]):
        scoped_by = ("shelf", "book_id")

    key = uuid4()
    copies = Shelf(session, book_id=key, shelf="A")
    assert [*copies.scope.items()] == [("shelf", "A"), ("book_id", key)]
    assert [(column.key, value) for column, value in copies.scope_pairs()] == [
        ("shelf", "A"),
        ("book_id", key),
    ]
    with pytest.raises(TypeError):
        copies.scope["shelf"] = "B"  # type: ignore[index]  # this is the mistake
    with pytest.raises(AttributeError):
        copies.scope = {}  # type: ignore[misc]  # so is this


async def test_any_column_can_be_given_where_none_is_declared(scene: Scene) -> None:
    """The scope is then the caller's choice, and holds all the same."""
    session, mine = scene.books.session, scene.mine
    assert await BookRepository(session, author_id=mine.author_id, pages=3).count() == 0
    assert await BookRepository(session, author_id=mine.author_id).list(limit=9) == [mine]
    assert BookRepository(session).scope == {}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, r"`OwnBookRepository\(session, author_id=\.\.\.\)`, or `OwnBookRepository\.unscoped"),
        ({"autor_id": uuid4()}, "scope of OwnBookRepository 'autor_id'; did you mean 'author_id'"),
        ({"author_id": uuid4(), "pages": 1}, "no scope of OwnBookRepository 'pages'"),
        ({"author_id": None}, "is None, which equals no value"),
        ({"author_id": str(uuid4())}, "of type str, and the column holds UUID"),
        ({"author_id": Book.author_id}, "compared with the rows"),
        ({"author_id": func.gen_random_uuid()}, "compared with the rows"),
    ],
)
async def test_scope_that_does_not_fit_is_refused(given: dict[str, Any], message: str) -> None:
    """Before there is a repository; the message holds what to write."""
    async with Session(None) as session:
        with pytest.raises(ConfigurationError, match=message):
            OwnBookRepository(session, **given)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"autor_id": uuid4()}, UnknownNameError),
        ({"author": uuid4()}, UnknownNameError),
        ({"binding": "paperback"}, ConfigurationError),
        ({"pages": True}, ConfigurationError),
    ],
)
async def test_undeclared_scope_is_checked_too(given: dict[str, Any], error: type[Any]) -> None:
    """Names are columns, and values of their types."""
    async with Session(None) as session:
        BookRepository(session, binding=Binding.PAPERBACK, pages=1)
        with pytest.raises(error):
            BookRepository(session, **given)


def test_scope_declared_as_text_is_refused() -> None:
    """A missing comma would make each letter a column."""
    with pytest.raises(ConfigurationError, match=r"scoped_by = \('author_id',\)"):
        type("Books", (BookRepository,), {"scoped_by": "author_id"})
    gc.collect()


def test_declared_scope_is_checked_at_the_start_of_the_service() -> None:
    """A repository without a mapped class waits for one."""

    class Owned(Repository[Model], Generic[Model]):
        scoped_by: ClassVar[Sequence[str]] = ("author_id",)

    class Books(Owned[Book]): ...

    class Authors(Owned[Author]): ...

    try:
        with pytest.raises(UnknownNameError, match="column of Author 'author_id'"):
            check_repositories()
    finally:
        Authors.scoped_by = ()


async def test_unscoped_runs_the_constructor_of_the_class(scene: Scene) -> None:
    """A repository that keeps something of its own has it there too."""

    class Books(OwnBookRepository):
        def __init__(self, session: Session, /, **scope: Any) -> None:
            super().__init__(session, **scope)
            self.limit = 9

    books = Books.unscoped(scene.books.session)
    assert await books.list(limit=books.limit) == [scene.mine, scene.theirs]
    assert books.scope == {}
    with pytest.raises(ConfigurationError, match="was made without author_id"):
        Books(scene.books.session)


async def test_scope_conditions_are_for_statements_of_ones_own(scene: Scene) -> None:
    """What a method writes by itself is not scoped by itself."""
    titles = select(Book.title).where(*scene.books.scope_conditions())
    assert [*await scene.books.session.scalars(titles)] == [scene.mine.title]


async def test_scope_of_a_part_of_the_primary_key(scene: Scene) -> None:
    """Whatever key is asked for."""
    session = scene.books.session
    for each in (scene.mine, scene.theirs):
        await CopyRepository(session).add(Copy(book_id=each.id, number=1, shelf="A"))
    copies = CopyRepository(session, book_id=scene.mine.id)
    added = await copies.add(Copy(number=2, shelf="B"))
    assert added.book_id == scene.mine.id
    assert [each.number for each in await copies.list(limit=9)] == [1, 2]
    keys: Any = [(scene.theirs.id, 1), (scene.mine.id, 1)]
    (found,) = await copies.get_many(keys, skip_missing=True)
    assert found.book_id == scene.mine.id


async def test_many_rows_are_scoped_as_they_are_read(scene: Scene) -> None:
    """A generator stays one, and COPY gets the same rows; so does an upsert of several batches."""
    assert await scene.books.add_many(book(n) for n in range(10, 2_000)) == 1_990
    rows = [book(n, pages=1) for n in range(10, 9_000)]
    written = await scene.books.upsert(rows, conflict=[Book.isbn], update=[Book.pages])
    assert {each.author_id for each in written} == {scene.mine.author_id}
    with pytest.raises(UniqueViolationError):
        await scene.books.upsert(
            [*rows, book(1)] and [{**row, "pages": 2} for row in [*rows, book(1)]],
            conflict=[Book.isbn],
            update=[Book.pages],
        )


async def test_value_of_an_enum_column(session: Session) -> None:
    """Compared as PostgreSQL's type and as Python's."""
    ada = await an_author(session)
    for scope in ({"genre": Genre.ESSAY}, {"binding": Binding.HARDCOVER}, {"price": 1}):
        books = BookRepository(session, **scope)
        added = await books.add(Book(**(book(1) | scope), author_id=ada.id))
        assert await books.list(limit=1) == [added]
        await books.delete(added)
