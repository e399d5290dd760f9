"""The charts: one module each, found by name, loaded when drawn.

    for spec in charts.available(frame):
        style.save(charts.picture(spec, frame, "dark"), f"{spec.slug}.svg")

A chart module has `NAME`, `QUESTION`, `NEEDS` (columns), and, each from the rows alone, `selections(records)` (what it
can draw), `finding(frame)` (its title), `describe(frame)` (its alt text) and `draw(frame, theme)`; or it has one object
`CHART` with all of these. `CARRIES` names nested columns that it draws where they are there. To add one, write the
module and put its name into `NAMES`.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from bench.present import frames
from bench.records import UserError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from bench.present.charts.select import Selection

NAMES = (
    *("crossover", "speedup", "time_by_size", "launch_floor", "saturation", "loaders", "threads", "precision"),
    *("modes", "break_even", "frameworks", "pitfalls", "anatomy", "roofline", "floor", "distribution"),
    "verdict",
)
"""Of the modules, in the order in which their charts are told."""


class Chart(Protocol):
    """What a chart module offers."""

    NAME: str
    QUESTION: str
    NEEDS: tuple[str, ...]

    def selections(self, records: Sequence[frames.Row]) -> list[Selection]:
        """The charts that these rows allow."""

    def finding(self, frame: pd.DataFrame) -> str:
        """The title, computed from the data."""

    def describe(self, frame: pd.DataFrame) -> str:
        """The chart in words."""

    def draw(self, frame: pd.DataFrame, theme: str = "light") -> Figure:
        """The picture."""


@dataclass(frozen=True)
class ChartSpec:
    """A chart that a frame allows: one question about one workload."""

    name: str
    slug: str
    """Unique within a frame and fit for a file name: `time_by_size-matmul-square`."""
    title: str
    question: str
    workload: str
    keys: tuple[str, ...]


def module(name: str) -> Chart:
    """The module of a chart. Raises `UserError` on a name that is none."""
    if name not in NAMES:
        raise UserError(f"there is no chart '{name}'; choose one of {', '.join(NAMES)}")
    found = importlib.import_module(f"{__name__}.{name}")
    return cast("Chart", getattr(found, "CHART", found))


def available(frame: pd.DataFrame) -> list[ChartSpec]:
    """Every chart that can be drawn from these estimates, by chart, then by workload."""
    records = frames.rows(frame)
    specs: list[ChartSpec] = []
    for name in NAMES:
        chart = module(name)
        if not all(column in frame.columns for column in chart.NEEDS):
            continue
        for chosen in chart.selections(records):
            rows = subset(frame, chosen.keys)
            slug = "-".join([name, safe(chosen.workload), *([str(chosen.part)] if chosen.part > 1 else [])])
            specs.append(ChartSpec(name, slug, chart.finding(rows), chart.QUESTION, chosen.workload, chosen.keys))
    return specs


def picture(spec: ChartSpec, frame: pd.DataFrame, theme: str = "light") -> Figure:
    """A chart that `available` found in these estimates: without finding all of them again."""
    return module(spec.name).draw(subset(frame, spec.keys), theme)


def draw(name_or_slug: str, frame: pd.DataFrame, theme: str = "light") -> Figure:
    """A chart of these estimates, by its slug, or by its name where the frame allows only one of that name.

    Raises `UserError` on an unknown chart, on a name that fits several, and where what it needs was not measured; then
    the message names the command that would measure it.
    """
    specs = available(frame)
    found = [spec for spec in specs if name_or_slug in (spec.slug, spec.name)]
    exact = [spec for spec in found if spec.slug == name_or_slug]
    if exact or len(found) == 1:
        return picture((exact or found)[0], frame, theme)
    if found:
        raise UserError(f"'{name_or_slug}' fits {len(found)} charts: {', '.join(spec.slug for spec in found)}")
    if name_or_slug not in NAMES:
        known = ", ".join([*NAMES, *(spec.slug for spec in specs)])
        raise UserError(f"there is no chart '{name_or_slug}'; choose one of {known}")
    # Nothing to draw: the module itself says what is missing, for the first workload that it could be measured for.
    first = frame[frame["workload"] == frame["workload"].iloc[0]] if len(frame) else frame
    return module(name_or_slug).draw(first, theme)


def describe(spec: ChartSpec, frame: pd.DataFrame) -> str:
    """The alt text of a chart: what it shows, in words and numbers."""
    return module(spec.name).describe(subset(frame, spec.keys))


def subset(frame: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """The rows of these cases, in the order of the frame."""
    return frame[frame["key"].isin(list(keys))]


def safe(text: str) -> str:
    """A text as a part of the name of a file: other characters than letters, digits, - and _ become -."""
    return "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in text)
