"""The path of a route, segment by segment: what it takes, and whether two routes take the same."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

_parameter = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}").fullmatch
_convertors = re.compile(r":([^}]*)\}").findall
_WITHIN_A_SEGMENT: Final = frozenset({"str", "int", "float", "uuid"})


class Wild(Enum):
    """What may stand in a segment that is no fixed text."""

    ANY = auto()
    """Any text: `{order_id}`."""
    SOME = auto()
    """Some texts: `{order_id:int}`, `v{number}`."""
    REST = auto()
    """Perhaps more than this segment: `{path:path}`, or by a convertor that nobody knows."""


Segment = str | Wild


@dataclass(frozen=True, slots=True)
class Pattern:
    """The segments of a path, and the names of the parameters that take one whole segment."""

    segments: tuple[Segment, ...]
    names: tuple[str, ...]

    @classmethod
    def of(cls, path: str) -> Pattern:
        """Take a path apart as it was declared, `/orders/{order_id}`."""
        segments: list[Segment] = []
        names: list[str] = []
        for part in path.split("/")[1:]:
            segments.append(_segment(part))
            if found := _parameter(part):
                names.append(found[1])
            if segments[-1] is Wild.REST:
                break
        return cls(tuple(segments), tuple(names))

    @property
    def is_plain(self) -> bool:
        """Tell whether every segment is a fixed text or one parameter that takes any."""
        return all(isinstance(each, str) or each is Wild.ANY for each in self.segments)

    @property
    def is_fixed(self) -> bool:
        """Tell whether there is one path only that it takes."""
        return all(isinstance(each, str) for each in self.segments)

    def meets(self, other: Pattern) -> bool:
        """Tell whether a path may exist that both take; in doubt it may."""
        for mine, theirs in zip(self.segments, other.segments, strict=False):
            if Wild.REST in {mine, theirs}:
                return True
            if isinstance(mine, str) and isinstance(theirs, str) and mine != theirs:
                return False
        return len(self.segments) == len(other.segments)

    def covers(self, other: Pattern) -> bool:
        """Tell whether this takes every path that the other one takes; in doubt it does not."""
        for place, mine in enumerate(self.segments):
            if mine is Wild.REST:
                return False
            theirs = other.segments[place] if place < len(other.segments) else Wild.REST
            if theirs is Wild.REST or not (mine is Wild.ANY or mine == theirs):
                return False
            if mine is Wild.SOME or (mine is Wild.ANY and not theirs):
                return False
        return len(self.segments) == len(other.segments)


def _segment(part: str) -> Segment:
    if "{" not in part:
        return part
    if _parameter(part):
        return Wild.ANY
    return Wild.SOME if _WITHIN_A_SEGMENT.issuperset(_convertors(part)) else Wild.REST
