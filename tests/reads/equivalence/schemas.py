"""Response models, drawn over any mapped class."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from hypothesis import strategies as st
from pydantic import AliasPath, RootModel, SerializeAsAny

from tests.reads.equivalence import bases
from tests.reads.equivalence.aliases import Naming, namings
from tests.reads.equivalence.catalogue import Source, offered_by
from tests.reads.equivalence.draft import Draft, Pen, Schema
from tests.reads.equivalence.kinds import Colour, Reading

DEEPEST: Final = 3
"""Levels of nesting below the model at the top."""

FLAT: Final = -1
"""The depth of a model that needs no relationship at all, not even for a single value."""

_OVER_RELATIONSHIPS: Final = frozenset({"crew_names", "logbook"})
"""Values that are made of what a relationship leads to."""

_MISSING: Final[tuple[tuple[Any, dict[str, Any]], ...]] = (
    (int, {"default": 5}),
    (str, {"default": 'it"s\n😀'}),
    (Any, {"default": None}),
    (int | None, {"default": None}),
    (float, {"default": 1.0}),
    (float, {"default": float("nan")}),
    (Decimal, {"default": Decimal("1.50")}),
    (list[str], {"default_factory": list}),
    (dict[str, Any], {"default": {"a": None, "b": [1.5]}}),
    (dt.date, {"default": dt.date(2026, 1, 2)}),
    (dt.datetime, {"default": dt.datetime(2026, 1, 2, tzinfo=dt.UTC)}),
    (Colour, {"default": Colour.BLUE}),
)
"""Fields for which the class has no attribute."""


@st.composite
def schemas(draw: st.DrawFn, source: Any, pen: Pen, depth: int = DEEPEST) -> Schema:
    """Draw a model over `source`, with nested models down to `depth` levels."""
    odd = pen.strays(draw)
    draft = Draft(source, draw(st.sampled_from(bases.ODD if odd else bases.PLAIN)), plain=not odd)
    values = [each for each in offered_by(source) if each.target is None]
    if depth == FLAT:
        values = [each for each in values if each.name not in _OVER_RELATIONSHIPS]
    for chosen in _some(draw, values, 5):
        _add_value(draw, draft, pen, chosen)
    if depth > 0:
        leading = [each for each in offered_by(source) if each.target is not None]
        most = 2 if depth > 1 else 1
        for chosen in _some(draw, leading, most, least=int(depth > 1)):
            _add_relationship(draw, draft, pen, chosen, depth)
    if pen.strays(draw):
        _add_missing(draw, draft, pen, depth)
    if pen.strays(draw):
        _add_misleading(draw, draft)
    return draft.finished()


def _some(draw: st.DrawFn, offered: list[Source], most: int, *, least: int = 0) -> list[Source]:
    if not offered:
        return []
    chosen = st.lists(
        st.sampled_from(offered),
        min_size=least,
        max_size=most,
        unique_by=lambda source: source.name,
    )
    return draw(chosen)


def _name(draw: st.DrawFn, draft: Draft, pen: Pen, attribute: str) -> Naming | None:
    naming = draw(namings(attribute, pen.spare()))
    if not naming.plain and not pen.odd:
        naming = Naming(attribute, attribute)
    return naming if draft.takes(naming) else None


def _add_value(draw: st.DrawFn, draft: Draft, pen: Pen, chosen: Source) -> None:
    naming = _name(draw, draft, pen, chosen.name)
    odd = pen.strays(draw)
    readings = chosen.odd if odd and chosen.odd else chosen.plain
    if naming is None or not readings:
        return
    reading = pen.readings.setdefault((draft.source, chosen.name), draw(st.sampled_from(readings)))
    draft.plain &= any(reading is each for each in chosen.plain)
    draft.refusing |= reading.refusing
    draft.json |= chosen.json
    draft.attributes.append(chosen.name)
    required = chosen.nullable and pen.strays(draw)
    draft.plain &= not required
    optional = not required and (chosen.nullable or draw(st.booleans()))
    extras = _extras(draw)
    draft.refusing |= "exclude" in extras
    if pen.strays(draw):
        draft.plain = False
        extras = {"exclude_if": lambda value: value is None or value == 0}
    draft.add(naming, _optional(reading) if optional else reading.annotation, **extras)


def _optional(reading: Reading) -> Any:
    return reading.annotation if reading.annotation is Any else reading.annotation | None


def _extras(draw: st.DrawFn) -> dict[str, Any]:
    """Draw what a field may have that changes nothing, or leaves it out."""
    return draw(st.sampled_from(_EXTRAS))


_EXTRAS: Final[tuple[dict[str, Any], ...]] = (
    *({},) * 6,
    {"description": "of no importance", "examples": [1]},
    {"exclude": True},
    {"repr": False, "frozen": True},
)


def _add_relationship(draw: st.DrawFn, draft: Draft, pen: Pen, chosen: Source, depth: int) -> None:
    naming = _name(draw, draft, pen, chosen.name)
    if naming is None or chosen.target is None:
        return
    odd = pen.strays(draw)
    # Relationships inside of what only Python reads are not loaded: see the test that xfails.
    opaque = odd or draft.base in bases.ODD
    nested = draw(schemas(chosen.target, pen, FLAT if opaque else depth - 1))
    draft.nest(chosen.name, nested)
    if odd:
        draft.plain = False
        annotation = draw(st.sampled_from(_odd_annotations(chosen, nested.model)))
    else:
        model: Any = nested.model
        draft.plain &= not chosen.loaded
        if draw(st.integers(0, 5)) == 0:
            model = draft.parameter(model)
        annotation = list[model] if chosen.many else model | None
        if not chosen.many and not _may_miss(chosen, pen) and draw(st.booleans()):
            annotation = model
    draft.unordered |= chosen.many and not chosen.ordered
    extras = _extras(draw)
    draft.refusing |= "exclude" in extras
    draft.add(naming, annotation, **extras)


def _may_miss(chosen: Source, pen: Pen) -> bool:
    return chosen.nullable or (chosen.soft and not pen.include_deleted)


def _odd_annotations(chosen: Source, model: Any) -> list[Any]:
    unlike: Any = SerializeAsAny
    if chosen.many:
        lists = [list[model], Sequence[model], tuple[model, ...], list[unlike[model]]]
        return [
            *lists,
            RootModel[list[model]],
            list[model] | None,
            list[model | None],
            list[model | str],
        ]
    return [model, unlike[model] | None, model | dict[str, Any] | None, model | str | None]


def _add_missing(draw: st.DrawFn, draft: Draft, pen: Pen, depth: int) -> None:
    leading = [each for each in offered_by(draft.source) if each.target and not each.many]
    draft.plain = False
    along: bool = draw(st.booleans())
    if leading and along and depth != FLAT:
        _add_path(draw, draft, pen, draw(st.sampled_from(leading)))
        return
    name = pen.spare()
    annotation, default = draw(st.sampled_from(_MISSING))
    draft.add(Naming(name, name), annotation, **default)


def _add_misleading(draw: st.DrawFn, draft: Draft) -> None:
    """Add a field with the name of one attribute and the alias of another."""
    offered = [each.name for each in offered_by(draft.source) if each.target is None and each.plain]
    name, *others = draw(st.permutations(offered)) or ("",)
    alias = others[0] if others else name
    naming = Naming(name, alias, {"alias": alias}, plain=False)
    if name and draft.takes(naming):
        draft.attributes += [name, alias]
        draft.add(naming, Any)


def _add_path(draw: st.DrawFn, draft: Draft, pen: Pen, chosen: Source) -> None:
    """Add a field that is filled from an attribute of what a relationship leads to."""
    assert chosen.target is not None
    name = pen.spare()
    offered = [each for each in offered_by(chosen.target) if each.target is None and each.plain]
    end = draw(st.sampled_from(offered))
    reading = pen.readings.setdefault((chosen.target, end.name), end.plain[0])
    path = AliasPath(chosen.name, end.name)
    draft.json |= end.json
    draft.nest(
        chosen.name,
        Schema(
            chosen.target, draft.base, (end.name,), (), False, reading.refusing, end.json, False
        ),
    )
    draft.add(Naming(name, name, {"validation_alias": path}), _optional(reading), default=None)
