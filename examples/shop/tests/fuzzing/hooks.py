"""What no schema can say about the requests that Schemathesis makes up."""

import re
from typing import Any
from uuid import uuid4

import schemathesis

KEY = "Idempotency-Key"


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case[Any], **_: Any) -> None:
    """Leave out what no request can make up or compare, whether it is to be good or bad.

    A cursor that no page has given out is refused. Of an answer with chosen fields no schema can
    say which ones it has. A key that is good once is not good for another request.
    """
    if case.headers and re.fullmatch(r"[!#-+\--~]{1,255}", str(case.headers.get(KEY, ""))):
        case.headers[KEY] = str(uuid4())
    for name in ("cursor", "fields"):
        if case.query:
            case.query.pop(name, None)
