"""A Python shell with the models loaded, a session at hand, and `await` at the prompt."""

from __future__ import annotations

import ast
import asyncio
import code
import inspect
import sys
import types
from typing import Any

from fastgres.db import Base, Session
from fastgres.dev.workplace import Workplace


def open_console(workplace: Workplace, url: str) -> None:
    """Run a Python shell on the database at `url` until its user leaves.

    It knows every mapped class by name, `session`, `database`, `settings`, and `select`; what is
    not committed is rolled back at the end. One event loop serves all lines.

    ```python
    from fastgres.dev import Workplace, open_console

    def explore(workplace: Workplace) -> None:
        with workplace.address() as url:
            open_console(workplace, url)

    assert callable(explore)
    ```
    """
    with asyncio.Runner() as runner:
        database = workplace.database(url)
        session = database.session()
        names = {
            **known_names(workplace),
            "database": database,
            "session": session,
            "settings": workplace.settings,
        }
        try:
            _enable_history(names)
            _Console(names, runner).interact(banner=_banner(names, session), exitmsg="")
        finally:
            runner.run(session.close())
            runner.run(database.close())


def known_names(workplace: Workplace) -> dict[str, Any]:
    """Return the mapped classes by their names, and what one needs to query them."""
    import sqlalchemy

    models = workplace.project.load("metadata")
    registry = getattr(models, "registry", Base.registry)
    classes = {mapper.class_.__name__: mapper.class_ for mapper in registry.mappers}
    useful = ("select", "insert", "update", "delete", "func", "text")
    return {name: getattr(sqlalchemy, name) for name in useful} | classes


class _Console(code.InteractiveConsole):
    """Compile lines so that they may await, and finish what they await before the next prompt."""

    def __init__(self, names: dict[str, Any], runner: asyncio.Runner) -> None:
        super().__init__(names | {"__name__": "__console__", "__doc__": None})
        self.runner = runner
        self.compile.compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT

    def runcode(self, code: types.CodeType) -> None:
        function = types.FunctionType(code, self.locals)
        try:
            result = function()
            if inspect.iscoroutine(result):
                self.runner.run(result)
        except SystemExit:
            raise
        except BaseException:  # noqa: BLE001 - a shell shows whatever was raised and goes on
            self.showtraceback()


def _banner(names: dict[str, Any], session: Session) -> str:
    models = sorted(name for name, value in names.items() if hasattr(value, "__mapper__"))
    return (
        f"Python {sys.version.split()[0]} with await at the prompt; Ctrl-D leaves.\n"
        f"Models: {', '.join(models) or 'none'}. Also: {type(session).__name__.lower()}, database, "
        "settings, select.\n"
        "Try: await session.scalar(select(func.count()).select_from("
        f"{models[0] if models else 'Model'}))"
    )


def _enable_history(names: dict[str, Any]) -> None:
    """Give the prompt line editing and completion where Python was built with them."""
    try:
        import readline
        import rlcompleter
    except ImportError:
        return
    readline.set_completer(rlcompleter.Completer(names).complete)
    readline.parse_and_bind("tab: complete")
