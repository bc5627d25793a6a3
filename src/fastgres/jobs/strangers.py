"""Jobs that the running application does not have: told of where they are enqueued."""

from __future__ import annotations

from collections.abc import Iterable
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine

from fastgres.observability import get_logger

log = get_logger(__name__)

_known: WeakKeyDictionary[Engine, set[str]] = WeakKeyDictionary()


def tell_of_strangers(engine: Engine, known: Iterable[str]) -> None:
    """Warn, once a name, when a job is enqueued on this engine that is not among these.

    For development: a release in production may well enqueue what another service runs.

    ```python
    from fastgres.jobs import tell_of_strangers

    tell_of_strangers(database.engine.sync_engine, ["send_receipt"])
    ```
    """
    _known[engine] = set(known)


def note_enqueued(bind: Engine | Connection, names: Iterable[str]) -> None:
    """Warn of jobs that the application does not have."""
    engine = bind if isinstance(bind, Engine) else bind.engine
    known = _known.get(engine)
    if known is None:
        return
    for name in names:
        if name not in known:
            known.add(name)
            log.warning(
                "job unknown to the application",
                job=name,
                why="no worker of it will run it: name it in create_app(..., jobs=[...])",
            )
