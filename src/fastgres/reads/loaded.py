"""The same read by the ORM and Pydantic, for plans with a field that only Python can compute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import ResponseValidationError
from pydantic import ValidationError
from sqlalchemy import func, inspect, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession
from sqlalchemy.orm import Load, joinedload, load_only, raiseload, selectinload, undefer

from fastgres.db import Session, include_deleted, runs_as_compiled
from fastgres.reads.plan import ObjectField, PythonField, ValueField
from fastgres.reads.shape import lookups_in
from fastgres.reads.source import ValueSource, key_attributes, source_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from pydantic import BaseModel
    from sqlalchemy import Select
    from sqlalchemy.orm import Session as SyncSession

    from fastgres.reads.plan import Entity, PlannedField, ReadPlan
    from fastgres.reads.shape import Nested
    from fastgres.reads.statement import Rows


class LoadedRead:
    """Load the rows of a plan as entities, and write them as Pydantic does."""

    def __init__(self, plan: ReadPlan) -> None:
        self._plan = plan
        root = plan.root.cls
        # By way of Load, a wildcard is about one class; by itself it would be about all of them.
        options = _options(plan.root, strict=not _looks_around(plan.root))
        statement = select(root).options(Load(root).options(*options))
        self._statement = include_deleted(statement) if plan.include_deleted else statement

    @cached_property
    def _whole(self) -> Select[Any]:
        """The entities with nothing left out, for a session whose memory they will stay in."""
        root = self._plan.root.cls
        options = _options(self._plan.root, whole=True)
        statement = select(root).options(Load(root).options(*options))
        return include_deleted(statement) if self._plan.include_deleted else statement

    async def models(
        self,
        source: AsyncSession | AsyncConnection | AsyncEngine,
        rows: Rows,
        values: Mapping[str, Any],
    ) -> list[BaseModel]:
        """Return the response models; raise FastAPI's error where a row does not fit."""
        return [row[0] for row in await self.with_columns(source, rows, values, columns=())]

    async def with_columns(
        self,
        source: AsyncSession | AsyncConnection | AsyncEngine,
        rows: Rows,
        values: Mapping[str, Any],
        *,
        columns: Sequence[Any],
    ) -> list[tuple[Any, ...]]:
        """Return rows of a response model and these columns."""
        async with session_beside(source) as session:
            select_entities = self._whole if session is source else self._statement
            statement = rows.of(select_entities.add_columns(*columns))
            found = (await session.execute(statement, dict(values))).unique().all()
            return await session.run_sync(self._filled, found)

    def _filled(self, _: SyncSession, found: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Fill the models where SQLAlchemy can still load what no plan foresees.

        A property of the mapped class, a validator or a union of models may look at relationships
        that the plan does not name, and would otherwise fail, or choose another model.
        """
        return [(self._validated(entity), *columns) for entity, *columns in found]

    async def count(
        self,
        source: AsyncSession | AsyncConnection | AsyncEngine,
        where: Sequence[Any],
        values: Mapping[str, Any],
    ) -> int:
        """Return the number of rows that fulfil the conditions."""
        async with session_beside(source) as session:
            counted = self._statement.with_only_columns(func.count(), maintain_column_froms=True)
            return (await session.execute(counted.where(*where), dict(values))).scalar_one()

    def _validated(self, entity: Any) -> BaseModel:
        try:
            return self._plan.model.model_validate(entity, from_attributes=True)
        except ValidationError as error:
            place: Any = {"path": f"{self._plan.root.cls.__name__} as {self._plan.model.__name__}"}
            raise ResponseValidationError(error.errors(), body=None, endpoint_ctx=place) from None

    def dumped(self, model: BaseModel) -> bytes:
        """Return the JSON of a response model, with the fields of the plan."""
        return model.__pydantic_serializer__.to_json(
            model,
            by_alias=True,
            exclude_none=self._plan.exclude_none,
            include=_included(self._plan.root) if self._plan.pruned else None,
        )


@asynccontextmanager
async def session_beside(
    source: AsyncSession | AsyncConnection | AsyncEngine,
) -> AsyncIterator[AsyncSession]:
    """Open a session on the same connection, so that the caller's keeps no half-loaded rows.

    A session that adds something of its own to statements is the only one to do so: it is taken
    itself.

    ```python
    from fastgres.reads import session_beside
    from sqlalchemy import text

    async with session_beside(database.engine) as other:
        assert await other.scalar(text("SELECT 1")) == 1
    ```
    """
    if isinstance(source, AsyncSession) and not runs_as_compiled(source):
        yield source
        return
    bind: Any = source
    if isinstance(source, AsyncSession):
        if source.in_transaction() or not isinstance(source.bind, AsyncEngine):
            if source.autoflush:
                await source.flush()
            bind = await source.connection()
        else:
            bind = source.bind
    mode: Any = (
        {"join_transaction_mode": "rollback_only"} if isinstance(bind, AsyncConnection) else {}
    )
    session = Session(bind, autoflush=False, **mode)
    try:
        yield session
    finally:
        await session.close()


def _options(entity: Entity, *, whole: bool = False, strict: bool = False) -> Iterator[Any]:
    """Yield the options that load what the fields of an entity need, and nothing else.

    Something in Python may look at anything: then all columns are loaded that are not deferred,
    the deferred ones that the model names, and the rest when it is looked at. So they are when the
    entities are to be `whole`. Where nothing in Python looks at any entity (`strict`), nothing is
    loaded later.
    """
    fields = (*entity.fields, *entity.hidden)
    names = [name for each in fields for name in _names(each) if _is_column(entity.cls, name)]
    columns = [getattr(entity.cls, name) for name in names]
    if whole or _needs_python(entity):
        yield from map(undefer, columns)
    else:
        yield load_only(*(columns or key_attributes(entity.cls)), raiseload=strict)
        if strict:
            yield raiseload("*")
    for planned in fields:
        if isinstance(planned, ObjectField):
            attribute = getattr(entity.cls, planned.relation.name)
            load = selectinload if planned.relation.many else joinedload
            yield load(attribute).options(*_options(planned.entity, whole=whole, strict=strict))
        elif isinstance(planned, ValueField):
            yield from _along(entity.cls, planned.path)
        elif isinstance(planned, PythonField):
            for path in planned.paths:
                yield from _along(entity.cls, path, planned.models)


def _names(field: PlannedField) -> Iterator[str]:
    """Yield the attributes of the entity itself that fill a field."""
    if isinstance(field, ValueField):
        yield field.path[0]
    elif isinstance(field, PythonField):
        yield from (path[0] for path in field.paths if path)


def _needs_python(entity: Entity) -> bool:
    """Tell whether something may look at any column: a property, a validator, a hybrid."""
    if entity.whys:
        return True
    for each in (*entity.fields, *entity.hidden):
        if isinstance(each, PythonField):
            return True
        if isinstance(each, ValueField) and len(each.path) == 1:
            source = source_of(entity.cls, each.path[0])
            if isinstance(source, ValueSource) and not source.mapped:
                return True
    return False


def _looks_around(entity: Entity) -> bool:
    """Tell whether Python does, here or further in: it may come back by a relationship."""
    inside = [each.entity for each in entity.fields if isinstance(each, ObjectField)]
    inside += [each.entity for each in entity.hidden if isinstance(each, ObjectField)]
    return _needs_python(entity) or any(map(_looks_around, inside))


def _is_column(cls: type[Any], name: str) -> bool:
    source = source_of(cls, name)
    return isinstance(source, ValueSource) and source.mapped


def _along(cls: type[Any], path: Sequence[Any], models: Sequence[Nested] = ()) -> Iterator[Any]:
    """Load the relationships that a path of attributes leads over, and the column at its end.

    `models` may be filled from what a relationship at its end leads to; whichever it will be, and
    whatever is around them, what they look up is loaded.
    """
    relationship = inspect(cls).relationships.get(path[0]) if path else None
    if len(path) == 1 and _is_column(cls, path[0]):
        yield undefer(getattr(cls, path[0]))
    elif relationship is not None:
        load = selectinload if relationship.uselist else joinedload
        target = relationship.mapper.class_
        further = [*_along(target, path[1:], models)]
        if len(path) == 1 and not relationship.entity.is_aliased_class:
            for lookup, inside in lookups_in(models):
                further += _along(target, lookup, inside)
        yield load(getattr(cls, path[0])).options(*further)


def _included(entity: Entity) -> dict[str, Any]:
    """Return the fields of an entity as Pydantic's `include` names them."""
    included: dict[str, Any] = {}
    for each in entity.fields:
        if isinstance(each, ObjectField):
            inner = _included(each.entity)
            included[each.name] = {"__all__": inner} if each.relation.many else inner
        else:
            included[each.name] = True
    return included
