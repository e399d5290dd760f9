"""What a chart of lines says, before it is drawn: its series, its dashed guides, its shaded bands, and all in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.present.charts import chart_cases
from bench.present.charts.chart import Selection
from bench.present.charts.chart_lines import ChartLine
from bench.present.words import units

MOST_SERIES = 8
"""Colours and markers that can be told apart from the back of a room."""

LABEL_LETTERS = 23
"""What fits on a line of a label, about."""


@dataclass(frozen=True)
class Guide:
    """A dashed line that was not measured: a limit, a fit, an ideal; named at its end like the others."""

    label: str
    xs: tuple[float, ...]
    ys: tuple[float, ...]


@dataclass(frozen=True)
class Band:
    """A part of the x axis that is shaded from top to bottom, and its name above; None reaches to the edge."""

    label: str
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Plot:
    """What to draw."""

    title: str
    series: Sequence[ChartLine]
    x_label: str
    y_label: str
    y_text: Callable[[float], str]
    footer: str
    notes: tuple[str, ...] = ()
    y_from_zero: bool = False
    """A linear axis from zero where the values span less than a factor of 20, else logarithmic."""
    y_from: float | None = None
    """Where a linear axis begins that shall not begin at zero."""
    ends_marked: bool = False
    """Marks at the ends of lines alone: where points are many."""
    guides: tuple[Guide, ...] = ()
    bands: tuple[Band, ...] = ()
    joined: bool = True
    """Whether a line joins the points of a series."""
    round_x: bool = False
    """Ticks at round numbers of x, in place of the values that were measured."""
    x_text: Callable[[float], str] = units.short
    """A value of x, at its tick."""
    below: tuple[tuple[str, Mapping[float, str]], ...] = ()
    """Rows of text below the ticks: what it is, and by x what it says."""


def parts(workload: str, series: Sequence[ChartLine]) -> Iterator[Selection]:
    """Lines in portions that a chart can name, the longest first; those of the same cases, on several machines, stay
    together.

    A portion of lone points has no chart: nothing grows in it.
    """
    alike: dict[tuple[str, ...], list[ChartLine]] = {}
    for line in sorted(series, key=lambda line: -len(line.points) - len(line.losses)):
        alike.setdefault(line.keys, []).append(line)
    entries = [("\n".join(line.label for line in lines), keys) for keys, lines in alike.items()]
    for portion in chart_cases.parts(workload, entries, LABEL_LETTERS, MOST_SERIES):
        if any(_swept(line) for line in series if set(line.keys) <= set(portion.keys)):
            yield portion


def _swept(line: ChartLine) -> bool:
    xs = [*(point.x for point in line.points), *(loss.x for loss in line.losses)]
    return len(xs) > 1 and max(xs) >= chart_cases.LEAST_SPAN * min(xs)


def in_words(
    finding: str, series: Sequence[ChartLine], axis: str, text: Callable[[float, float | None, float | None], str]
) -> str:
    """A chart of lines as a paragraph: the finding, then for each line its points and losses."""
    sentences = [f"{finding}."]
    for line in series:
        said = [f"{units.short(point.x)}: {text(point.value, point.low, point.high)}" for point in line.points]
        said += [f"{units.short(loss.x)}: {loss.outcome}" for loss in line.losses]
        sentences.append(f"{line.label + ', by ' if line.label else 'By '}{axis}: {'; '.join(said)}.")
    return " ".join(sentences)
