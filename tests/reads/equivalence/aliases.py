"""How a field finds its attribute, and under which name it is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from hypothesis import strategies as st
from pydantic import AliasChoices

STRANGE_NAMES: Final = (
    *("fullName", "class", "with space", 'quo"te', "apo'strophe", "back\\slash", "tab\t\nline"),
    *(
        "100%",
        "%s",
        "%(name)s",
        ":name",
        "$1",
        "{0}",
        "a.b",
        "[]",
        "-",
        "ünï",
        "日本",
        "🚀",
        "\x7f",
    ),
    *("é" * 40, "a" * 63, "a" * 64, "a" * 64 + "b", "null", "row", "t", "id", "name"),
)
"""Names of keys: of another field, of a column, too long for PostgreSQL, in need of escapes."""


@dataclass(frozen=True, slots=True)
class Naming:
    """The name of a field, the arguments of its `Field`, and the key that it is written under."""

    name: str
    key: str
    arguments: dict[str, Any] = field(default_factory=dict)
    plain: bool = True


_KEYS = st.sampled_from(STRANGE_NAMES) | st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=4
)


@st.composite
def namings(draw: st.DrawFn, attribute: str, spare: str) -> Naming:
    """Draw the name of a field for an attribute; `spare` is a name that nothing else has."""
    way = draw(st.sampled_from(_WAYS))
    if way == "plain":
        return Naming(attribute, attribute)
    if way == "by alias":
        return Naming(spare, attribute, {"alias": attribute})
    if way == "by validation alias":
        return Naming(spare, spare, {"validation_alias": attribute})
    if way == "by choice":
        choices = AliasChoices("no_such_attribute", attribute)
        return Naming(spare, spare, {"validation_alias": choices}, plain=False)
    key = draw(_KEYS)
    if way == "written":
        return Naming(attribute, key, {"serialization_alias": key})
    return Naming(spare, key, {"validation_alias": attribute, "serialization_alias": key})


_WAYS: Final = (
    *("plain",) * 6,
    *("written",) * 3,
    "by alias",
    "by validation alias",
    "both",
    "by choice",
)
