"""What no schema can say about the requests that Schemathesis makes up."""

from typing import Any

import schemathesis


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case[Any], **_: Any) -> None:
    """Leave out what good requests cannot make up or compare.

    A cursor that no page has given out is refused. Of an answer with chosen fields no schema can
    say which ones it has, also where something else of the request is made up badly.
    """
    good = case.meta is None or case.meta.generation.mode.is_positive
    if case.query:
        case.query.pop("fields", None)
    if good and case.query:
        case.query.pop("cursor", None)
