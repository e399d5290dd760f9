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

from bench.present import row_groups
from bench.present.words import machine_labels
from bench.records import UserError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from bench.present.charts.chart_cases import Selection

NAMES = (
    *("crossover", "speedup", "time_by_size", "launch_floor", "saturation", "time_to_accuracy"),
    *("loaders", "threads", "precision"),
    *("modes", "break_even", "frameworks", "pitfalls", "anatomy", "roofline", "floor", "distribution"),
    "verdict",
)
"""Of the modules, in the order in which their charts are told."""


TOGETHER = ("time_by_size", "saturation", "launch_floor")
"""Charts that draw several machines over each other; of the others each machine has its own."""


class Chart(Protocol):
    """What a chart module offers."""

    NAME: str
    QUESTION: str
    NEEDS: tuple[str, ...]

    def selections(self, records: Sequence[row_groups.Row]) -> list[Selection]:
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
    machine: str = ""
    """Whose rows alone it shows; empty where it shows those of all."""
    before: str = ""
    """What title and alt text begin with where there are several machines: `16-core Xeon + H200: `."""

    def rows(self, frame: pd.DataFrame) -> pd.DataFrame:
        """What of the frame it shows."""
        own = frame[frame["machine"] == self.machine] if self.machine else frame
        return subset(own, self.keys)


def module(name: str) -> Chart:
    """The module of a chart. Raises `UserError` on a name that is none."""
    if name not in NAMES:
        raise UserError(f"there is no chart '{name}'; choose one of {', '.join(NAMES)}")
    found = importlib.import_module(f"{__name__}.{name}")
    return cast("Chart", getattr(found, "CHART", found))


def drawn_columns(name: str) -> tuple[str, ...]:
    """What a chart needs, and the nested columns that it draws where they are there."""
    chart = module(name)
    return (*chart.NEEDS, *getattr(chart, "CARRIES", ()))


def available(frame: pd.DataFrame, names: Sequence[str] = NAMES) -> list[ChartSpec]:
    """Every chart, or each of these names, that these estimates allow: by chart, then by machine, then by workload.

    Machines are never pooled: a chart shows one, which its title then names where there are several, or a line each.
    """
    called = row_groups.distinct(row_groups.rows(frame), "machine") if "machine" in frame else []
    short = dict(zip(called, machine_labels.whole(called), strict=True))
    specs: list[ChartSpec] = []
    for name in names:
        chart = module(name)
        if not all(column in frame.columns for column in chart.NEEDS):
            continue
        for machine in [""] if len(called) < 2 or name in TOGETHER else called:
            own = frame[frame["machine"] == machine] if machine else frame
            for chosen in chart.selections(row_groups.rows(own)):
                rows = subset(own, chosen.keys)
                # Where there are several, a picture of one says which.
                of_one = [f"{short[each]}: " for each in called if len(called) > 1 and set(rows["machine"]) == {each}]
                before = "".join(of_one)
                words = [name, chosen.workload, *([short[machine]] if machine else [])]
                slug = "-".join([*map(safe, words), *([str(chosen.part)] if chosen.part > 1 else [])])
                title, question = before + chart.finding(rows), chart.QUESTION
                specs.append(ChartSpec(name, slug, title, question, chosen.workload, chosen.keys, machine, before))
    return specs


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


def picture(spec: ChartSpec, frame: pd.DataFrame, theme: str = "light") -> Figure:
    """One of the charts that `available` found in this frame."""
    return headed(spec.name, spec.before, spec.rows(frame), theme)


def headed(name: str, before: str, rows: pd.DataFrame, theme: str) -> Figure:
    """The chart of these rows, its title beginning with `before`."""
    from bench.present.charts import canvas  # here, since it imports matplotlib

    with canvas.headed(before):
        return module(name).draw(rows, theme)


def describe(spec: ChartSpec, frame: pd.DataFrame) -> str:
    """The alt text of a chart: what it shows, in words and numbers."""
    return spec.before + module(spec.name).describe(spec.rows(frame))


def subset(frame: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """The rows of these cases, in the order of the frame."""
    return frame[frame["key"].isin(list(keys))]


def safe(text: str) -> str:
    """A text as a part of the name of a file: other characters than letters, digits, - and _ become -."""
    return "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in text)
