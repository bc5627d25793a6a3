"""Publishing through kombu, from a thread of its own and within a bounded time."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from fastgres.observability import get_logger

if TYPE_CHECKING:
    from celery import Celery

    from fastgres.jobs import Message

log = get_logger(__name__)

_SOCKET: Final = 5.0
"""Seconds that one exchange with the broker may take: then the thread is free again."""

_Batch = tuple[Sequence["Message"], set[int], "asyncio.Future[str]"]
"""Messages, the ids of those confirmed so far, and in the end what went wrong, if anything."""


class CeleryPublisher:
    """Publishes jobs as messages of a Celery application; one batch at a time.

    kombu blocks, and a broker that stands still may block it for long. The thread is left to itself
    after `timeout` seconds for a batch, and another one goes on with a new connection.
    """

    def __init__(self, app: Celery, *, timeout: float = 8.0) -> None:
        self._app = app
        self._timeout = timeout
        self._sender: _Sender | None = None

    async def publish(self, messages: Sequence[Message]) -> set[int]:
        """Return the ids that the broker has confirmed, as far as it came in time.

        Raises ConnectionError, which says what went wrong, when it took none.
        """
        confirmed: set[int] = set()
        done: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        if self._sender is None:
            self._sender = _Sender(self._app)
            self._sender.start()
        self._sender.batches.put((messages, confirmed, done))
        try:
            async with asyncio.timeout(self._timeout):
                fault = await done
        except TimeoutError:
            fault = f"It has not answered for {self._timeout:g} seconds."
            self.close()
        if fault and not confirmed:
            raise ConnectionError(fault)
        if fault:
            log.debug("batch not whole", error=fault, confirmed=len(confirmed), of=len(messages))
        return set(confirmed)

    def renew(self) -> None:
        """Connect and declare the queues anew before the next message."""
        self.close()

    def close(self) -> None:
        """Let the thread end, once the broker lets it."""
        if self._sender is not None:
            self._sender.leave()
            self._sender = None


class _Sender(threading.Thread):
    """One thread with one connection."""

    def __init__(self, app: Celery) -> None:
        super().__init__(name="fastgres-relay", daemon=True)
        self.batches: queue.SimpleQueue[_Batch | None] = queue.SimpleQueue()
        self._app = app
        self._left = False
        self._connection: Any = None

    def leave(self) -> None:
        """Publish nothing more."""
        self._left = True
        self.batches.put(None)

    def run(self) -> None:
        """Publish batch after batch."""
        while (batch := self.batches.get()) is not None:
            messages, confirmed, done = batch
            fault = ""
            try:
                self._publish(messages, confirmed)
            except Exception as error:  # noqa: BLE001 - kombu raises whatever its transports raise
                fault = f"{type(error).__name__}: {error}"
                self._disconnect()
            _tell(done, fault)
        self._disconnect()

    def _publish(self, messages: Sequence[Message], confirmed: set[int]) -> None:
        producer = self._app.amqp.Producer(self._connected())
        for message in messages:
            if self._left:
                return
            self._app.send_task(
                message.name,
                args=(message.id,),
                task_id=str(message.id),
                queue=message.queue,
                producer=producer,
                retry=False,
                ignore_result=True,
                add_to_parent=False,
            )
            confirmed.add(message.id)

    def _connected(self) -> Any:
        if self._connection is None:
            self._connection = self._app.connection_for_write(
                connect_timeout=_SOCKET, transport_options=options_of(self._app)
            )
            self._connection.connect()
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            try:
                connection.release()
            except Exception as error:  # noqa: BLE001 - a broken connection need not close well
                log.debug("connection not closed", error=str(error))


def options_of(app: Celery) -> dict[str, Any]:
    """Return what the relay's connection needs beyond those of the application.

    RabbitMQ is asked to confirm each message. Redis has nothing like it.
    """
    if is_amqp(app):
        return {"confirm_publish": True, "read_timeout": _SOCKET, "write_timeout": _SOCKET}
    return {"socket_timeout": _SOCKET, "socket_connect_timeout": _SOCKET}


def is_amqp(app: Celery) -> bool:
    """Tell RabbitMQ from other brokers."""
    name: str = app.connection_for_write().transport_cls
    return name in {"amqp", "amqps", "pyamqp"}


def _tell(done: asyncio.Future[str], fault: str) -> None:
    def finish() -> None:
        if not done.done():
            done.set_result(fault)

    try:
        done.get_loop().call_soon_threadsafe(finish)
    except RuntimeError:
        log.debug("relay ended before its last batch")
