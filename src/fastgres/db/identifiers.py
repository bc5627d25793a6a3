"""Keys made by the client: UUID version 7."""

from uuid import UUID

from uuid_utils import compat


def uuid7() -> UUID:
    """Make a UUID version 7 (RFC 9562): unique, and rising with time.

    Rising keys append to the primary key's index instead of scattering over it. The first 48
    bits tell when the key was made, in milliseconds, to whoever sees it.

    ```python
    from fastgres.db import uuid7

    first, second = uuid7(), uuid7()
    assert first.version == 7
    assert first < second
    ```
    """
    return compat.uuid7()
