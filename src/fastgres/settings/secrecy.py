"""What must not be shown: names that promise a secret, passwords inside addresses."""

from __future__ import annotations

import re
from functools import lru_cache

MASK = "***"
"""What stands where a secret was.

```python
from fastgres.settings import MASK, mask_credentials

assert MASK in mask_credentials("redis://app:pa55@cache")
```
"""

_SECRET_NAME = re.compile(
    r"passw(or)?d|passphrase|secret|token|authori[sz]ation|cookie|api_?key|private_?key"
    r"|credential|signature|session_?id"
)
# What follows the colon is a port, not a password, when it is digits up to the end of the host.
_USER_PASSWORD = re.compile(r"(://[^\s/:@]*:)(?!\d+(?:[/?#]|$))\S*@")
_PASSWORD_PARAMETER = re.compile(r"((?:\b|_)(?:ssl)?password=)[^&\s'\"]+", re.IGNORECASE)


@lru_cache(maxsize=2048)
def names_secret(name: str) -> bool:
    """Return whether a value of this name is likely a secret.

    ```python
    from fastgres.settings import names_secret

    assert names_secret("X-Api-Key")
    assert not names_secret("author")
    ```
    """
    return _SECRET_NAME.search(name.lower().replace("-", "_")) is not None


def mask_credentials(text: str) -> str:
    """Return `text` with the password of every URL in it replaced by `***`.

    ```python
    from fastgres.settings import mask_credentials

    assert mask_credentials("postgresql://app:pa55@db/shop") == "postgresql://app:***@db/shop"
    ```
    """
    if "://" in text:
        text = _USER_PASSWORD.sub(rf"\g<1>{MASK}@", text)
    if "assword=" in text:
        text = _PASSWORD_PARAMETER.sub(rf"\g<1>{MASK}", text)
    return text
