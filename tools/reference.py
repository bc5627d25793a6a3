"""Write the pages that the code itself knows best: `make docs`; with `--check` only compare."""

from __future__ import annotations

import difflib
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from fastgres import errors
from fastgres.cli.main import app
from fastgres.errors import FastgresError, ProblemError
from fastgres.settings import Settings, settings_table

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


def errors_page() -> str:
    """Draw the tree, then tell what a client and what a developer may meet."""
    tree = (errors.__doc__ or "").split("```text\n")[1].split("```")[0]
    classes = [
        value
        for value in vars(errors).values()
        if inspect.isclass(value) and issubclass(value, FastgresError)
    ]
    problems = [cls for cls in classes if issubclass(cls, ProblemError)]
    return "\n".join(
        [
            "# Errors",
            "",
            "Generated from `fastgres.errors` by `make docs`.",
            "",
            f"```text\n{tree}```",
            "",
            "## What a client may be told",
            "",
            "As `application/problem+json`; `code` is stable and made for programs to branch on.",
            "",
            "| status | code | class | when |",
            "| --- | --- | --- | --- |",
            *(
                f"| {cls.status} | `{cls.code}` | `{cls.__name__}` | {sentence(cls)} |"
                for cls in sorted(problems, key=lambda cls: (cls.status, cls.code))
            ),
            "",
            "## What a developer may meet",
            "",
            "| class | when |",
            "| --- | --- |",
            *(f"| `{cls.__name__}` | {sentence(cls)} |" for cls in classes if cls not in problems),
            "",
        ]
    )


def sentence(cls: type[FastgresError]) -> str:
    """Return the first paragraph of a class's docstring, as one line of a table."""
    return " ".join(inspect.cleandoc(cls.__doc__ or "").split("\n\n")[0].split())


def settings_page() -> str:
    """Keep the words of the page and renew its table."""
    words = (DOCS / "reference" / "settings.md").read_text().split("| variable |")[0]
    return words + settings_table(Settings)


def commands_page() -> str:
    """Describe every command with its arguments and options, in the order of `--help`."""
    introduction = [
        "# Commands",
        "",
        "Generated from the command line itself by `make docs`; `fastgres --help` says the same.",
        "`--help` (`-h`) works everywhere. Exit codes: 0 done, 1 not done, with the reason on",
        "standard error, 2 wrong usage, 130 Ctrl-C.",
        "",
    ]
    root = typer.main.get_command(app)
    return "\n".join([*introduction, *described(root, "fastgres")])


def described(command: Any, path: str) -> Iterator[str]:
    """Yield the lines about a command, then those about the commands below it."""
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option"]
    usage = [p.name.upper() if p.required else f"[{p.name.upper()}]" for p in arguments]
    below = ["COMMAND"] if hasattr(command, "commands") else []
    yield from (f"## `{' '.join([path, *usage, *below])}`", "", *prose(command.help), "")
    if command.params:
        yield from ("| argument or option | default | what it does |", "| --- | --- | --- |")
        yield from (row(parameter) for parameter in [*arguments, *options])
        yield ""
    for name, lower in getattr(command, "commands", {}).items():
        yield from described(lower, f"{path} {name}")


def prose(text: str) -> list[str]:
    """Return help text as Markdown: examples become a block."""
    words, _, examples = re.sub(r"\[/?bold\]", "**", text).partition("**Examples**")
    lines = words.strip().replace("\\[", "[").splitlines()
    commands = [line.strip() for line in examples.strip().splitlines()]
    return [*lines, "", "```text", *commands, "```"] if commands else lines


def row(parameter: Any) -> str:
    """Return the line of one argument or option in a table."""
    names = ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])
    argument = parameter.param_type_name == "argument"
    default = "" if parameter.default in {None, False} else str(parameter.default).lower()
    written = f"`{parameter.name.upper()}`" if argument else names
    return f"| {written} | {default} | {parameter.help.replace('|', chr(92) + '|')} |"


def decisions_page() -> str:
    """List the decisions by number and title."""
    pages = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    titles = [(page.name, page.read_text().splitlines()[0].removeprefix("# ")) for page in pages]
    return "\n".join(
        [
            "# Decisions",
            "",
            "One page each: context, decision, consequences, alternatives, and the file that",
            "enforces it. A page without such a file fails the tests. Generated by `make docs`.",
            "",
            *(f"- [{title}]({name})" for name, title in titles),
            "",
        ]
    )


def pages() -> dict[Path, str]:
    """Return every generated page and what should stand in it."""
    return {
        DOCS / "reference" / "errors.md": errors_page(),
        DOCS / "reference" / "settings.md": settings_page(),
        DOCS / "reference" / "cli.md": commands_page(),
        DOCS / "decisions" / "README.md": decisions_page(),
    }


def difference(path: Path, wanted: str) -> str:
    """Return what would change in a page, empty when it is up to date."""
    found = path.read_text() if path.exists() else ""
    name = str(path.relative_to(ROOT))
    lines = difflib.unified_diff(
        found.splitlines(keepends=True),
        wanted.splitlines(keepends=True),
        name,
        f"{name} from the code",
    )
    return "".join(lines)


def main(*, check: bool) -> int:
    """Write what changed, or print it and fail."""
    stale = 0
    for path, wanted in pages().items():
        changes = difference(path, wanted)
        if not changes:
            continue
        stale += 1
        if check:
            sys.stdout.write(changes + "\nRun `make docs` and commit the result.\n")
        else:
            path.write_text(wanted)
            sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
