"""What is answered in the place of the application when something went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastgres.errors import PayloadTooLargeError, UnavailableError
from fastgres.http.fault import INTERNAL, Fault, fault_of, internal_with_cause
from fastgres.http.headers import headers_of_problem, is_plain_text
from fastgres.http.mishap import log_error
from fastgres.observability import get_logger, mark_told, unwrapped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastgres.http.conversation import Conversation
    from fastgres.http.headers import Header

log = get_logger(__name__)


def replacement_of(exchange: Conversation, status: int, headers: Iterable[Header]) -> Fault | None:
    """Return the problem to send instead: for a broken body, and for errors in plain text."""
    if exchange.body is not None and exchange.body.fault is not None:
        return Fault.of_problem(exchange.body.fault)
    if status >= 400 and is_plain_text(headers):
        return Fault.of_status(status)
    return None


async def answer_cancelled(exchange: Conversation) -> None:
    """Answer a request that the server cancels, as it does with those outlasting shutdown."""
    log.warning("request cancelled", path=exchange.scope["path"])
    if not exchange.started:
        gone = UnavailableError("The service is shutting down.")
        await answer_fault(exchange, Fault.of_problem(gone))


async def answer_failure(exchange: Conversation, error: BaseException) -> None:
    """Answer an error that left the application, or drop the connection if too late."""
    broken = exchange.body.fault if exchange.body is not None else None
    cause = broken or unwrapped(error)
    fault = fault_of(cause)
    cut_off = exchange.started and not exchange.complete
    log_error(cause, fault, cut_off=cut_off, scope=exchange.scope)
    if not exchange.started and not (fault is INTERNAL and await _ask_handler(exchange, cause)):
        shows_cause = fault is INTERNAL and exchange.policy.lifecycle.settings.debug
        await answer_fault(exchange, internal_with_cause(cause) if shows_cause else fault)
    elif not exchange.complete:
        await exchange.policy.report_bug(exchange.scope, cause)
        mark_told(error)
        raise error


async def _ask_handler(exchange: Conversation, error: BaseException) -> bool:
    """Let the service's own handler of bugs answer; False when it does not."""
    await exchange.unit.abandon()
    exchange.diverted = None
    try:
        response = await exchange.policy.report_bug(exchange.scope, error)
        if response is not None:
            await response(exchange.scope, exchange.wire_receive, exchange.send)
    except Exception as failure:  # noqa: BLE001 - the boundary answers for the handler too
        log_error(failure, INTERNAL, cut_off=exchange.started)
    exchange.drop_rest()
    return exchange.started


async def answer_fault(
    exchange: Conversation, fault: Fault, *, kept: Iterable[Header] = ()
) -> None:
    """Send a problem document; what the application sends from now on is dropped."""
    exchange.drop_rest()
    exchange.code = fault.code
    await exchange.unit.abandon()
    content = fault.render(exchange.request_id)
    headers = headers_of_problem(fault.headers, len(content), kept=kept)
    exchange.size = len(content)
    await exchange.start(fault.status, headers)
    await exchange.wire({"type": "http.response.body", "body": content, "more_body": True})
    if exchange.body is not None and fault.code == PayloadTooLargeError.code:
        asked = any(name == b"expect" for name, _ in exchange.scope["headers"])
        await exchange.body.linger(waits=asked)
    exchange.complete = True
    await exchange.wire({"type": "http.response.body", "body": b"", "more_body": False})
