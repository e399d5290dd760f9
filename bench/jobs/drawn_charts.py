"""The charts of a run as values: all that it has data for, or those with one name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bench.records import UserError

if TYPE_CHECKING:
    import pandas as pd

    from bench.present.charts.chart_set import Drawn

Theme = Literal["light", "dark"]


def every_chart(folder: Path, vs: str | None, theme: Theme) -> Drawn:
    """Every chart that the run in this folder has data for, as `bench plot` draws them; none if it has too few data.

    vs: what speed-ups are against. Raises `UserError` for a run that cannot be read.
    """
    from bench.jobs.pictures import drawable, to_draw
    from bench.present.charts.chart_set import Drawn
    from bench.present.charts.embedded_data import figure_data

    drawn = to_draw([str(folder)], vs)
    return Drawn([figure_data(spec, drawn.rows, theme) for spec in drawable(drawn.rows, [])])


def one_chart(name: str, frame: pd.DataFrame, theme: Theme) -> Drawn:
    """The charts of one name, such as `time_by_size`, that these estimates allow.

    Raises `UserError` for an unknown name, and if the data for the chart were not measured.
    """
    from bench import charts

    if name not in charts.__all__:
        raise UserError(f"there is no chart '{name}'; choose one of {', '.join(charts.__all__)}")
    drawn: Drawn = getattr(charts, name)(frame, theme)
    return drawn
