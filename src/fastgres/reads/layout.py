"""SQL laid out for reading: broken and indented at clauses, subselects and the members of objects.

Only the whitespace changes. The libraries that were tried do worse on statements that write JSON:
sqlparse indents by where a line happens to end, and sqlglot writes the statement anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise, takewhile
from typing import Final

from fastgres.reads.grouping import Group, Node, Nodes, Token, grouped

WIDTH: Final = 100
"""Characters of a line, where it can be broken."""

_NARROWEST: Final = 40
_INDENT: Final = "  "
_STATEMENTS: Final = frozenset({"SELECT", "WITH"})
_CLAUSES: Final = frozenset(
    {"SELECT", "FROM", "WHERE", "HAVING", "LIMIT", "OFFSET", "UNION", "LEFT", "JOIN"}
)
_LONG: Final = frozenset({"SELECT", "concat"})
_TWO_WORDS: Final = frozenset({"ORDER", "GROUP"})


Lines = list[str]


def laid_out(sql: str) -> str:
    """Return the statement on many lines; as it is where it holds comments."""
    nodes = grouped(sql)
    return sql.strip() if nodes is None else "\n".join(_lines(nodes, WIDTH))


def _flat(nodes: Nodes) -> str:
    """Return nodes on one line."""
    return "".join((" " if node.spaced else "") + _flat_one(node) for node in nodes).lstrip()


def _flat_one(node: Node) -> str:
    if isinstance(node, Token):
        return node.text
    gap = _gap(node)
    return f"{node.opening.text}{gap}{_flat(node.inside)}{gap}{node.closing.text}"


def _gap(group: Group) -> str:
    return " " if group.opening.text == "CASE" else ""


def _fits(nodes: Nodes, width: int) -> bool:
    return not _selects(nodes) and len(_flat(nodes)) <= max(width, _NARROWEST)


def _selects(nodes: Nodes) -> bool:
    return _holds(nodes, frozenset({"SELECT"}))


def _opens(nodes: Nodes) -> bool:
    return _holds(nodes, _LONG)


def _holds(nodes: Nodes, words: frozenset[str]) -> bool:
    return any(
        _holds(node.inside, words) if isinstance(node, Group) else node.text in words
        for node in nodes
    )


def _lines(nodes: Nodes, width: int, before: str = "") -> Lines:
    """Return nodes on as many lines as they need: by clause, by comma, by AND and OR.

    `before` stands on the first line already.
    """
    if not nodes or _fits(nodes, width - len(before)):
        return [before + _flat(nodes)]
    items = _items(nodes)
    if _is_statement(nodes):
        lines = [line for each in _split(nodes, _begins_clause) for line in _clause(each, width)]
    elif len(items) > 1:
        lines = _listed([_lines(item, width - 1) for item in items])
    else:
        first, *others = _split(nodes, _begins_term)
        further = [line for each in others for line in _run(each, width)]
        return [*_run(first, width, before), *further]
    return [before + lines[0], *lines[1:]]


def _clause(nodes: Nodes, width: int) -> Lines:
    """Return a clause: on the line of its keyword, or in lines of their own below it."""
    length = 2 if _word(nodes[0]) in _TWO_WORDS else 1
    keyword, inside = _flat(nodes[:length]), nodes[length:]
    below = len(_items(inside)) > 1 or len(_split(inside, _begins_term)) > 1
    if below and not _fits(inside, width - len(keyword) - 1):
        return [keyword, *_indented(_lines(inside, width - len(_INDENT)))]
    return _lines(inside, width, f"{keyword} ") if inside else [keyword]


def _run(nodes: Nodes, width: int, before: str = "") -> Lines:
    """Return nodes one after the other, with the groups broken that are too long for the line."""
    lines = [before]
    for place, node in enumerate(nodes):
        gap = " " if node.spaced and place else ""
        left = width - len(lines[-1])
        if isinstance(node, Token) or not node.inside or _fits(_on_line(nodes, place), left):
            lines[-1] += gap + _flat_one(node)
        else:
            writes = place > 0 and _word(nodes[place - 1]) == "concat"
            first, *others = _broken(node, width, writes=writes)
            lines = [*lines[:-1], f"{lines[-1]}{gap}{first}", *others]
    return lines


def _on_line(nodes: Nodes, place: int) -> Nodes:
    """Return a group with what follows it on its line in any case."""
    return [nodes[place], *takewhile(lambda each: isinstance(each, Token), nodes[place + 1 :])]


def _broken(group: Group, width: int, *, writes: bool) -> Lines:
    """Return a group on many lines; a call about one subselect or object gives its lines to it."""
    opening, closing = group.opening.text, group.closing.text
    items = _items(group.inside)
    plain = opening != "CASE" and not writes and not _is_statement(group.inside)
    if plain and sum(map(_opens, items)) == 1:
        lines = [opening]
        for place, item in enumerate(items):
            lines = [*lines[:-1], *_run(item, width, lines[-1])]
            lines[-1] += ", " if place < len(items) - 1 else closing
        return lines
    inner = width - len(_INDENT)
    if opening == "CASE":
        branches = _split(group.inside, _begins_branch)
        listed = [line for each in branches for line in _run(each, inner)]
    else:
        listed = _members(items, inner) if writes else _lines(group.inside, inner)
    return [opening, *_indented(listed), closing]


def _members(items: Sequence[Nodes], width: int) -> Lines:
    """Return the arguments of `concat`, each value on the line of the JSON before it."""
    members: list[Lines] = []
    before = ""
    for place, item in enumerate(items):
        if _is_literal(item) and place + 1 < len(items) and not _is_literal(items[place + 1]):
            before = f"{_flat(item)}, "
            continue
        members.append(_lines(item, width - 1, before))
        before = ""
    return _listed(members)


def _listed(items: Sequence[Lines]) -> Lines:
    """Return items on lines of their own, with the commas."""
    return [
        line + ("," if number == len(item) and item is not items[-1] else "")
        for item in items
        for number, line in enumerate(item, 1)
    ]


def _indented(lines: Lines) -> Lines:
    return [_INDENT + line for line in lines]


def _items(nodes: Nodes) -> list[Nodes]:
    """Return what stands between the commas."""
    parts = _split([Token(",", spaced=False), *nodes], _is_comma)
    return [part[1:] for part in parts]


def _split(nodes: Nodes, begins: Callable[[Nodes, int], bool]) -> list[Nodes]:
    """Return the parts of which each begins where `begins` says so."""
    starts = [place for place in range(1, len(nodes)) if begins(nodes, place)]
    return [nodes[start:end] for start, end in pairwise([0, *starts, len(nodes)])]


def _is_statement(nodes: Nodes) -> bool:
    return bool(nodes) and _word(nodes[0]) in _STATEMENTS


def _is_literal(nodes: Nodes) -> bool:
    return len(nodes) == 1 and _word(nodes[0]).startswith("'")


def _is_comma(nodes: Nodes, place: int) -> bool:
    return _word(nodes[place]) == ","


def _begins_clause(nodes: Nodes, place: int) -> bool:
    word, before = _word(nodes[place]), _word(nodes[place - 1])
    if word in _TWO_WORDS:
        return _flat(nodes[place + 1 : place + 2]) == "BY"
    if word == "JOIN":
        return before not in {"LEFT", "OUTER"}
    return word in _CLAUSES and not (word == "FROM" and before == "DISTINCT")


def _begins_term(nodes: Nodes, place: int) -> bool:
    """Tell whether a condition begins; the AND of BETWEEN joins no conditions."""
    between = any(_word(node) == "BETWEEN" for node in nodes[max(0, place - 3) : place])
    return _word(nodes[place]) in {"AND", "OR"} and not between


def _begins_branch(nodes: Nodes, place: int) -> bool:
    return _word(nodes[place]) in {"WHEN", "ELSE"}


def _word(node: Node) -> str:
    return node.text if isinstance(node, Token) else ""
