"""Every rule, in the order of its code."""

from __future__ import annotations

from fastgres.rules.commits import COMMIT_OUTSIDE_UNIT
from fastgres.rules.middleware import BASE_HTTP_MIDDLEWARE
from fastgres.rules.rule import Rule

RULES: tuple[Rule, ...] = (COMMIT_OUTSIDE_UNIT, BASE_HTTP_MIDDLEWARE)
"""All of them.

```python
from fastgres.rules import RULES

assert "FG101" in {rule.code for rule in RULES}
```
"""
