"""Routes that answer a request once for each Idempotency-Key, however often it is sent."""

from fastgres.idempotency.callers import anyone
from fastgres.idempotency.describing import describe_idempotent
from fastgres.idempotency.finishing import finish_abandoned
from fastgres.idempotency.installation import prepare_idempotent
from fastgres.idempotency.once import Idempotent, IdempotentOptions, idempotent
from fastgres.idempotency.steps import Steps, StepsDep

__all__ = [
    "Idempotent",
    "IdempotentOptions",
    "Steps",
    "StepsDep",
    "anyone",
    "describe_idempotent",
    "finish_abandoned",
    "idempotent",
    "prepare_idempotent",
]
