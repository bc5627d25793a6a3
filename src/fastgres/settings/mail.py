"""Addresses of mail servers: which are taken, and how the way to them is protected."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

Protection = Literal["starttls", "implicit", "none"]

_WAYS: Final[dict[str, Protection]] = {
    "starttls": "starttls",
    "implicit": "implicit",
    "insecure": "none",
}
_PORTS: Final[dict[Protection, int]] = {"starttls": 587, "implicit": 465, "none": 25}
_HOW: Final = "write it as smtp://user:password@host:587?tls=starttls"


@dataclass(frozen=True, slots=True)
class MailServer:
    """Say where mail is handed in, as whom, and how the connection is protected.

    ```python
    from fastgres.settings import MailServer

    server = MailServer.read("smtp://shop:pa%40ss@mail.example")
    assert (server.port, server.protection) == (587, "starttls")
    assert MailServer.read("smtp://127.0.0.1:1025").protection == "none"
    ```
    """

    host: str
    port: int
    protection: Protection
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def read(cls, url: str) -> MailServer:
        """Read `smtp://` (STARTTLS on port 587) or `smtps://` (TLS at once, port 465).

        Only a host of this machine is spoken to in the open. Anywhere else that takes
        `?tls=insecure`, and then no password may be given, for everybody on the way could read it.

        Raises:
            ValueError: says what is wrong, and never repeats the URL, for its password.
        """
        parts, port = _split(url)
        host = unquote(parts.hostname or "")
        protection = _protection(parts, host)
        if protection == "none" and parts.password and not is_local(host):
            raise ValueError(
                "has a password and tls=insecure, so that everybody on the way to the server "
                "could read it; leave one of the two out"
            )
        return cls(
            host=host,
            port=port or _PORTS[protection],
            protection=protection,
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )


def is_local(host: str) -> bool:
    """Return whether a host is this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _split(url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(f"has a host or port that cannot be read; {_HOW}") from None
    if parts.scheme not in {"smtp", "smtps"}:
        raise ValueError(f"must start with smtp:// or smtps://; {_HOW}")
    if not parts.hostname or parts.path not in {"", "/"} or parts.fragment:
        raise ValueError(
            f"has no host that can be read; {_HOW} and percent-encode special characters of the "
            "password (@ is %40, / is %2F, # is %23)"
        )
    if parts.password and not parts.username:
        raise ValueError(f"has a password but no user; {_HOW}")
    return parts, port


def _protection(parts: SplitResult, host: str) -> Protection:
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    way = options.pop("tls", None)
    if options:
        raise ValueError(f"has options that are not known, {', '.join(sorted(options))}; {_HOW}")
    if way is None:
        if parts.scheme == "smtps":
            return "implicit"
        return "none" if is_local(host) else "starttls"
    if way not in _WAYS or (parts.scheme == "smtps" and way != "implicit"):
        raise ValueError(
            "has a tls that is not taken; it is one of starttls, implicit (as smtps:// is) and "
            "insecure, which sends mail readable for everybody on the way"
        )
    return _WAYS[way]
