"""SQL taken apart: words, signs and literals, and what stands between parentheses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

_TOKEN: Final = re.compile(
    r"""\s*(?:
    (?P<literal>
        [eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | "(?:[^"]|"")*"
        | (?P<dollar>\$(?:[^\W\d]\w*)?\$).*?(?P=dollar)
    )
    | (?P<sign>[()\[\],]) | (?P<word>(?:(?!\$(?:[^\W\d]\w*)?\$)[^\s'"()\[\],])+)
    | (?P<stray>\S)
    )""",
    re.VERBOSE | re.DOTALL,
)
_CLOSING: Final = {"(": ")", "[": "]", "CASE": "END"}


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a sign or a literal, and whether whitespace stands before it."""

    text: str
    spaced: bool


@dataclass(frozen=True, slots=True)
class Group:
    """What stands between parentheses, between brackets, or between CASE and END."""

    opening: Token
    inside: Nodes
    closing: Token

    @property
    def spaced(self) -> bool:
        """Whether whitespace stands before it."""
        return self.opening.spaced


Node = Token | Group
Nodes = Sequence[Node]


def grouped(sql: str) -> Nodes | None:
    """Return the statement as a tree; None where whitespace may mean something.

    That is so beside comments, and between two literals, which a line break joins. Quotes and
    parentheses that are never closed give None too.
    """
    found = list(_TOKEN.finditer(sql))
    return _tree(tokens_of(sql)) if _may_move(found) else None


def tokens_of(sql: str) -> list[Token]:
    """Return words, signs and literals in their order."""
    return [Token(found[0].lstrip(), found[0][:1].isspace()) for found in _TOKEN.finditer(sql)]


def _may_move(found: Sequence[re.Match[str]]) -> bool:
    words = (each["word"] or "" for each in found)
    literals = [(each["literal"] or "").endswith("'") for each in found]
    return not (
        any(each["stray"] for each in found)
        or any("--" in word or "/*" in word for word in words)
        or any(map(all, pairwise(literals)))
    )


def _tree(tokens: Sequence[Token]) -> Nodes | None:
    """Return the tree of the groups; None when some are never closed, or were never opened."""
    open_groups: list[tuple[Token, list[Node]]] = [(Token("", spaced=False), [])]
    for token in tokens:
        opening, inside = open_groups[-1]
        if token.text in _CLOSING:
            open_groups.append((token, []))
        elif token.text == _CLOSING.get(opening.text):
            open_groups.pop()
            open_groups[-1][1].append(Group(opening, inside, token))
        elif token.text in ")]":
            return None
        else:
            inside.append(token)
    return open_groups[0][1] if len(open_groups) == 1 else None
