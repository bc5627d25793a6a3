"""The development server: a database, its schema, perhaps data, and the service on top."""

from __future__ import annotations

import asyncio
import socket

from fastgres.app import serve
from fastgres.dev.companions import accompanied
from fastgres.dev.interrupts import until_interrupted
from fastgres.dev.listener import listen
from fastgres.dev.reloading import serve_again_on_change, serve_once
from fastgres.dev.schema import bring_to_head, require_head
from fastgres.dev.seeding import seed as fill
from fastgres.dev.welcome import Address, welcoming
from fastgres.dev.workplace import Workplace
from fastgres.errors import ConfigurationError
from fastgres.observability import configure_logging, get_logger

log = get_logger(__name__)


def develop(workplace: Workplace, *, seed: bool, reload: bool, worker: bool = True) -> None:
    """Serve the project until Ctrl-C or SIGTERM, and leave nothing running.

    The port is taken first, for that fails fastest. Then the embedded server is started unless
    `DATABASE_URL` is set, the schema brought to head, data made with `seed` where there is none,
    a mailbox opened unless `MAIL_URL` is set, the project's own companions started, and then the
    service with a `worker` for its jobs; with `reload` anew at each change of the code.

    Raises:
        ConfigurationError: when the port is taken or the environment is production.

    ```python
    from fastgres.dev import Workplace, develop

    def serve_with_data() -> None:
        develop(Workplace.here(port=9000), seed=True, reload=False)

    assert callable(serve_with_data)
    ```
    """
    settings = workplace.settings
    if settings.is_production:
        raise ConfigurationError(
            "ENVIRONMENT is production, and `fastgres dev` migrates, reloads and shows errors. "
            "Use `fastgres serve` there."
        )
    configure_logging(settings)
    with until_interrupted(), listen(settings) as listener:
        address = Address(settings.host, listener.getsockname()[1])
        with workplace.address() as url:
            asyncio.run(_prepare(workplace, url, seed=seed))
            with accompanied(workplace) as (equipped, mail), welcoming(address, workplace, mail):
                _serve(equipped, listener, reload=reload, worker=worker)


async def _prepare(workplace: Workplace, url: str, *, seed: bool) -> None:
    await bring_to_head(workplace, url)
    if seed:
        await fill(workplace, url)


def _serve(workplace: Workplace, listener: socket.socket, *, reload: bool, worker: bool) -> None:
    if reload:
        serve_again_on_change(workplace, listener, worker=worker)
    else:
        serve_once(workplace, [listener], worker=worker)


def serve_migrated(workplace: Workplace, *, migrate: bool) -> None:
    """Serve for production, on a schema that is the code's; with `migrate` made so first.

    Raises:
        MigrationError: when the schema is not at head; says the command.

    ```python
    from fastgres.dev import Workplace, serve_migrated

    def serve_four() -> None:
        serve_migrated(Workplace.here(workers=4), migrate=False)

    assert callable(serve_four)
    ```
    """
    configure_logging(workplace.settings)
    with workplace.address() as url:
        reach = bring_to_head if migrate else require_head
        asyncio.run(reach(workplace, url))
        serve(workplace.project.app, workplace.settings)
