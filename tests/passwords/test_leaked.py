"""The list of passwords that are tried first."""

from __future__ import annotations

from fastgres.passwords.leaked import is_leaked, leaked_passwords


def test_the_list_ships_with_the_package() -> None:
    known = leaked_passwords()
    assert len(known) > 15_000
    assert all(len(each) >= 8 and each == each.casefold() for each in known)


def test_everything_on_it_is_leaked() -> None:
    assert all(is_leaked(each) for each in leaked_passwords())


def test_what_is_not_on_it_is_not() -> None:
    assert not is_leaked("correct horse battery staple")
    assert not is_leaked("")
