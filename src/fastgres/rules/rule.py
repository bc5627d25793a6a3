"""A rule: one record from which its check, its page and its tests come."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Finder = Callable[[ast.Module], Iterator[ast.expr | ast.stmt]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Say what a rule asks for and why, with code that breaks it and code that keeps it.

    `name` reads well after "allow"; `fix` says what to write instead. In `bad` every line that
    breaks the rule ends in `# <code>`; `good` breaks none.

    ```python
    from fastgres.rules import RULES, check_source

    for rule in RULES:
        assert {finding.rule.code for finding in check_source(rule.bad)} == {rule.code}
        assert not check_source(rule.good)
    ```
    """

    code: str
    name: str
    why: str
    fix: str
    bad: str
    good: str
    since: str
    source: str
    find: Finder
