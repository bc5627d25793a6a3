"""Files in, findings out."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fastgres.rules.catalogue import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fastgres.rules.rule import Rule

_ALLOWED = re.compile(r"#\s*allow (FG\d{3}): \S")


@dataclass(frozen=True, slots=True)
class Finding:
    r"""Where a rule is broken.

    ```python
    from fastgres.rules import check_source

    (finding,) = check_source("async def save(session):\n    await session.commit()\n")
    assert (finding.rule.code, finding.line) == ("FG101", 2)
    ```
    """

    rule: Rule
    path: str
    line: int

    def __str__(self) -> str:
        rule = self.rule
        return f"{self.path}:{self.line}: {rule.code} {rule.name}: {rule.why} {rule.fix}"


def check_source(source: str, path: str = "<text>") -> list[Finding]:
    r"""Return what is wrong in a module's text; raises `SyntaxError` when it cannot be parsed.

    A line that ends in `# allow FG101: <reason>` is left out.

    ```python
    from fastgres.rules import check_source

    text = "async def end(session):\n    await session.commit()  # allow FG101: ends the unit\n"
    assert check_source(text) == []
    ```
    """
    lines = source.splitlines()
    module = ast.parse(source, path)
    return sorted(
        (
            Finding(rule, path, node.lineno)
            for rule in RULES
            for node in rule.find(module)
            if not _is_allowed(rule, lines[node.lineno - 1])
        ),
        key=lambda finding: finding.line,
    )


def check_paths(paths: Iterable[Path]) -> list[Finding]:
    """Return what is wrong in the Python files at or below the paths.

    ```python
    from pathlib import Path
    from fastgres.rules import check_paths

    assert check_paths([Path("no/such/folder")]) == []
    ```
    """
    return [
        finding
        for file in _python_files(paths)
        for finding in check_source(file.read_text(encoding="utf-8"), str(file))
    ]


def _is_allowed(rule: Rule, line: str) -> bool:
    allowed = _ALLOWED.search(line)
    return allowed is not None and allowed.group(1) == rule.code


def _python_files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))
