"""What counts as a secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastgres.settings import mask_credentials, names_secret


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("postgresql://app:hunter2@db:5432/shop", "postgresql://app:***@db:5432/shop"),
        ("postgresql://:hunter2@db/shop", "postgresql://:***@db/shop"),
        ("redis://app:h@u:n/t@cache/0", "redis://app:***@cache/0"),
        ("two a://b:c@d and e://f:g@h", "two a://b:***@d and e://f:***@h"),
        ("postgresql://db/shop?user=a&password=hunter2&x=1", None),
        ("host=db user=app password=hunter2", "host=db user=app password=***"),
        ("http://localhost:8000/users/@ada", "http://localhost:8000/users/@ada"),
        ("http://localhost:8000?mail=a@b", "http://localhost:8000?mail=a@b"),
        ("nothing here", "nothing here"),
    ],
)
def test_passwords_are_masked_and_the_rest_is_kept(text: str, masked: str | None) -> None:
    """A masked line must still help to find the fault."""
    expected = masked or "postgresql://db/shop?user=a&password=***&x=1"
    assert mask_credentials(text) == expected


@given(
    st.text(
        alphabet=st.characters(codec="ascii", exclude_characters=" \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f"),
        min_size=3,
    )
)
def test_no_password_survives(password: str) -> None:
    """Any password without white space is gone, encoded or not."""
    secret = f"Q{password}Q"
    assert secret not in mask_credentials(f"cannot reach postgresql://app:{secret}@db/shop now")


@pytest.mark.parametrize(
    "name", ["password", "db_passwd", "X-Api-Key", "Set-Cookie", "Authorization", "accessToken"]
)
def test_names_of_secrets(name: str) -> None:
    """In whatever spelling."""
    assert names_secret(name)


@pytest.mark.parametrize("name", ["author", "path", "status", "passenger", "key"])
def test_names_of_other_things(name: str) -> None:
    """A log that masks everything is no log."""
    assert not names_secret(name)
