"""The content of a chart of lines before it is drawn: series, dashed guides, shaded bands, and all of it in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.present.charts import chart_cases
from bench.present.charts.chart import Selection
from bench.present.charts.chart_lines import ChartLine
from bench.present.words import units

MOST_SERIES = 8
"""Number of colours and markers that can be told apart from the back of a room."""

LABEL_LETTERS = 23
"""Letters that fit on a line of a label, about."""


@dataclass(frozen=True)
class Guide:
    """A dashed line that was not measured, such as a limit or a fit; it is named at its end like the others."""

    label: str
    xs: tuple[float, ...]
    ys: tuple[float, ...]


@dataclass(frozen=True)
class Band:
    """A part of the x axis that is shaded from top to bottom, with its name above; None means the edge."""

    label: str
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Plot:
    """The content of the chart."""

    title: str
    series: Sequence[ChartLine]
    x_label: str
    y_label: str
    y_text: Callable[[float], str]
    footer: str
    notes: tuple[str, ...] = ()
    y_from_zero: bool = False
    """A linear axis from zero if the values span at most a factor of 20, else a logarithmic one."""
    y_from: float | None = None
    """The start of a linear axis that does not begin at zero."""
    ends_marked: bool = False
    """Marks only at the ends of lines, if there are many points."""
    guides: tuple[Guide, ...] = ()
    bands: tuple[Band, ...] = ()
    joined: bool = True
    """True if a line joins the points of a series."""
    round_x: bool = False
    """Ticks at round numbers of x, not at the values that were measured."""
    x_text: Callable[[float], str] = units.short
    """The label of a tick of x."""
    below: tuple[tuple[str, Mapping[float, str]], ...] = ()
    """Rows of text below the ticks: the name of a row, and its text by x."""


def parts(workload: str, series: Sequence[ChartLine]) -> Iterator[Selection]:
    """Lines in portions that fit on a chart, the longest first.

    Lines of the same cases on several machines stay together. A portion in which no line spans a sweep gets no chart.
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
        items = [f"{units.short(point.x)}: {text(point.value, point.low, point.high)}" for point in line.points]
        items += [f"{units.short(loss.x)}: {loss.outcome}" for loss in line.losses]
        sentences.append(f"{line.label + ', by ' if line.label else 'By '}{axis}: {'; '.join(items)}.")
    return " ".join(sentences)
