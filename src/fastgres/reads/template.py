"""A statement compiled once: its SQL as asyncpg takes it, and where each parameter comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy.types import NullType, TupleType

from fastgres.reads.written import DIALECT

if TYPE_CHECKING:
    from sqlalchemy import BindParameter, Select
    from sqlalchemy.sql.compiler import ExpandedState, SQLCompiler

Processor = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Slot:
    """One parameter: a constant, a named value, or a value out of a caller's condition.

    `way` leads to an item in the list of an IN, or in one of the rows of such a list.
    """

    name: str | None
    given: int | None
    way: tuple[int, ...]
    constant: object
    process: Processor | None

    def value(self, values: Mapping[str, Any], given: Sequence[BindParameter[Any]]) -> Any:
        """Return the argument for one run."""
        if self.given is not None:
            value: Any = given[self.given].effective_value
            for place in self.way:
                value = list(value)[place]
        else:
            value = self.constant if self.name is None else values[self.name]
        return value if self.process is None else self.process(value)


@dataclass(frozen=True, slots=True)
class Template:
    """SQL with `$1` placeholders, and a slot for each. `names` are set if all slots are plain."""

    sql: str
    slots: tuple[Slot, ...]
    names: tuple[str, ...] | None

    @classmethod
    def of(
        cls,
        statement: Select[Any],
        *,
        names: frozenset[str],
        given: Sequence[BindParameter[Any]] = (),
    ) -> Template:
        """Compile a statement whose parameters are `names`, the `given` ones, and constants."""
        compiled: Any = statement.compile(dialect=DIALECT)
        state = compiled.construct_expanded_state()
        places = {each.key: number for number, each in enumerate(given)}
        slots = tuple(_slots(compiled, state, names=names, places=places))
        plain = all(each.name is not None and each.process is None for each in slots)
        wanted = tuple(str(each.name) for each in slots) if plain else None
        return cls(state.statement, slots, wanted)

    def takes_all(self, given: Sequence[BindParameter[Any]]) -> bool:
        """Tell whether every value of the conditions has its place, so that none was baked in."""
        taken = {slot.given for slot in self.slots}
        empty = {n for n, each in enumerate(given) if each.expanding and not each.effective_value}
        return set(range(len(given))) <= taken | empty

    def arguments(
        self, values: Mapping[str, Any], given: Sequence[BindParameter[Any]] = ()
    ) -> list[Any]:
        """Return the arguments of one run, as asyncpg takes them."""
        if self.names is not None:
            return [values[name] for name in self.names]
        return [slot.value(values, given) for slot in self.slots]


def _slots(
    compiled: SQLCompiler, state: ExpandedState, *, names: frozenset[str], places: Mapping[str, int]
) -> Iterator[Slot]:
    items = dict(_items(compiled, state))
    origins = {escaped: name for name, escaped in compiled.escaped_bind_names.items()}
    for name in state.positiontup or ():
        origin, way = items.get(name, (origins.get(name, name), ()))
        bound = compiled.binds[origin]
        kind: Any = bound.type
        if way and isinstance(kind, TupleType):
            kind = kind.types[way[-1]]
        process = kind.dialect_impl(DIALECT).bind_processor(DIALECT)
        given = places.get(bound.key)
        own = bound.key if bound.key in names else None
        constant = None if own or given is not None else state.parameters[name]
        yield Slot(own, given, way, constant, process)


def _items(
    compiled: SQLCompiler, state: ExpandedState
) -> Iterator[tuple[str, tuple[str, tuple[int, ...]]]]:
    """Yield for each parameter of a list of an IN the list, and the way to its item there."""
    for origin, expanded in state.parameter_expansion.items():
        bound = compiled.binds[origin]
        items: list[Any] = list(bound.effective_value or ())
        untyped = isinstance(bound.type, NullType) and isinstance(
            next(iter(items), None), (tuple, list)
        )
        rows = isinstance(bound.type, TupleType) or untyped
        width = len(expanded) // len(items) if expanded and rows else 0
        for place, name in enumerate(expanded):
            yield name, (origin, divmod(place, width) if width else (place,))
