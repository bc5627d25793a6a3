"""What no schema can say about the requests that Schemathesis makes up."""

from typing import Any

import schemathesis


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case[Any], **_: Any) -> None:
    """Leave cursors out of good requests: one that no page has given out is refused."""
    good = case.meta is None or case.meta.generation.mode.is_positive
    if good and case.query:
        case.query.pop("cursor", None)
