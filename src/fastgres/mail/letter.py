"""Letters and the templates they are written from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fastgres.errors import ConfigurationError, LetterError

if TYPE_CHECKING:
    from pathlib import Path

    from jinja2 import Environment

SUBJECT: Final = "subject"
TEXT: Final = "txt"
HTML: Final = "html"


@dataclass(frozen=True, slots=True)
class Letter:
    """What is sent, before it is known to whom; `html` says the same.

    ```python
    from fastgres.mail import Letter

    letter = Letter(subject="Your order", text="Thank you.", html="<p>Thank you.</p>")
    assert letter.html is not None
    ```
    """

    subject: str
    text: str
    html: str | None = None


class Letters:
    """Write letters from a folder of Jinja templates.

    A letter `receipt` is made of `receipt.subject`, `receipt.txt` and, unless it is to be plain,
    `receipt.html`. In HTML every value is escaped, in the other two nothing is. A variable that is
    not given is an error instead of a gap.

    ```python
    import tempfile
    from pathlib import Path

    from fastgres.mail import Letters

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "hello.subject").write_text("Hello {{ name }}")
        Path(folder, "hello.txt").write_text("Nice to meet you, {{ name }}.")
        Path(folder, "hello.html").write_text("<p>Nice to meet you, {{ name }}.</p>")
        letter = Letters(Path(folder)).write("hello", name="Tom & Ann")

    assert letter.subject == "Hello Tom & Ann"
    assert letter.html == "<p>Nice to meet you, Tom &amp; Ann.</p>"
    ```
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise ConfigurationError(
                f"There is no folder {folder} to read the templates of letters from."
            )
        self.folder = folder
        self.environment = _environment(folder)
        """Jinja's, for filters of your own: `letters.environment.filters["money"] = money`."""

    def write(self, name: str, /, **values: Any) -> Letter:
        """Return the letter `name` with `values` filled in.

        Raises:
            LetterError: when a template or a variable is missing, or a template is faulty.
        """
        has_html = (self.folder / f"{name}.{HTML}").is_file()
        return Letter(
            subject=" ".join(self._render(name, SUBJECT, values).split()),
            text=self._render(name, TEXT, values),
            html=self._render(name, HTML, values) if has_html else None,
        )

    def _render(self, name: str, kind: str, values: dict[str, Any]) -> str:
        from jinja2 import TemplateError, TemplateNotFound

        file = f"{name}.{kind}"
        try:
            return self.environment.get_template(file).render(values)
        except TemplateNotFound as error:
            raise LetterError(
                f"The letter {name!r} needs the template {error.name} in {self.folder}."
            ) from error
        except TemplateError as error:
            given = ", ".join(sorted(values)) or "nothing"
            raise LetterError(
                f"The template {file} cannot be filled in: {error}. Given were: {given}."
            ) from error


def _environment(folder: Path) -> Environment:
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "Letters are written with Jinja, which is not installed: pip install 'fastgres[mail]'."
        ) from error
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=select_autoescape((HTML,)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
