"""The charts of a run: which pictures its rows allow, and how each is drawn.

    for spec in charts.available(rows):
        style.save(charts.picture(spec, rows, "dark"), f"{spec.slug}.svg")

`chart` defines what a chart is, and `all_charts` lists them all. Matplotlib is imported when the first one is drawn.
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
"""Charts that draw several machines in one picture. All other charts draw one picture for each machine."""


@dataclass(frozen=True)
class ChartSpec:
    """A picture that some rows can fill: one question about one workload."""

    name: str
    slug: str
    """Unique within the rows and fit for a file name: `time_by_size-matmul-square`."""
    title: str
    question: str
    workload: str
    keys: tuple[str, ...]
    machine: str = ""
    """The only machine whose rows it shows; empty if it shows those of all."""
    before: str = ""
    """The start of the title and of the alt text if there are several machines: `16-core Xeon + H200: `."""

    def rows(self, rows: Sequence[Row]) -> list[Row]:
        """The rows that it shows."""
        return subset([row for row in rows if self.machine in ("", row.machine)], self.keys)


def available(rows: Sequence[Row], names: Sequence[str] | None = None) -> list[ChartSpec]:
    """All pictures that the rows can fill, by chart, machine and workload; `names` restricts them to some charts.

    Machines are never pooled: a picture shows one machine, named in its title if there are several, or a line for each.
    """
    from bench.present.charts.all_charts import CHARTS, chart_named

    machines = row_groups.machines(rows)
    short = dict(zip(machines, machine_labels.whole(machines), strict=True))
    specs: list[ChartSpec] = []
    for chart in CHARTS if names is None else map(chart_named, names):
        if not chart.suits(rows):
            continue
        for machine in [""] if len(machines) < 2 or chart.name in TOGETHER else machines:
            own = [row for row in rows if machine in ("", row.machine)]
            for chosen in chart.selections(own):
                shown = subset(own, chosen.keys)
                # If there are several machines, a picture of one names it.
                only = row_groups.machines(shown)
                before = f"{short[only[0]]}: " if len(machines) > 1 and len(only) == 1 else ""
                words = [chart.name, chosen.workload, *([short[machine]] if machine else [])]
                slug = "-".join([*map(safe, words), *([str(chosen.part)] if chosen.part > 1 else [])])
                title = before + chart.finding(shown)
                specs.append(
                    ChartSpec(chart.name, slug, title, chart.question, chosen.workload, chosen.keys, machine, before)
                )
    return specs


def draw(name_or_slug: str, rows: Sequence[Row], theme: str = "light") -> Figure:
    """A picture of these rows, by its slug, or by the name of its chart if the rows can fill only one of that chart.

    Raises `UserError` on an unknown chart, on a name that fits several, and if the data that it needs were not
    measured; then the message names the command that would measure them.
    """
    from bench.present.charts.all_charts import BY_NAME, chart_named

    specs = available(rows)
    matching = [spec for spec in specs if name_or_slug in (spec.slug, spec.name)]
    exact = [spec for spec in matching if spec.slug == name_or_slug]
    if exact or len(matching) == 1:
        return picture((exact or matching)[0], rows, theme)
    if matching:
        raise UserError(f"'{name_or_slug}' fits {len(matching)} charts: {', '.join(spec.slug for spec in matching)}")
    if name_or_slug not in BY_NAME:
        known = ", ".join([*BY_NAME, *(spec.slug for spec in specs)])
        raise UserError(f"there is no chart '{name_or_slug}'; choose one of {known}")
    # Nothing to draw: the chart itself says what is missing, for the first workload that it could be measured for.
    return chart_named(name_or_slug).draw([row for row in rows if row.workload == rows[0].workload], theme)


def picture(spec: ChartSpec, rows: Sequence[Row], theme: str = "light") -> Figure:
    """Draws one of the pictures that `available` found in these rows."""
    return headed(spec.name, spec.before, spec.rows(rows), theme)


def headed(name: str, before: str, rows: Sequence[Row], theme: str) -> Figure:
    """Draws the chart of these rows, with a title that begins with `before`."""
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
    """The text as part of a file name: every character except letters, digits, - and _ becomes -."""
    return "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in text)
