"""A statement compiled once: its SQL as asyncpg takes it, and where each parameter comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastgres.reads.written import DIALECT

if TYPE_CHECKING:
    from sqlalchemy import BindParameter, Select
    from sqlalchemy.sql.compiler import SQLCompiler

Processor = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Slot:
    """One parameter: a constant, a named value, or a value out of a caller's condition."""

    name: str | None
    given: int | None
    item: int | None
    constant: object
    process: Processor | None

    def value(self, values: Mapping[str, Any], given: Sequence[BindParameter[Any]]) -> Any:
        """Return the argument for one run."""
        if self.given is not None:
            value: Any = given[self.given].effective_value
            value = value if self.item is None else list(value)[self.item]
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
        cls, statement: Select[Any], *, names: frozenset[str], given: Sequence[BindParameter[Any]]
    ) -> Template:
        """Compile a statement whose parameters are `names`, the `given` ones, and constants."""
        compiled: Any = statement.compile(
            dialect=DIALECT, compile_kwargs={"render_postcompile": True}
        )
        places = {each.key: number for number, each in enumerate(given)}
        slots = tuple(_slots(compiled, names, places))
        plain = all(each.name is not None and each.process is None for each in slots)
        return cls(str(compiled), slots, tuple(str(each.name) for each in slots) if plain else None)

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


def _slots(compiled: SQLCompiler, names: frozenset[str], places: Mapping[str, int]) -> list[Slot]:
    values = compiled.params
    expanded = _expanded(compiled)
    slots = []
    for name in compiled.positiontup or ():
        origin, item = expanded.get(name, (name, None))
        bound = compiled.binds[origin]
        process = bound.type.dialect_impl(DIALECT).bind_processor(DIALECT)
        given = places.get(bound.key)
        own = bound.key if bound.key in names else None
        constant = None if own or given is not None else values[name]
        slots.append(Slot(own, given, item, constant, process))
    return slots


def _expanded(compiled: SQLCompiler) -> dict[str, tuple[str, int]]:
    """Return for each parameter of an expanded list its list and its place in it."""
    found: dict[str, tuple[str, int]] = {}
    for bound, name in compiled.bind_names.items():
        if bound.expanding:
            items: list[Any] = list(bound.effective_value or [])
            found |= {f"{name}_{place + 1}": (name, place) for place in range(len(items))}
    return found
