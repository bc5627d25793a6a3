"""Every rule holds for its own examples, and the records are whole."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from fastgres.rules import RULES, Rule, check_source

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)


@each_rule
def test_the_bad_example_gives_its_own_code_on_the_marked_lines(rule: Rule) -> None:
    marked = [
        number
        for number, line in enumerate(rule.bad.splitlines(), start=1)
        if line.endswith(f"# {rule.code}")
    ]
    assert marked
    found = check_source(rule.bad)
    assert [(finding.rule.code, finding.line) for finding in found] == [
        (rule.code, line) for line in marked
    ]


@each_rule
def test_the_good_example_gives_nothing_and_can_be_run(rule: Rule) -> None:
    assert check_source(rule.good) == []
    exec(compile(rule.good, rule.code, "exec"), {})


@each_rule
def test_the_record_is_whole(rule: Rule) -> None:
    assert re.fullmatch(r"FG\d{3}", rule.code)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", rule.name)
    assert all(getattr(rule, field.name) for field in fields(rule))


def test_codes_and_names_are_unique_and_in_order() -> None:
    codes = [rule.code for rule in RULES]
    assert codes == sorted(set(codes))
    assert len({rule.name for rule in RULES}) == len(RULES)
