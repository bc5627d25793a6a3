"""The settings of the shop and the file that shows them."""

import re

from fastgres.settings import Project
from shop.core.config import Settings


def test_the_example_lists_every_setting_and_no_other(project: Project) -> None:
    """A setting that is added or renamed shows up in `.env.example`, or this fails."""
    example = (project.root / ".env.example").read_text()
    listed = re.findall(r"^# ?([A-Z][A-Z0-9_]+)=", example, re.MULTILINE)

    assert sorted(listed) == sorted(name.upper() for name in Settings.model_fields)
