"""Who asks: keys of one caller say nothing about those of another."""

from __future__ import annotations

import json
from typing import Final
from uuid import UUID

from fastgres.errors import ConfigurationError

LONGEST: Final = 500
"""Characters of a caller as it is stored; together with the key it has to fit into an index."""


async def anyone() -> str:
    """Be the caller where there are no accounts: all clients share their keys.

    Whoever knows the key and the exact body of a request of somebody else is given its answer, so
    it is for services whose answers are no secrets.

    ```python
    from fastgres.idempotency import anyone, idempotent

    ForAnyone = idempotent(caller=anyone)
    assert await anyone() == "anyone"
    ```
    """
    return "anyone"


def caller_text(caller: object) -> str:
    """Return what a caller's dependency gave as the text that is stored.

    Raises ConfigurationError for what does not name anybody.
    """
    parts = caller if isinstance(caller, tuple) else (caller,)
    if not parts or not all(isinstance(part, str | int | UUID) for part in parts):
        raise ConfigurationError(
            f"The caller of an idempotent route is {type(caller).__name__!r}, and has to be a str, "
            "int or UUID, or a tuple of them such as (tenant_id, user_id): it is stored with the "
            "key, so that nobody is given the answer of somebody else. Return the id, and refuse "
            "who is not known (401) in the dependency itself."
        )
    text = str(parts[0])
    if len(parts) > 1 or text.startswith("["):
        text = json.dumps([str(part) for part in parts])
    if not text or len(text) > LONGEST:
        raise ConfigurationError(
            f"The caller of an idempotent route has {len(text)} characters; 1 to {LONGEST} are "
            "possible. Return an id."
        )
    return text
