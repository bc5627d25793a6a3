"""Every command in the pages runs, and shows what the page shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.blocks import Block, Example, page_examples
from tests.docs.terminal import Command, Terminal, commands_of, shows, terminal

CONSOLE = ("console", "bash", "sh", "shell")
NOT_RUN = {
    "make demo": "run, stopped, killed and started again by tests/docs/test_demo.py",
    "make test": "is what runs this test",
    "make check": "is the other half of what runs this test; here it would only take long",
}
"""Commands whose blocks are not run, each with its reason."""

EXAMPLES = [found for page in page_examples() if (found := page.only(*CONSOLE)).blocks]
FILES = {page.name: [block for block in page.blocks if block.title] for page in page_examples()}


def name_of(example: Example) -> str:
    """Name an example in test reports."""
    return example.name


def left_out(block: Block) -> bool:
    """Tell whether a command of the block stands in the list above."""
    return any(command.text.split(" #")[0].strip() in NOT_RUN for command in commands_of(block))


def write(block: Block, checkout: Path, directory: str) -> None:
    """Write the file whose content a page gives, where the reader stands."""
    path = checkout / directory.strip() / str(block.title)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("example", EXAMPLES, ids=name_of)
def test_page_can_be_followed(example: Example, tmp_path: Path) -> None:
    """A reader who types what the page says sees what the page shows."""
    files = FILES[example.name]
    with terminal(tmp_path) as opened:
        for block in sorted((*example.blocks, *files), key=lambda block: block.line):
            if block.title:
                write(block, opened.directory, opened.run("pwd")[0])
            elif not left_out(block):
                for command in commands_of(block):
                    follow(opened, command, background="background" in block.words)


def follow(opened: Terminal, command: Command, *, background: bool) -> None:
    """Type a command and compare what it prints with what the page shows."""
    if background:
        output = opened.start(command)
        assert shows(command.shown, opened.on_page(output)), f"{command}\n{output}"
        return
    output, code = opened.run(command.text)
    assert (code != 0) == command.fails, f"{command}\n{output}"
    assert not command.shown or shows(command.shown, opened.on_page(output)), f"{command}\n{output}"


@pytest.mark.parametrize("example", EXAMPLES, ids=name_of)
def test_commands_stand_behind_a_prompt(example: Example) -> None:
    """A block starts with `$`, so that a command and what it prints can be told apart."""
    assert [block.line for block in example.blocks if not block.text.startswith("$ ")] == []


@pytest.mark.parametrize(
    ("shown", "output", "expected"),
    [
        ("one\ntwo", "one  \ntwo\n", True),
        ("one", "one\ntwo", False),
        ("port ...", "port 8000", True),
        ("one\n...\nfour", "one\ntwo\nthree\nfour", True),
        ("one\n...\ntwo\n...", "one\ntwo", True),
        ("in ... s", "in 1.2 s\nand more", False),
    ],
)
def test_shown_output_is_compared(shown: str, output: str, expected: bool) -> None:
    """`...` stands for a part of a line, or for lines; everything else is compared."""
    assert shows(shown, output) is expected
