"""Which execution mode is worth it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.present import frames, style, units
from bench.present.charts import select, ticks
from bench.present.charts.page import LEADING, MARGIN, WIDTH, Page
from bench.present.charts.series import UNRESOLVED, provenance, reasons, shown
from bench.present.frames import OK, Row
from bench.present.style import TEXT_PT, Theme
from bench.records import Case, UserError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

NAME = "modes"
QUESTION = "Which execution mode is faster than eager?"
NEEDS = ("key", "workload", "params", "outcome", "reference", "speedup", "speedup_low", "speedup_high")

MOST_ROWS = 7
"""Rows of 18 pt that a slide holds below a title and above a footer of usual length; more go on further charts."""

_LINE = TEXT_PT * LEADING
_LABEL_WIDTH, _LABEL_LETTERS = 330.0, 31
_FASTER, _SLOWER, _OPEN, _BARE, _LOST = "faster", "slower", "cannot tell", "no interval", "lost"


@dataclass(frozen=True)
class Dot:
    """A case against its eager twin: time of eager ÷ time of this."""

    label: str
    ratio: float | None
    low: float | None
    high: float | None
    outcome: str

    @property
    def verdict(self) -> str:
        """What its interval allows to say."""
        if self.ratio is None:
            return _LOST
        if self.low is None or self.high is None:
            return _BARE
        return _FASTER if self.low > 1 else _SLOWER if self.high < 1 else _OPEN


def selections(records: Sequence[Row]) -> list[select.Selection]:
    """A chart for each workload that has speed-ups against `mode=eager`, in portions that fit."""
    found: list[select.Selection] = []
    for workload, rows in select.workloads(records):
        compared = _compared(rows)
        if any(row.get("speedup") is not None for row in compared):
            entries = [(_label(row, compared), (str(row["key"]),)) for row in compared]
            found += select.parts(workload, entries, _LABEL_LETTERS, MOST_ROWS)
    return found


def draw(frame: pd.DataFrame, theme: str = "light") -> Figure:
    """Dots with intervals around the line at 1 = eager. Raises `UserError` without speed-ups against eager."""
    records, dots = _prepared(frame)
    colors = style.theme(theme)
    with style.drawing(colors):
        page = Page(colors)
        page.title(finding(frame))
        labels = [page.wrap(dot.label, _LABEL_WIDTH, lines=3) for dot in dots]
        page.foot([*_notes(dots), *reasons(records), _footer(records)])
        kept = _fitting(labels, page.top - page.bottom - 3 * _LINE - 24)
        if kept < len(dots):
            page.note(WIDTH - MARGIN, page.top, f"{kept} of {len(dots)} cases, all in the table", ha="right", va="top")
        _rows(page, dots[:kept], labels[:kept])
        return page.figure


def _fitting(labels: Sequence[str], room: float) -> int:
    """How many of the rows fit, at least one."""
    used, kept = 0.0, 0
    for label in labels:
        used += (label.count("\n") + 1) * _LINE + 4
        kept += used <= room
    return max(1, kept)


def _rows(page: Page, dots: Sequence[Dot], labels: Sequence[str]) -> None:
    page.note(MARGIN, page.top, "1 = eager, right is faster", va="top")
    top, bottom = page.top - _LINE - 8, page.bottom + _LINE + 16
    left = MARGIN + max(page.width_of(label) for label in labels) + 20
    words = [_word(dot) for dot in dots]
    right = WIDTH - MARGIN - max(page.width_of(word) for word in words) - 16
    axes = page.axes(left, bottom, right, top)
    low, high = _limits(dots)
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.set_ylim(bottom, top)
    axes.minorticks_off()
    axes.set_xticks([])
    axes.set_yticks([])
    values = [1.0, *(tick for tick in ticks.round_ticks(low, high) if tick != 1.0)]
    scale = 72 / page.figure.dpi
    places = {value: float(axes.transData.transform((value, bottom))[0]) * scale for value in sorted(values)}
    widths = [page.width_of(f"{value:g}×") for value in places]
    kept = {*ticks.thinned(list(places), list(places.values()), widths, gap=14)}
    for value, place in places.items():
        axes.axvline(
            value, color=page.theme.ink if value == 1 else page.theme.grid, linewidth=2.5 if value == 1 else 1.2
        )
        if value in kept:
            page.text(place, bottom - 8, f"{value:g}×", ha="center", va="top")
    heights = [(label.count("\n") + 1) * _LINE + 4 for label in labels]
    air = (top - bottom - sum(heights)) / len(dots)
    at = top
    for dot, label, word, height in zip(dots, labels, words, heights, strict=True):
        centre = at - (height + air) / 2
        at -= height + air
        page.text(left - 14, centre, label, ha="right", va="center_baseline")
        page.text(right + 16, centre, word, ha="left", va="center_baseline")
        color, marker = _look(dot, page.theme)
        if dot.ratio is None:
            axes.axhspan(centre - 12, centre + 12, color=page.theme.shade, zorder=0)
            # At the edge, not on the scale: there is no ratio to read off.
            axes.plot(
                [low * (high / low) ** 0.03], [centre], marker=marker, color=color, markeredgewidth=3, clip_on=False
            )
            continue
        if dot.low is not None and dot.high is not None:
            axes.plot([dot.low, dot.high], [centre, centre], color=color, linewidth=3.5, solid_capstyle="butt")
            axes.plot([dot.low, dot.high], [centre, centre], marker="|", markersize=16, color=color, linestyle="none",
                      markeredgewidth=3)  # fmt: skip
        hollow = dot.verdict in (_OPEN, _BARE)
        axes.plot([dot.ratio], [centre], marker=marker, color=color, markersize=13, markeredgewidth=2.5, zorder=5,
                  markerfacecolor=page.theme.paper if hollow else color)  # fmt: skip


def _look(dot: Dot, theme: Theme) -> tuple[str, str]:
    looks = {
        _FASTER: (theme.colors[0], "o"), _SLOWER: (theme.colors[1], "s"), _OPEN: (theme.faint, "D"),
        _BARE: (theme.faint, "D"), _LOST: (theme.faint, "x"),
    }  # fmt: skip
    return looks[dot.verdict]


def _word(dot: Dot) -> str:
    if dot.ratio is None:
        return dot.outcome
    return dot.verdict if dot.verdict in (_OPEN, _BARE) else units.ratio_parts(dot.ratio, dot.low, dot.high)[0]


def _limits(dots: Sequence[Dot]) -> tuple[float, float]:
    ends = [1.0, *(end for dot in dots for end in (dot.ratio, dot.low, dot.high) if end is not None and end > 0)]
    low, high = min(ends), max(ends)
    pad = max((high / low) ** 0.06, 1.02)
    return low / pad, high * pad


def _notes(dots: Sequence[Dot]) -> list[str]:
    notes = []
    if any(dot.verdict == _OPEN for dot in dots):
        notes.append("Hollow: the interval crosses 1, so the data cannot tell.")
    if any(dot.verdict == _BARE for dot in dots):
        notes.append("Hollow without a bar: one launch, no interval.")
    return notes


_PAIRING = {
    frozenset({True}): "paired",
    frozenset({False}): "unpaired",
    frozenset({True, False}): "paired where launches are shared",
}


def _footer(records: Sequence[Row]) -> str:
    text = provenance(records, method="speedup_method")
    pairing = {bool(row["speedup_paired"]) for row in records if row.get("speedup_paired") is not None}
    # One method says itself how it was paired.
    return text if "paired" in text or not pairing else f"{text} · {_PAIRING[frozenset(pairing)]}"


def finding(frame: pd.DataFrame) -> str:
    """What the data say: how many cases are faster, slower, undecided, and which gains most."""
    records, dots = _prepared(frame)
    workload = str(records[0]["workload"])
    judged = [dot for dot in dots if dot.ratio is not None]
    if not judged:
        return f"{workload}: nothing was measured against eager"
    counts = {verdict: sum(dot.verdict == verdict for dot in judged) for verdict in (_FASTER, _SLOWER, _OPEN, _BARE)}
    if not counts[_FASTER] and not counts[_SLOWER]:
        return f"{workload}: whether any mode beats eager is {UNRESOLVED}"
    if counts[_FASTER]:
        best = max((dot for dot in judged if dot.verdict == _FASTER), key=lambda dot: dot.ratio or 0)
        rest = f"{counts[_FASTER]} of {len(judged)} cases beat eager"
        return f"{workload}: {best.label} is {units.ratio(best.ratio, best.low, best.high)} as fast as eager; {rest}"
    undecided = counts[_OPEN] + counts[_BARE]
    tail = f", {undecided} cannot be told from it" if undecided else ""
    return f"{workload}: no mode beats eager; {counts[_SLOWER]} of {len(judged)} cases are slower{tail}"


def describe(frame: pd.DataFrame) -> str:
    """The chart in words, for those who cannot see it: the finding, then every case."""
    _, dots = _prepared(frame)
    said = [
        f"{dot.label}: {dot.outcome if dot.ratio is None else units.ratio(dot.ratio, dot.low, dot.high)}"
        + (f" ({dot.verdict})" if dot.verdict in (_OPEN, _BARE) else "")
        for dot in dots
    ]
    return f"{finding(frame)}. Speed against eager: {'; '.join(said)}."


def _compared(records: Sequence[Row]) -> list[Row]:
    """Rows whose reference is an eager case, and the lost ones; eager itself is the line at 1 and needs no dot."""
    chosen = [
        row
        for row in frames.one_clock(records)
        if row["params"].get("mode") != "eager" and (_against_eager(row) or row["outcome"] != OK)
    ]
    names = [axis for axis in frames.varying(chosen) if axis != "mode"]
    return sorted(chosen, key=lambda row: (*frames.by_params(row, names), *frames.by_params(row, ["mode"])))


def _against_eager(row: Row) -> bool:
    reference = row.get("reference")
    try:
        return bool(reference) and Case.from_key(str(reference)).axes.get("mode") == "eager"
    except UserError:
        return False


def _prepared(frame: pd.DataFrame) -> tuple[list[Row], list[Dot]]:
    records = frames.rows(frame)
    measure = select.command(records, "mode=eager,compile,script,trace")
    advice = f"{measure}, then compare with --vs mode=eager"
    select.require(records, NEEDS, advice)
    select.single_workload(records, advice)
    compared = _compared(records)
    if not compared:
        raise UserError(f"no case has a speed-up against mode=eager: {advice}")
    dots = []
    for row in compared:
        numbers = [units.number(row.get(name)) for name in ("speedup", "speedup_low", "speedup_high")]
        lost = row["outcome"] != OK or numbers[0] is None
        ratio, low, high = (None, None, None) if lost else numbers
        outcome = row["outcome"] if row["outcome"] != OK else "no value"
        dots.append(Dot(_label(row, compared), ratio, low, high, outcome))
    return compared, dots


def _label(row: Row, compared: Sequence[Row]) -> str:
    """The mode, and whatever else tells this case from the others."""
    names = [axis for axis in frames.varying(compared) if axis != "mode" and axis in row["params"]]
    return ", ".join([str(row["params"]["mode"]), *(shown(axis, row["params"][axis]) for axis in names)])
