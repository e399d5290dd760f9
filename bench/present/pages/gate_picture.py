"""The picture of one case of a gate, as SVG for a page: the ratio of each pair, and the evidence after each.

Colours are those of the page, by classes, so that one picture serves both themes.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

from bench.analyse.gate.verdicts import Verdict
from bench.stats.gate_rule import NOT_SLOWER, REGRESSED, Rule

WIDTH, TOP, BOTTOM = 420, 150, 80
"""Width, and heights of the two panels, in units of the picture: a phone shows about 0.8 px of a unit."""

LEFT, RIGHT, GAP = 70, 12, 32


@dataclass(frozen=True)
class _Scale:
    """Where the numbers from `low` to `high` lie between two heights, the larger above."""

    low: float
    high: float
    top: float
    bottom: float

    def at(self, value: float) -> float:
        """The height of a number."""
        return self.bottom - (value - self.low) / (self.high - self.low) * (self.bottom - self.top)


def draw(case: Verdict, rule: Rule) -> str:
    """The picture of a case with pairs; empty without. rule: the one that judged this case."""
    if not case.logs:
        return ""
    top, bottom = 8.0, 8.0 + TOP + GAP
    parts = [*_ratios(case, rule, top), *_evidence(case, rule, bottom)]
    height = round(bottom + BOTTOM + 26)
    words = html.escape(describe(case, rule))
    return (
        f'<svg class="pairs" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{words}">'
        + "".join(parts)
        + "</svg>"
    )


def describe(case: Verdict, rule: Rule) -> str:
    """The picture in words, for those who cannot see it."""
    ratios = ", ".join(f"{math.exp(each):.3f}" for each in case.logs)
    most = {
        each: 10 ** min(max(_tenths(rule.course(case.logs, each, case.means))), 300.0)
        for each in (REGRESSED, NOT_SLOWER)
    }
    return (
        f"Head ÷ base of {len(case.logs)} pairs: {ratios}. Slower by more than {100 * rule.slack:g} % is a regression. "
        f"Evidence of one: {most[REGRESSED]:.3g} of {math.exp(rule.needed(REGRESSED)):.3g}; that it is not slower: "
        f"{most[NOT_SLOWER]:.3g} of {math.exp(rule.needed(NOT_SLOWER)):.3g}."
    )


def _ratios(case: Verdict, rule: Rule, top: float) -> list[str]:
    """The upper panel: a dot for each pair, lines at 1, the slack and the limit, the median with its interval."""
    slack, limit = math.log1p(rule.slack), math.log1p(rule.limit)
    ends = [math.log(end) for end in (case.low, case.high) if end is not None]
    shown = [0.0, slack, limit, -slack, *case.logs]
    margin = 0.08 * (max(shown) - min(shown))
    scale = _Scale(min(shown) - margin, max(shown) + margin, top, top + TOP)
    parts = []
    if len(ends) == 2:
        high, low = (min(max(scale.at(end), top), top + TOP) for end in reversed(ends))
        parts.append(_box("band", high, max(low - high, 0.5)))
    lines = (
        (0.0, "even", "1"),
        (slack, "slack", f"+{100 * rule.slack:g} %"),
        (limit, "limit", f"+{100 * rule.limit:g} %"),
    )
    taken: list[float] = []
    for value, kind, label in lines:
        at = scale.at(value)
        parts.append(_line(kind, at))
        if all(abs(at - other) >= 12 for other in taken):
            parts.append(_label(label, at))
            taken.append(at)
    if case.ratio is not None:
        parts.append(_line("median", scale.at(math.log(case.ratio))))
    for place, value in enumerate(case.logs):
        kind = "slow" if value > slack else "fast" if value < -slack else "same"
        parts.append(
            f'<circle class="{kind}" cx="{_across(place, len(case.logs)):.1f}" cy="{scale.at(value):.1f}" r="4">'
            f"<title>pair {place + 1}: {math.exp(value):.4f}</title></circle>"
        )
    return parts


def _evidence(case: Verdict, rule: Rule, top: float) -> list[str]:
    """The lower panel: the evidence after each pair on a log scale, and how much is needed."""
    courses = {each: _tenths(rule.course(case.logs, each, case.means)) for each in (REGRESSED, NOT_SLOWER)}
    needed = {each: rule.needed(each) / math.log(10) for each in courses}
    high = max(*needed.values(), *(max(course) for course in courses.values()), 1.0) * 1.08
    scale = _Scale(0.0, high, top, top + BOTTOM)
    parts = [_line("even", scale.at(0)), _label("1", scale.at(0)), _label("evidence", top - 13)]
    for name, course in courses.items():
        kind = name.replace("_", "-")
        parts.append(_line(f"needed {kind}", scale.at(needed[name])))
        points = " ".join(
            f"{_across(place, len(course)):.1f},{scale.at(max(value, 0.0)):.1f}" for place, value in enumerate(course)
        )
        parts.append(f'<polyline class="course {kind}" points="{points}"><title>evidence: {name}</title></polyline>')
    parts.append(_label(f"{math.exp(rule.needed(REGRESSED)):,.0f}", scale.at(needed[REGRESSED])))
    under = top + BOTTOM + 18
    parts.append(f'<text class="axis" x="{LEFT}" y="{under:.1f}">pair 1</text>')
    if len(case.logs) > 1:
        parts.append(
            f'<text class="axis" x="{WIDTH - RIGHT}" y="{under:.1f}" text-anchor="end">{len(case.logs)}</text>'
        )
    return parts


def _tenths(course: Sequence[float]) -> list[float]:
    """Natural logarithms as powers of ten."""
    return [value / math.log(10) for value in course]


def _across(place: int, pairs: int) -> float:
    """How far right the dot of a pair lies."""
    left, right = LEFT + 10, WIDTH - RIGHT - 10
    return (left + right) / 2 if pairs == 1 else left + (right - left) * place / (pairs - 1)


def _line(kind: str, at: float) -> str:
    return f'<line class="{kind}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'


def _box(kind: str, at: float, height: float) -> str:
    return f'<rect class="{kind}" x="{LEFT}" y="{at:.1f}" width="{WIDTH - RIGHT - LEFT}" height="{height:.1f}"/>'


def _label(text: str, at: float) -> str:
    return f'<text class="axis" x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{html.escape(text)}</text>'
