"""The block that says where the service is."""

from __future__ import annotations

import http.server
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from fastgres.dev import Workplace
from fastgres.dev.welcome import Address, block, first_list, welcoming
from fastgres.settings import Project, Settings, load_settings

OPENAPI = {
    "info": {"title": "Kiosk"},
    "paths": {
        "/livez": {"get": {}},
        "/papers/{number}": {"get": {}},
        "/orders": {"post": {}},
        "/papers": {"get": {}, "post": {}},
    },
}


class Service(http.server.BaseHTTPRequestHandler):
    """Answer as a service does."""

    document: ClassVar[dict[str, Any]] = OPENAPI

    def do_GET(self) -> None:
        """Answer everything with the same document."""
        body = json.dumps(self.document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Stay silent."""


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    """A project that has nothing but a place."""
    project = Project(root=tmp_path, app="kiosk.main:create_app", metadata="kiosk.models:Base")
    settings = load_settings(
        Settings, environment="development", database_url=None, embedded_directory=tmp_path / "pg"
    )
    return Workplace(project, settings)


@pytest.fixture
def service() -> Iterator[http.server.HTTPServer]:
    """A server that is bound but does not answer yet."""
    with http.server.HTTPServer(("127.0.0.1", 0), Service, bind_and_activate=False) as server:
        server.server_bind()
        yield server


def test_it_is_printed_once_the_service_answers(
    service: http.server.HTTPServer, workplace: Workplace, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not before: whoever pastes the line to try gets an answer."""
    address = Address("127.0.0.1", service.server_address[1])
    with welcoming(address, workplace):
        assert capsys.readouterr().out == ""
        service.server_activate()
        service.handle_request()
        service.handle_request()
    printed = capsys.readouterr().out
    assert "Kiosk is running" in printed
    assert f"curl '{address.url}/papers'" in printed


def test_what_stands_in_for_a_broken_service_is_not_it(
    service: http.server.HTTPServer,
    workplace: Workplace,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It answers 503 until the code is mended."""
    address = Address("127.0.0.1", service.server_address[1])
    monkeypatch.setattr(Service, "document", {"status": 503, "code": "unavailable"})
    service.timeout = 5.0
    with welcoming(address, workplace):
        service.server_activate()
        for _ in range(3):
            service.handle_request()
    assert capsys.readouterr().out == ""


def test_nothing_is_printed_for_a_service_that_never_answers(
    service: http.server.HTTPServer, workplace: Workplace, capsys: pytest.CaptureFixture[str]
) -> None:
    """It failed at start, and said so itself."""
    with welcoming(Address("127.0.0.1", service.server_address[1]), workplace):
        pass
    assert capsys.readouterr().out == ""


def test_it_says_where_the_data_is(workplace: Workplace) -> None:
    """The embedded server's folder, or that DATABASE_URL decides; never the URL itself."""
    address = Address("127.0.0.1", 8000)
    assert f"{workplace.settings.embedded_directory} (embedded" in block(address, workplace, {})
    url = "postgresql://app:hunter2@db/shop"
    given = Workplace(workplace.project, load_settings(Settings, database_url=url))
    assert "DATABASE_URL" in block(address, given, {})
    assert "hunter2" not in block(address, given, {})


def test_it_says_where_mail_is_looked_at(workplace: Workplace) -> None:
    """Where there is a mailbox."""
    address = Address("127.0.0.1", 8000)
    assert "Mail" not in block(address, workplace, {})
    assert "http://127.0.0.1:8025" in block(address, workplace, {}, mail="http://127.0.0.1:8025")


def test_the_line_to_try_needs_no_id() -> None:
    """The first list of the service; its health when it has none."""
    assert first_list(OPENAPI) == "/papers"
    assert first_list({}) == "/livez"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://[::1]:80"),
        ("::1", "http://[::1]:80"),
    ],
)
def test_the_url_can_be_opened_on_this_machine(host: str, url: str) -> None:
    """Also when the server listens on every address."""
    assert Address(host, 80).url == url
