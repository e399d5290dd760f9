"""The charts of a run: which pictures its rows allow, and how each is drawn.

    for spec in charts.available(rows):
        style.save(charts.picture(spec, rows, "dark"), f"{spec.slug}.svg")

What a chart is stands in `chart`; the charts there are, in `all_charts`. Matplotlib is imported when one is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.analyse.rows.row import Row
from bench.present import row_groups
from bench.present.words import machine_labels
from bench.records import UserError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TOGETHER = ("time_by_size", "saturation", "launch_floor")
"""Charts that draw several machines over each other; of the others each machine has its own."""


@dataclass(frozen=True)
class ChartSpec:
    """A picture that some rows allow: one question about one workload."""

    name: str
    slug: str
    """Unique within the rows and fit for a file name: `time_by_size-matmul-square`."""
    title: str
    question: str
    workload: str
    keys: tuple[str, ...]
    machine: str = ""
    """Whose rows alone it shows; empty where it shows those of all."""
    before: str = ""
    """What title and alt text begin with where there are several machines: `16-core Xeon + H200: `."""

    def rows(self, rows: Sequence[Row]) -> list[Row]:
        """Which of the rows it shows."""
        return subset([row for row in rows if self.machine in ("", row.machine)], self.keys)


def available(rows: Sequence[Row], names: Sequence[str] | None = None) -> list[ChartSpec]:
    """Every picture, or those of the charts of these names, that the rows allow: by chart, machine, and workload.

    Machines are never pooled: a picture shows one, which its title then names where there are several, or a line each.
    """
    from bench.present.charts.all_charts import CHARTS, chart_named

    called = row_groups.machines(rows)
    short = dict(zip(called, machine_labels.whole(called), strict=True))
    specs: list[ChartSpec] = []
    for chart in CHARTS if names is None else map(chart_named, names):
        if not chart.suits(rows):
            continue
        for machine in [""] if len(called) < 2 or chart.name in TOGETHER else called:
            own = [row for row in rows if machine in ("", row.machine)]
            for chosen in chart.selections(own):
                shown = subset(own, chosen.keys)
                # Where there are several, a picture of one says which.
                only = row_groups.machines(shown)
                before = f"{short[only[0]]}: " if len(called) > 1 and len(only) == 1 else ""
                words = [chart.name, chosen.workload, *([short[machine]] if machine else [])]
                slug = "-".join([*map(safe, words), *([str(chosen.part)] if chosen.part > 1 else [])])
                title = before + chart.finding(shown)
                specs.append(
                    ChartSpec(chart.name, slug, title, chart.question, chosen.workload, chosen.keys, machine, before)
                )
    return specs


def draw(name_or_slug: str, rows: Sequence[Row], theme: str = "light") -> Figure:
    """A picture of these rows, by its slug, or by the name of its chart where they allow only one of that name.

    Raises `UserError` on an unknown chart, on a name that fits several, and where what it needs was not measured; then
    the message names the command that would measure it.
    """
    from bench.present.charts.all_charts import BY_NAME, chart_named

    specs = available(rows)
    found = [spec for spec in specs if name_or_slug in (spec.slug, spec.name)]
    exact = [spec for spec in found if spec.slug == name_or_slug]
    if exact or len(found) == 1:
        return picture((exact or found)[0], rows, theme)
    if found:
        raise UserError(f"'{name_or_slug}' fits {len(found)} charts: {', '.join(spec.slug for spec in found)}")
    if name_or_slug not in BY_NAME:
        known = ", ".join([*BY_NAME, *(spec.slug for spec in specs)])
        raise UserError(f"there is no chart '{name_or_slug}'; choose one of {known}")
    # Nothing to draw: the chart itself says what is missing, for the first workload that it could be measured for.
    return chart_named(name_or_slug).draw([row for row in rows if row.workload == rows[0].workload], theme)


def picture(spec: ChartSpec, rows: Sequence[Row], theme: str = "light") -> Figure:
    """One of the pictures that `available` found in these rows."""
    return headed(spec.name, spec.before, spec.rows(rows), theme)


def headed(name: str, before: str, rows: Sequence[Row], theme: str) -> Figure:
    """The chart of these rows, its title beginning with `before`."""
    from bench.present.charts import canvas  # here, since it imports matplotlib
    from bench.present.charts.all_charts import chart_named

    with canvas.headed(before):
        return chart_named(name).draw(rows, theme)


def describe(spec: ChartSpec, rows: Sequence[Row]) -> str:
    """The alt text of a picture: what it shows, in words and numbers."""
    from bench.present.charts.all_charts import chart_named

    return spec.before + chart_named(spec.name).describe(spec.rows(rows))


def subset(rows: Sequence[Row], keys: Sequence[str]) -> list[Row]:
    """The rows of these cases, in their order."""
    wanted = set(keys)
    return [row for row in rows if row.key in wanted]


def safe(text: str) -> str:
    """A text as a part of the name of a file: other characters than letters, digits, - and _ become -."""
    return "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in text)
