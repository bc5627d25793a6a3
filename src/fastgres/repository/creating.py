"""A create that answers a request: the INSERT and the JSON of its row in one statement."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Final, TypeVar, Unpack

from asyncpg import PostgresError
from pydantic import BaseModel
from sqlalchemy import ClauseElement, select
from sqlalchemy.exc import DBAPIError

from fastgres.db import (
    SoftDelete,
    flushes_as_given,
    include_deleted,
    lone_engine,
    runs_as_compiled,
    sqlstate,
    write_alone,
    write_inside,
)
from fastgres.errors import ConfigurationError
from fastgres.reads import REFUSED, Answer, ReadResponse
from fastgres.repository.answering import Answering, ReadOptions
from fastgres.repository.columns import attribute, check_names, key_conditions, key_names, key_of
from fastgres.repository.entity import Model
from fastgres.repository.insertion import Insertion
from fastgres.repository.location import Location, location_of
from fastgres.repository.making import Making, making_of
from fastgres.repository.prepared import one_read, scope_values
from fastgres.repository.writing import Writing

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from fastgres.reads import Returned

Shown = TypeVar("Shown", bound=BaseModel)
Found = TypeVar("Found")

Made = tuple[Answer, Sequence[Any]]
"""The answer, and the values that stand in the location."""

Row = Mapping[str, Any]

Lookup = Callable[[Sequence[Any]], Awaitable[Answer | None]]

NOWHERE: Final = Location(("",), ())
CREATED: Final = 201


class Creating(Writing[Model], Answering[Model]):
    """Making a row and showing it, as the answer of a POST."""

    async def create(
        self,
        shown: type[Shown],
        values: BaseModel | Mapping[str, Any],
        /,
        *,
        location: str | None = None,
        **options: Unpack[ReadOptions],
    ) -> ReadResponse[Shown]:
        """Insert a row and return it as a response with status 201, by one statement.

        `values` are columns by their names, or a body, of which all of `model_dump()` counts, its
        defaults too. Columns it leaves open get their defaults as by `add`. `location` becomes
        the header, columns filled in: `"/customers/{id}"`. Raises what `add` raises, and
        `UnknownNameError` for a name that is no column.

        Outside a unit of work it is one of its own and committed on return, in one round trip;
        a transaction that a read has opened is committed with it. Inside a unit it belongs to
        that. It is never sent twice: a connection lost in between is a 503, and may be committed.

        The row is shown as the INSERT returns it: what a trigger changes after that, and what a
        view or a rule of the database makes of it, is not in the answer. Where Python has a hand
        in the row or in the model (listeners, `@validates`, an `__init__` or `add` of your own, a
        hierarchy of classes), `add` and a read give the same answer.

        ```python
        from fastgres.repository import Repository
        from shop.models import Customer
        from shop.schemas.customer import CustomerCreate, CustomerRead

        class CustomerRepository(Repository[Customer]): ...

        customers = CustomerRepository(session)
        body = CustomerCreate(email="ada@x.org", name="Ada")
        response = await customers.create(CustomerRead, body, location="/customers/{id}")
        ada = response.value()
        assert (response.status_code, ada.name) == (201, "Ada")
        assert response.headers["Location"] == f"/customers/{ada.id}"
        ```
        """
        row = values.model_dump() if isinstance(values, BaseModel) else values
        insertion = Insertion.of(self.model)
        if not insertion.knows(row):
            check_names(self.model, row)
        if self._scope:
            row = self._scope.filled(row)
        if row.get("deleted_at") is not None and SoftDelete in self.model.__mro__:
            self._refuse_deleted(options)
        place = NOWHERE if location is None else location_of(self.model, location)
        read = self._reading(shown, options)
        making = making_of(insertion, read.plan, place)
        answer, found = await self._made(making, row, lookup=self._lookup(shown, options))
        response = read.response(answer, shown)
        response.status_code = CREATED
        if location is not None:
            response.raw_headers.append((b"location", place.filled(found).encode("latin-1")))
        return response

    async def _made(self, making: Making, row: Row, *, lookup: Lookup) -> Made:
        why = making.why or self._hand_of_python(making.insertion, row)
        if why is not None:
            making.tell(why)
            return await self._made_by_orm(making, row, lookup=lookup)
        alone = lone_engine(self.session)
        try:
            statement, arguments = making.statement(row, guarded=alone is not None)
        except Exception:  # noqa: BLE001 - the ORM makes the same mistake, and says it as `add` does
            return await self._made_by_orm(making, row, lookup=lookup)
        if alone is None:
            async with self._unit():
                return await self._made_inside(making, statement, arguments, lookup=lookup)
        try:
            found = await write_alone(
                alone, statement.sql, arguments, constraints=making.insertion.constraints
            )
        except (PostgresError, DBAPIError) as error:
            if sqlstate(error) != REFUSED:
                raise
            return await self._made_by_orm(making, row, lookup=lookup)
        body, columns = statement.read(_there(found, self.model))
        return Answer(_there(body, self.model)), columns

    async def _made_inside(
        self, making: Making, statement: Returned, arguments: Sequence[Any], *, lookup: Lookup
    ) -> Made:
        change = f"new {self.model.__name__}"
        rules = making.insertion.constraints
        found = await write_inside(
            self.session, statement.sql, arguments, change=change, constraints=rules
        )
        body, columns = statement.read(_there(found, self.model))
        shown, key = making.split(columns)
        if body is not None:
            return Answer(body), shown
        return _there(await lookup(key), self.model), shown

    async def _made_by_orm(self, making: Making, row: Row, *, lookup: Lookup) -> Made:
        async with self._unit():
            entity = await self.add(self.model(**row))
            answer = _there(await lookup(key_of(entity)), self.model)
            columns = [attribute(self.model, name) for name in making.location.columns]
            if not columns:
                return answer, ()
            own = select(*columns).where(*key_conditions(self.model, key_of(entity)))
            return answer, (await self.session.execute(include_deleted(own))).one()

    def _unit(self) -> AbstractAsyncContextManager[object]:
        """Return the unit of the caller, or one of its own."""
        return nullcontext() if self.session.in_own_unit else self.session.begin()

    def _lookup(self, shown: type[BaseModel], options: ReadOptions) -> Lookup:
        """Return what reads the row by its key, for those that the statement cannot show."""

        def lookup(key: Sequence[Any]) -> Awaitable[Answer | None]:
            names = key_names(self.model)
            values = scope_values(self.scope)
            values.update(zip([f"key_{name}" for name in names], key, strict=True))
            read = one_read(self._target(shown, options), names)
            return read.answer(self.session, values, fields=options.get("fields"))

        return lookup

    def _hand_of_python(self, insertion: Insertion, row: Row) -> str | None:
        """Return why Python is needed this time: who listens, and what is given."""
        if type(self).add is not Writing.add:
            return f"{type(self).__name__} has an `add` of its own"
        if not runs_as_compiled(self.session) or not flushes_as_given(self.session):
            return "the session has listeners or changes statements"
        if any(isinstance(each, ClauseElement) for each in row.values()):
            return "a value is an SQL expression"
        return insertion.listener()

    def _refuse_deleted(self, options: ReadOptions) -> None:
        """Refuse a row that would not be shown."""
        if options.get("include_deleted"):
            return
        raise ConfigurationError(
            f"A {self.model.__name__} was to be created with `deleted_at`, so that it would not be "
            "shown. Pass `include_deleted=True`, or leave `deleted_at` out."
        )


def _there(found: Found | None, model: type[Any]) -> Found:
    if found is None:
        raise ConfigurationError(
            f"The INSERT of a {model.__name__} made no row that can be shown: a trigger or a rule "
            "has kept it, or marked it as deleted. Write such rows by SQL."
        )
    return found
