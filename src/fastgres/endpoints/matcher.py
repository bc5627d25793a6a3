"""From a path to the declared route that takes it, in as many steps as the path has segments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from fastgres.endpoints.pattern import Wild

if TYPE_CHECKING:
    from fastgres.endpoints.pattern import Pattern

Found = TypeVar("Found")


class _Node(Generic[Found]):
    __slots__ = ("any", "fixed", "found")

    def __init__(self) -> None:
        self.fixed: dict[str, _Node[Found]] = {}
        self.any: _Node[Found] | None = None
        self.found: Found | None = None


class Matcher(Generic[Found]):
    """A tree of path segments; of two that fit, the fixed text is taken and never reconsidered.

    So not every path finds what would take it, and that one is left to FastAPI.
    """

    __slots__ = ("_root",)

    def __init__(self) -> None:
        self._root: _Node[Found] = _Node()

    def put(self, pattern: Pattern, found: Found | None = None) -> None:
        """Keep what takes a plain pattern; without it the path is known and taken by nothing."""
        node = self._root
        for segment in pattern.segments:
            if isinstance(segment, str):
                node = node.fixed.setdefault(segment, _Node())
            elif segment is Wild.ANY:
                node.any = node.any or _Node()
                node = node.any
            else:
                raise ValueError(f"{pattern} is not plain.")
        node.found = node.found or found

    def find(self, path: str) -> tuple[Found, list[str]] | None:
        """Return what takes the path, and what stands in the places of its parameters."""
        if path[:1] != "/":
            return None
        node = self._root
        values: list[str] = []
        for segment in path[1:].split("/"):
            inner = node.fixed.get(segment)
            if inner is None:
                inner = node.any
                if inner is None or not segment:
                    return None
                values.append(segment)
            node = inner
        return None if node.found is None else (node.found, values)
