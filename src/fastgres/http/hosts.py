"""Which hosts the service answers to, so that no forged Host gets into links or caches."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastgres.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import Scope

REMEMBERED = 256
"""How many spellings of our hosts, with their ports, are recognised without looking into them."""

LONGEST = 260
"""Bytes of a Host header that is remembered: a domain name has 253 at most."""

_name_and_port = re.compile(rb"(\[[^\]]*\]|[^:\[\]/?#@\\\s]*)(?::[0-9]{0,5})?").fullmatch


class TrustedHosts:
    """Tell whether a request names a host of ours: exact names, `*.example.com`, or `*` for any.

    `known` are the spellings that were trusted before.
    """

    __slots__ = ("_any", "_names", "_suffixes", "known")

    def __init__(self, allowed: Iterable[str]) -> None:
        patterns = [_checked(pattern.lower()).encode("latin-1") for pattern in allowed]
        self._any = b"*" in patterns
        self._names = frozenset(one for one in patterns if not one.startswith(b"*"))
        self._suffixes = tuple(one[1:] for one in patterns if one.startswith(b"*."))
        self.known: set[bytes] = set()

    def trust(self, scope: Scope) -> bool:
        """Tell whether the Host header of a request is one of ours; two headers never are."""
        found = [value for name, value in scope["headers"] if name == b"host"]
        if len(found) != 1:
            return self._any and not found
        trusted = self._any or self._is_ours(host_of(found[0]))
        if trusted and len(self.known) < REMEMBERED and len(found[0]) <= LONGEST:
            self.known.add(found[0])
        return trusted

    def _is_ours(self, host: bytes) -> bool:
        return host in self._names or (bool(self._suffixes) and host.endswith(self._suffixes))


def host_of(value: bytes) -> bytes:
    """Return the name in a Host header: lower case, without port, `[::1]` with its brackets.

    Empty when more than a port follows: `localhost:80@evil.com` is a link to evil.com.
    """
    found = _name_and_port(value)
    return b"" if found is None else found[1].lower().rstrip(b".")


def _checked(pattern: str) -> str:
    rest = pattern.removeprefix("*.").rstrip(".")
    if pattern != "*" and (not rest or "*" in rest):
        raise ConfigurationError(
            f"ALLOWED_HOSTS has {pattern!r}, which is no pattern: a star stands alone or for "
            "subdomains at the front. Write 'example.com', '*.example.com' or '*'."
        )
    return pattern.rstrip(".")
