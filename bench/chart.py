"""The chart: for each endpoint a row of bars, drawn as SVG without any library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

WIDTH = 760
LABEL = 150
BAR = 18
GAP = 6
HEAD = 30
FOOT = 16
VALUE = 70
STYLE = """\
text { font: 12px system-ui, sans-serif; fill: #24292f; }
.head { font-weight: 600; font-size: 14px; }
.bar { fill: #8c959f; }
.ours { fill: #1f6feb; }
.limit { fill: none; stroke: #8c959f; stroke-dasharray: 4 3; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .bar { fill: #6e7681; } .ours { fill: #388bfd; }
}"""


def draw(
    figures: Mapping[str, Mapping[str, float]],
    *,
    titles: Mapping[str, str],
    ours: Sequence[str],
    limits: Sequence[str],
) -> str:
    """Draw requests per second: one group of bars an endpoint, each with a scale of its own."""
    parts: list[str] = []
    top = GAP
    for endpoint, values in figures.items():
        if not values:
            continue
        parts.append(f'<text class="head" x="0" y="{top + 16}">{escape(titles[endpoint])}</text>')
        top += HEAD
        most = max(values.values()) or 1.0
        for name, value in values.items():
            kind = "ours" if name in ours else "limit" if name in limits else "bar"
            parts.extend(_bar(name, value, top=top, share=value / most, kind=kind))
            top += BAR + GAP
        top += FOOT
    return _framed(parts, height=top)


def _bar(name: str, value: float, *, top: int, share: float, kind: str) -> list[str]:
    length = max(1.0, share * (WIDTH - LABEL - VALUE))
    middle = top + BAR - 5
    return [
        f'<text x="{LABEL - 8}" y="{middle}" text-anchor="end">{escape(name)}</text>',
        f'<rect class="{kind}" x="{LABEL}" y="{top}" width="{length:.1f}" height="{BAR}"/>',
        f'<text x="{LABEL + length + 6:.1f}" y="{middle}">{value:,.0f}</text>',
    ]


def _framed(parts: Sequence[str], *, height: int) -> str:
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"',
            f'  width="{WIDTH}" height="{height}" role="img"',
            '  aria-label="Requests per second of every contestant at every endpoint">',
            f"<style>{STYLE}</style>",
            *parts,
            "</svg>",
            "",
        ]
    )
