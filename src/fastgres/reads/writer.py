"""The SQL writer: from a plan to SQLAlchemy expressions whose value is the JSON.

Every object is one `concat(...)` of constants and columns, every nested object and array a
correlated subselect: of the shapes tried (`row_to_json`, `json_build_object`, `json_agg`, joins)
the one that costs the server least, and the only one that writes JSON as Pydantic does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pydantic_core import to_json
from sqlalchemy import Column, Text, cast, func, inspect, literal_column, select
from sqlalchemy.orm import RelationshipDirection, aliased
from sqlalchemy.orm.exc import UnmappedColumnError
from sqlalchemy.sql import visitors
from sqlalchemy.sql.selectable import Alias

from fastgres.reads import sql
from fastgres.reads.plan import ConstantField, ObjectField, ValueField
from fastgres.reads.source import RelationSource, source_of
from fastgres.reads.written import as_token

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.sql.visitors import ExternallyTraversible

    from fastgres.reads.plan import Entity, PlannedField, ReadPlan

MOST_ARGUMENTS: Final = 90
"""Of one call; PostgreSQL takes 100."""

_NULL: Final = literal_column(sql.NULL, Text)
_MARK: Final = literal_column(sql.ONLY_PYTHON, Text)

Piece = str | Any
"""A constant, as it will stand in the JSON, or an SQL expression."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member of an object; NULL where it is null, which only an `optional` one may be."""

    key: str
    value: Piece
    optional: bool = False
    around: tuple[str, str] = ("", "")

    def pieces(self) -> list[Piece]:
        """Return what to write for the value, with a null written out."""
        value = self.value
        if self.optional and not isinstance(value, str):
            value = func.coalesce(value, _NULL)
        return [self.around[0], value, self.around[1]]


class Writer:
    """Write the rows of a plan's root as JSON objects."""

    def __init__(self, plan: ReadPlan) -> None:
        self._plan = plan
        self._names: set[str] = {inspect(plan.root.cls).local_table.name}

    def root(self, row: Any = None) -> ColumnElement[str]:
        """Return the object of one row of the root; the statement selects from the class itself.

        Or from a `row` that stands for the class, under a name that no relationship has.
        """
        return self._object(self._plan.root, self._plan.root.cls if row is None else row)

    def _object(self, entity: Entity, alias: Any) -> ColumnElement[str]:
        members = [self._member(each, alias) for each in entity.fields]
        if self._plan.exclude_none:
            return _without_nulls(members)
        pieces: list[Piece] = ["{"]
        for number, member in enumerate(members):
            comma = "," if number else ""
            pieces += [f"{comma}{member.key}:", *member.pieces()]
        return _concat([*pieces, "}"])

    def _member(self, planned: PlannedField, alias: Any) -> Member:
        key = to_json(planned.key).decode()
        if isinstance(planned, ConstantField):
            return Member(key, planned.json, optional=planned.json == "null")
        if isinstance(planned, ObjectField):
            return self._nested(key, planned, alias)
        assert isinstance(planned, ValueField)  # noqa: S101 - a compiled plan has no other fields
        if len(planned.path) > 1:
            value = self._value_along(planned, planned.path, alias)
            return Member(key, value if planned.optional else _marked(value), planned.optional)
        value = getattr(alias, planned.path[0])
        if planned.not_null:
            around = ('"', '"') if planned.writing.quoted else ("", "")
            return Member(key, planned.writing.write(value), around=around)
        token = as_token(value, planned.writing)
        return Member(key, token if planned.optional else _marked(token), optional=planned.optional)

    def _value_along(self, planned: ValueField, path: tuple[str, ...], alias: Any) -> Any:
        """Follow to-one relationships to a value; NULL where one leads nowhere."""
        if len(path) == 1:
            return as_token(getattr(alias, path[0]), planned.writing)
        source = source_of(inspect(alias).mapper.class_, path[0])
        assert isinstance(source, RelationSource)  # noqa: S101 - the plan has looked
        target, joined, _ = self._related(source, alias)
        shown = self._value_along(planned, path[1:], target)
        found = select(shown).select_from(target).where(joined)
        return found.correlate(alias).limit(literal_column("1")).scalar_subquery()

    def _nested(self, key: str, planned: ObjectField, alias: Any) -> Member:
        relation = planned.relation
        target, joined, secondary = self._related(relation, alias)
        shown = self._object(planned.entity, target)
        rows = select(shown).select_from(target).where(joined).correlate(alias)
        if relation.many:
            listed = joined_rows(rows.order_by(*_order(relation, target, secondary)))
            return Member(key, listed, around=("[", "]"))
        if relation.relationship.direction is not RelationshipDirection.MANYTOONE:
            rows = rows.order_by(*_order(relation, target, secondary)).limit(literal_column("1"))
        found = rows.scalar_subquery()
        return Member(key, found if planned.optional else _marked(found), optional=planned.optional)

    def _related(
        self, relation: RelationSource, alias: Any
    ) -> tuple[Any, ColumnElement[bool], Alias | None]:
        """Return the related entity under a name of its own, and the condition that selects it."""
        target = aliased(relation.target, name=self._name(relation.name), flat=True)
        joined = getattr(alias, relation.name).of_type(target).expression
        secondary = _alias_of(relation.relationship.secondary, joined)
        return target, joined, secondary

    def _name(self, wanted: str) -> str:
        name, number = wanted, 1
        while name in self._names:
            number += 1
            name = f"{wanted}_{number}"
        self._names.add(name)
        return name


def joined_rows(rows: Any, separator: str = sql.COMMA) -> ColumnElement[str]:
    """Return the one column of the rows as one text, in their order."""
    return func.array_to_string(
        func.array(rows.scalar_subquery()), literal_column(separator), type_=Text
    )


def _marked(value: Any) -> ColumnElement[str]:
    """Leave NULL to Python, which refuses it where the model has no place for it."""
    return func.coalesce(value, _MARK)


def _without_nulls(members: list[Member]) -> ColumnElement[str]:
    """Begin every member with a comma, as any before it may be missing, and drop the first one."""
    pieces: list[Piece] = []
    for member in members:
        if not member.optional:
            pieces += [f",{member.key}:", *member.pieces()]
        elif not isinstance(member.value, str):
            begin = literal_column(sql.quoted(f",{member.key}:"), Text)
            shown = begin.op("||")(cast(member.value, Text))
            pieces.append(func.coalesce(shown, literal_column(sql.EMPTY)))
    return _concat(["{", func.substr(_concat(pieces), literal_column("2")), "}"])


def _concat(pieces: list[Piece]) -> ColumnElement[str]:
    """Call `concat`, with constants that meet made one, in parts where they are too many."""
    merged: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        elif not (isinstance(piece, str) and not piece):
            merged.append(piece)
    arguments = [
        literal_column(sql.quoted(each), Text) if isinstance(each, str) else each for each in merged
    ]
    while len(arguments) > MOST_ARGUMENTS:
        starts = range(0, len(arguments), MOST_ARGUMENTS)
        arguments = [func.concat(*arguments[at : at + MOST_ARGUMENTS]) for at in starts]
    if not arguments:
        return literal_column(sql.EMPTY, Text)
    return func.concat(*arguments, type_=Text)


def _order(relation: RelationSource, target: Any, secondary: Alias | None) -> list[Any]:
    """Return the relationship's order for this alias; by primary key where it has none."""
    mapper = relation.relationship.mapper
    ordered = relation.relationship.order_by
    if not ordered:
        keys = [mapper.get_property_by_column(each).key for each in mapper.primary_key]
        return [getattr(target, key) for key in keys]

    def moved(element: ExternallyTraversible, **_: Any) -> Any:
        if not isinstance(element, Column):
            return None
        if secondary is not None and element.table is secondary.element:
            return secondary.c[element.key]
        try:
            return getattr(target, mapper.get_property_by_column(element).key).expression
        except UnmappedColumnError:
            return None

    return [visitors.replacement_traverse(each, {}, moved) for each in ordered]


def _alias_of(table: Any, condition: Any) -> Alias | None:
    """Return the name under which SQLAlchemy joins an association table, found in its condition."""
    if table is None:
        return None
    for element in visitors.iterate(condition):
        owner = getattr(element, "table", None)
        if isinstance(owner, Alias) and owner.element is table:
            return owner
    return None
