"""What is written to the log about an error that was answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi.exceptions import ResponseValidationError
from starlette.requests import ClientDisconnect

from fastgres.errors import LateCommitError, UncommittedChangesError
from fastgres.http.fault import INTERNAL
from fastgres.http.routes import template_of
from fastgres.observability import get_logger, take_told

if TYPE_CHECKING:
    from starlette.types import Scope

    from fastgres.http.fault import Fault

log = get_logger(__name__)


def log_error(
    error: BaseException, fault: Fault, *, cut_off: bool = False, scope: Scope | None = None
) -> None:
    """Log what went wrong: bugs with their traceback, an overload or a lost database without.

    What is in the log already, because a service inside of this one or the connection to the
    database has told it, is not logged again.
    """
    if take_told(error):
        log.debug("told before", error=type(error).__name__)
    elif isinstance(error, UncommittedChangesError):
        log.error("uncommitted changes", changes=error.changes, hint=str(error))
    elif isinstance(error, LateCommitError):
        log.error("commit after the response", changes=error.changes, hint=str(error))
    elif isinstance(error, ResponseValidationError):
        log.error("response not valid", errors=_without_input(error), endpoint=error.endpoint_path)
    elif fault is INTERNAL:
        event = "response cut off" if cut_off else "unhandled error"
        place = {} if scope is None else {"route": template_of(scope) or scope["path"]}
        log.error(event, error=type(error).__name__, **place, exc_info=error)
    elif fault.status >= 500 or (cut_off and not isinstance(error, ClientDisconnect)):
        cause = error.__cause__ or error
        log.warning(fault.code, status=fault.status, cause=f"{type(cause).__name__}: {cause}")


def _without_input(error: ResponseValidationError) -> list[dict[str, object]]:
    """Return what pydantic found, without the rows of the database that it found it in."""
    return [{key: one[key] for key in ("loc", "type", "msg")} for one in error.errors()]
