"""The fenced blocks of the documentation: where they stand and what is in them."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<info>\w[^\n]*)?\n(?P<body>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """One fenced block. `words` is what stands behind the fence: `python title="app.py"`."""

    path: Path
    line: int
    words: tuple[str, ...]
    text: str

    @property
    def language(self) -> str:
        """The first word, which names the language."""
        return self.words[0] if self.words else ""

    @property
    def title(self) -> str | None:
        """The file that the block is the content of, where the page says so."""
        titles = [word.partition("=")[2].strip('"') for word in self.words if word[:6] == "title="]
        return titles[0] if titles else None


@dataclass(frozen=True)
class Example:
    """The blocks that stand together: those of a page, or of one docstring."""

    name: str
    blocks: tuple[Block, ...]

    def only(self, *languages: str) -> Example:
        """Keep the blocks of these languages that are not the content of a file."""
        kept = [block for block in self.blocks if block.language in languages and not block.title]
        return Example(self.name, tuple(kept))


def blocks_in(text: str, path: Path, first_line: int = 1) -> tuple[Block, ...]:
    """Return the blocks of a text that begins at `first_line` of `path`."""
    return tuple(
        Block(
            path,
            first_line + text.count("\n", 0, found.start("body")),
            tuple((found["info"] or "").split()),
            textwrap.dedent(found["body"]),
        )
        for found in FENCE.finditer(text)
    )


def page_examples() -> Iterator[Example]:
    """Yield every Markdown page that a reader may follow."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "examples/shop/README.md"]
    for path in sorted(page for page in pages if page.exists()):
        yield Example(str(path.relative_to(ROOT)), blocks_in(path.read_text(), path))


def docstring_examples() -> Iterator[Example]:
    """Yield every text that stands as a statement in the sources: docstrings of all kinds."""
    for path in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                text = node.value.value
                found = blocks_in(text, path, node.lineno) if isinstance(text, str) else ()
                if found:
                    yield Example(f"{path.relative_to(ROOT)}:{node.lineno}", found)
