"""What no schema can say about the requests that Schemathesis makes up."""

from typing import Any

import schemathesis


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case[Any], **_: Any) -> None:
    """Leave out what no request can make up or compare, whether it is to be good or bad.

    A cursor that no page has given out is refused. Of an answer with chosen fields no schema can
    say which ones it has.
    """
    for name in ("cursor", "fields"):
        if case.query:
            case.query.pop(name, None)
