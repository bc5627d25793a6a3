"""Letters from templates."""

from __future__ import annotations

from pathlib import Path

import pytest

from fastgres.errors import ConfigurationError, LetterError
from fastgres.mail import Letters


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Templates of one letter."""
    (tmp_path / "receipt.subject").write_text("Order of {{ name }}\n")
    (tmp_path / "receipt.txt").write_text("Dear {{ name }},\nthank you.\n")
    (tmp_path / "receipt.html").write_text("<p>Dear {{ name }}</p>")
    return tmp_path


def test_values_are_escaped_in_html_alone(folder: Path) -> None:
    """A name is no markup, and no `&amp;` stands in the subject."""
    letter = Letters(folder).write("receipt", name="<b>Tom & Ann</b>")
    assert letter.subject == "Order of <b>Tom & Ann</b>"
    assert letter.text == "Dear <b>Tom & Ann</b>,\nthank you."
    assert letter.html == "<p>Dear &lt;b&gt;Tom &amp; Ann&lt;/b&gt;</p>"


def test_a_letter_may_be_plain(folder: Path) -> None:
    """Without a template for it there is no HTML."""
    (folder / "receipt.html").unlink()
    assert Letters(folder).write("receipt", name="Ada").html is None


@pytest.mark.parametrize("kind", ["subject", "txt", "html"])
def test_a_missing_variable_is_an_error(folder: Path, kind: str) -> None:
    """In each part, instead of `Dear ,`; it names what was given."""
    (folder / f"receipt.{kind}").write_text("Dear {{ nmae }}")
    with pytest.raises(LetterError, match=r"'nmae' is undefined. Given were: name") as raised:
        Letters(folder).write("receipt", name="Ada")
    assert f"receipt.{kind}" in str(raised.value)


@pytest.mark.parametrize("kind", ["subject", "txt"])
def test_a_missing_template_is_an_error(folder: Path, kind: str) -> None:
    """It says which file is looked for, and where."""
    (folder / f"receipt.{kind}").unlink()
    with pytest.raises(LetterError, match=f"receipt.{kind} in {folder}"):
        Letters(folder).write("receipt", name="Ada")


def test_a_faulty_template_is_an_error(folder: Path) -> None:
    """With the words of Jinja."""
    (folder / "receipt.txt").write_text("{% if %}")
    with pytest.raises(LetterError, match=r"receipt\.txt cannot be filled in"):
        Letters(folder).write("receipt", name="Ada")


def test_a_value_cannot_break_the_subject(folder: Path) -> None:
    """It is one line whatever a name holds."""
    letter = Letters(folder).write("receipt", name="Ada\r\nBcc: all@example.com")
    assert letter.subject == "Order of Ada Bcc: all@example.com"


def test_a_folder_that_is_not_there_is_refused_at_once(tmp_path: Path) -> None:
    """At the start of the service, not with the first order."""
    with pytest.raises(ConfigurationError, match="no folder"):
        Letters(tmp_path / "templtes")
