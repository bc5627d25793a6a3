"""How long a failed job waits before its next attempt."""

from __future__ import annotations

import random
from collections.abc import Callable

Backoff = Callable[[int], float]
"""Seconds to wait after the attempt with this number, the first being 1.

```python
from fastgres.jobs import Backoff

every_minute: Backoff = lambda attempt: 60.0
assert every_minute(3) == 60.0
```
"""


def exponential(*, first: float = 5.0, factor: float = 3.0, most: float = 3600.0) -> Backoff:
    """Return a wait that grows with each attempt, and differs between jobs that failed together.

    Between half and the whole of `first * factor ** (attempt - 1)` seconds, at most `most`: with
    the defaults about 5 s, 15 s, 45 s, 2 min, 7 min.

    ```python
    from fastgres.jobs import exponential

    wait = exponential(first=2, factor=2, most=60)
    assert 2 <= wait(2) <= 4
    assert wait(50) <= 60
    ```
    """

    def wait(attempt: int) -> float:
        exponent = min(attempt - 1, 64)
        return min(first * factor**exponent, most) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret, only spread

    return wait
