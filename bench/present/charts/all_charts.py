"""All charts, in the order in which they are shown. To add one, write its class and put it into `CHARTS`."""

from __future__ import annotations

from collections.abc import Mapping

from bench.present.charts import (
    anatomy,
    break_even,
    crossover,
    distribution,
    floor,
    frameworks,
    launch_floor,
    loaders,
    modes,
    pitfalls,
    precision,
    roofline,
    saturation,
    speedup,
    threads,
    time_by_size,
    time_to_accuracy,
    verdict,
)
from bench.present.charts.chart import Chart
from bench.records import UserError

CHARTS: tuple[Chart, ...] = (
    crossover.CHART,
    speedup.CHART,
    time_by_size.CHART,
    launch_floor.CHART,
    saturation.CHART,
    time_to_accuracy.CHART,
    loaders.CHART,
    threads.CHART,
    precision.CHART,
    modes.CHART,
    break_even.CHART,
    frameworks.CHART,
    pitfalls.CHART,
    anatomy.CHART,
    roofline.CHART,
    floor.CHART,
    distribution.CHART,
    verdict.CHART,
)

BY_NAME: Mapping[str, Chart] = {chart.name: chart for chart in CHARTS}


def chart_named(name: str) -> Chart:
    """The chart of this name. Raises `UserError` if there is none."""
    if name not in BY_NAME:
        raise UserError(f"there is no chart '{name}'; choose one of {', '.join(BY_NAME)}")
    return BY_NAME[name]
