"""The charts of a run, drawn from its estimates: `bench.charts.modes(bench.load())`.

Each takes a frame of estimates, all of a run or some rows, and a theme. It gives a
`bench.present.charts.chart_set.Drawn`, which shows itself in Jupyter with its alt text, can be indexed where it is
several charts, and has `save(path)`, `alt`, `rows` and `figure`. It is what `bench plot` draws of these rows. What a
chart draws besides the estimates is read again from the run that the column `run` names. A frame of
`bench.load(…, statistic="mean")` gives charts of means; rows of the clock `cpu` alone give charts of CPU time, beside
others they are left out. Each raises
`bench.records.UserError` where what it needs was not measured, and names the command that would measure it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

    from bench.present.charts.chart_set import Drawn

__all__ = [
    "anatomy",
    "break_even",
    "crossover",
    "distribution",
    "floor",
    "frameworks",
    "launch_floor",
    "loaders",
    "modes",
    "pitfalls",
    "precision",
    "roofline",
    "saturation",
    "speedup",
    "threads",
    "time_by_size",
    "time_to_accuracy",
    "verdict",
]

Theme = Literal["light", "dark"]


def __dir__() -> list[str]:
    return __all__


def crossover(frame: pd.DataFrame, theme: Theme = "light") -> Drawn:
    """From what size is the device faster than the CPU?"""
    return _drawn("crossover", frame, theme)


def speedup(frame: pd.DataFrame, theme: Theme = "light") -> Drawn:
    """How many times as fast as the CPU, at its best number of threads, is the device?"""
    return _drawn("speedup", frame, theme)


def time_to_accuracy(frame: pd.DataFrame, theme: Theme = "light") -> Drawn:
    """DataLoader or full batch: which is right soonest?"""
    return _drawn("time_to_accuracy", frame, theme)


def time_by_size(frame: pd.DataFrame, theme: Theme = "light") -> Drawn:
    """How does the time of a step grow with the size of the problem?"""
    return _drawn("time_by_size", frame, theme)


def launch_floor(frame: pd.DataFrame, theme: Theme = "light") -> Drawn:
    """Why does an operation on few numbers not get faster?"""
    return _drawn("launch_floor", frame, theme)


def saturation(frame: pd.DataFrame, theme: Theme = "light") -> Drawn:
    """From which batch does a larger one bring little more?"""
    return _drawn("saturation", frame, theme)


def loaders(frame: pd.DataFrame, theme: Theme = "light") -> Drawn:
    """What does a loader cost against slices of a tensor?"""
    return _drawn("loaders", frame, theme)


def threads(frame: pd.DataFrame, theme: Theme = "light") -> Drawn:
    """How many times as fast are more threads?"""
    return _drawn("threads", frame, theme)


def precision(frame: pd.DataFrame, theme: Theme = "light") -> Drawn:
    """What does a precision cost, and what does it bring?"""
    return _drawn("precision", frame, theme)


def modes(frame: pd.DataFrame, theme: Theme = "light") -> Drawn:
    """Which execution mode is faster than eager?"""
    return _drawn("modes", frame, theme)


def break_even(frame: pd.DataFrame, theme: Theme = "light") -> Drawn:
    """After how many steps has compiling paid for itself?"""
    return _drawn("break_even", frame, theme)


def frameworks(frame: pd.DataFrame, theme: Theme = "light") -> Drawn:
    """How fast do other frameworks do the same job, with the same answer?"""
    return _drawn("frameworks", frame, theme)


def pitfalls(frame: pd.DataFrame, theme: Theme = "light") -> Drawn:
    """By which factor does each mistake change the time?"""
    return _drawn("pitfalls", frame, theme)


def anatomy(frame: pd.DataFrame, theme: Theme = "light") -> Drawn:
    """Which phase takes how much of a step?"""
    return _drawn("anatomy", frame, theme)


def roofline(frame: pd.DataFrame, theme: Theme = "light") -> Drawn:
    """Does arithmetic or memory bind each case, and how near does it come?"""
    return _drawn("roofline", frame, theme)


def floor(frame: pd.DataFrame, theme: Theme = "light") -> Drawn:
    """How far above the least that its work takes on this machine is each case?"""
    return _drawn("floor", frame, theme)


def distribution(frame: pd.DataFrame, theme: Theme = "light") -> Drawn:
    """How far apart are the blocks of one case, within a launch and between launches?"""
    return _drawn("distribution", frame, theme)


def verdict(frame: pd.DataFrame, theme: Theme = "light") -> Drawn:
    """Which cases got slower, and which surely did not?"""
    return _drawn("verdict", frame, theme)


def _drawn(name: str, frame: pd.DataFrame, theme: str) -> Drawn:
    from bench.analyse.rows.clock_choice import on_clock
    from bench.analyse.rows.restored import restored
    from bench.present.charts import chart_set
    from bench.present.charts.all_charts import chart_named

    chart = chart_named(name)
    return chart_set.drawn(name, on_clock(restored(frame, (*chart.needs, *chart.carries))), theme)
