"""The chart is well-formed, and its bars are as long as the figures."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from bench.chart import LABEL, VALUE, WIDTH, draw

SPACE = "{http://www.w3.org/2000/svg}"


def test_bars_are_in_proportion_within_an_endpoint() -> None:
    """Every endpoint has a scale of its own; the longest bar fills the width."""
    drawn = draw(
        {"flat": {"guide": 1000, "fastgres": 4000}, "page": {"guide": 10}, "deep": {}},
        titles={"flat": "Flat", "page": "A < B", "deep": "Deep"},
        ours=("fastgres",),
        limits=(),
    )
    root = ET.fromstring(drawn)
    widths = [float(bar.attrib["width"]) for bar in root.iter(f"{SPACE}rect")]
    full = WIDTH - LABEL - VALUE
    assert widths == [full / 4, full, full]
    texts = [text.text for text in root.iter(f"{SPACE}text")]
    assert texts == ["Flat", "guide", "1,000", "fastgres", "4,000", "A < B", "guide", "10"]


def test_ours_and_the_limit_look_different() -> None:
    """By class, so that one style serves light and dark."""
    drawn = draw(
        {"flat": {"guide": 1, "fastgres": 2, "pgbench": 3}},
        titles={"flat": "Flat"},
        ours=("fastgres",),
        limits=("pgbench",),
    )
    bars = ET.fromstring(drawn).iter(f"{SPACE}rect")
    assert [bar.attrib["class"] for bar in bars] == ["bar", "ours", "limit"]
