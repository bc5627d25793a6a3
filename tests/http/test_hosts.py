"""Which hosts are ours."""

from __future__ import annotations

import pytest

from fastgres.errors import ConfigurationError
from fastgres.http.hosts import REMEMBERED, TrustedHosts

ALLOWED = ["localhost", "[::1]", "shop.example", "*.example.com"]


def trusts(*hosts: str, allowed: list[str] = ALLOWED) -> bool:
    """Ask for a request with these Host headers."""
    return TrustedHosts(allowed).trust({"headers": [(b"host", one.encode()) for one in hosts]})


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:8000",
        "localhost.",
        "[::1]",
        "[::1]:8000",
        "a.example.com",
        "a.b.example.com:443",
    ],
)
def test_own_host_is_trusted(host: str) -> None:
    assert trusts(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "example.com",
        "evilexample.com",
        "shop.example.evil.com",
        "localhost@evil.com",
        "localhost/evil",
        "localhost:80@evil.com",
        "localhost:evil.com",
        "localhost:80:evil.com",
        "localhost:123456",
        "localhost:80\n",
        "evil.com/.example.com",
        "evil.com?.example.com",
        "[::1]evil.com",
        "[::1]@evil.com",
        "[::1].",
        "[::2]",
        "[::1",
    ],
)
def test_other_host_is_not(host: str) -> None:
    assert not trusts(host)


def test_host_must_be_named_once() -> None:
    """A proxy and the application may each believe another of two."""
    assert not trusts()
    assert not trusts("localhost", "evil.example")
    assert not trusts("localhost", "localhost", allowed=["*"])


def test_star_trusts_any() -> None:
    assert trusts("whatever.example", allowed=["*"])
    assert trusts(allowed=["*"])


@pytest.mark.parametrize("pattern", ["a.*.example.com", "*example.com", "*.", "", "**"])
def test_pattern_that_could_never_match_is_refused_at_once(pattern: str) -> None:
    with pytest.raises(ConfigurationError, match="ALLOWED_HOSTS"):
        TrustedHosts([pattern])


def test_trusted_host_is_remembered_as_it_was_written() -> None:
    hosts = TrustedHosts(ALLOWED)
    assert b"localhost:8000" not in hosts.known
    assert hosts.trust({"headers": [(b"host", b"localhost:8000")]})
    assert b"localhost:8000" in hosts.known
    assert b"localhost" not in hosts.known


def test_only_so_many_hosts_are_remembered_and_no_long_ones() -> None:
    hosts = TrustedHosts(["*"])
    for number in range(REMEMBERED + 1):
        assert hosts.trust({"headers": [(b"host", b"%d.example" % number)]})
    assert b"%d.example" % REMEMBERED not in hosts.known
    hosts = TrustedHosts(["*"])
    assert hosts.trust({"headers": [(b"host", b"x" * 300)]})
    assert b"x" * 300 not in hosts.known


def test_strange_host_is_not_remembered() -> None:
    hosts = TrustedHosts(ALLOWED)
    for headers in ([(b"host", b"evil.example")], [(b"host", b"localhost")] * 2, []):
        assert not hosts.trust({"headers": headers})
    assert hosts.known == set()
