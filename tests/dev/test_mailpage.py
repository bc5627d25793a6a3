"""The page that shows the mail of development."""

from __future__ import annotations

from collections.abc import AsyncIterator
from html.parser import HTMLParser

import httpx
import pytest

from fastgres.dev.mailpage import mail_page
from fastgres.mail import Mailbox, Received

EVIL = '"><script>alert(1)</script>'


@pytest.fixture
def mailbox() -> Mailbox:
    """A mailbox that nobody reaches by SMTP, with a letter that means harm and a plain one."""
    mailbox = Mailbox()
    mailbox.received = [
        Received("one", EVIL, (EVIL,), evil_letter()),
        Received("two", "shop@example.com", ("ada@example.com",), b"Subject: Plain\r\n\r\nHello"),
    ]
    return mailbox


def evil_letter() -> bytes:
    """Write what a stranger could, in every place that is shown."""
    lines = [
        f"Subject: {EVIL}",
        f"X-Evil: {EVIL}",
        "MIME-Version: 1.0",
        'Content-Type: multipart/alternative; boundary="b"',
        "",
        "--b",
        "Content-Type: text/plain",
        "",
        f"{EVIL} in the text",
        "--b",
        "Content-Type: text/html",
        "",
        "<h1>Hello</h1><script>top.location = 'https://evil.example'</script>",
        "--b--",
        "",
    ]
    return "\r\n".join(lines).encode()


@pytest.fixture
async def browser(mailbox: Mailbox) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the page."""
    transport = httpx.ASGITransport(app=mail_page(mailbox))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8025") as client:
        yield client


class Elements(HTMLParser):
    """The elements of a page as a browser makes them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep what is read."""
        self.text += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of all elements of a kind."""
        return [attributes for name, attributes in self.found if name == tag]


async def test_the_list_has_the_newest_first(browser: httpx.AsyncClient) -> None:
    """Each subject leads to its message."""
    page = Elements((await browser.get("/")).text)
    assert [each["href"] for each in page.of("a")] == ["/messages/two", "/messages/one"]
    assert "Plain" in page.text


async def test_an_empty_mailbox_says_so(browser: httpx.AsyncClient, mailbox: Mailbox) -> None:
    """With nothing to throw away."""
    mailbox.clear()
    page = Elements((await browser.get("/")).text)
    assert "No mail yet" in page.text
    assert page.of("form") == []


@pytest.mark.parametrize("path", ["/", "/messages/one", "/messages/two"])
async def test_whatever_a_letter_holds_is_text(browser: httpx.AsyncClient, path: str) -> None:
    """No element comes from a letter: there is not one script on the page."""
    answer = await browser.get(path)
    page = Elements(answer.text)
    assert answer.status_code == 200
    assert page.of("script") == []
    assert path == "/messages/two" or EVIL in page.text
    assert "script-src" not in answer.headers["content-security-policy"]
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


async def test_html_is_shown_in_a_sandbox(browser: httpx.AsyncClient) -> None:
    """By the frame and by the letter's own headers: nothing runs, nothing is fetched."""
    page = Elements((await browser.get("/messages/one")).text)
    (frame,) = page.of("iframe")
    assert frame["sandbox"] is None
    assert "sandbox" in frame
    letter = await browser.get(str(frame["src"]))
    assert letter.text.startswith("<h1>Hello</h1>")
    assert letter.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert Elements((await browser.get("/messages/two")).text).of("iframe") == []


async def test_headers_and_source_can_be_read(browser: httpx.AsyncClient) -> None:
    """The source is text, whatever it looks like."""
    assert "X-Evil" in (await browser.get("/messages/one")).text
    source = await browser.get("/messages/one/source")
    assert source.content == evil_letter()
    assert source.headers["content-type"].startswith("text/plain")
    assert source.headers["x-content-type-options"] == "nosniff"


async def test_a_message_that_is_gone_is_not_found(browser: httpx.AsyncClient) -> None:
    """Whether or not it ever was."""
    for kind in ("", "/html", "/source"):
        assert (await browser.get(f"/messages/three{kind}")).status_code == 404


async def test_a_page_of_elsewhere_can_neither_read_nor_throw_away(
    browser: httpx.AsyncClient, mailbox: Mailbox
) -> None:
    """Not under a name that was made to lead here, not by a form of its own."""
    rebound = await browser.get("/", headers={"Host": "evil.example"})
    assert rebound.status_code == 400
    forged = await browser.post("/clear", headers={"Sec-Fetch-Site": "cross-site"})
    assert forged.status_code == 403
    assert len(mailbox.received) == 2
    cleared = await browser.post("/clear", headers={"Sec-Fetch-Site": "same-origin"})
    assert cleared.status_code == 303
    assert mailbox.received == []
