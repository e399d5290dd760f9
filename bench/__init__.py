"""coursebench: benchmarks of a PyTorch course whose every number can be defended.

import bench
run = bench.run("matmul/square", sets={"size": [64, 256]}, launches=6)   # prints nothing; print(run) is its table
run.chart("time_by_size").save("growth.svg")
bench.gate("mine/*", workloads="mine.py", base="main")                   # did this change make it slower?
bench.profile("matmul/square").page                                      # where does the time of a step go?
bench.difference("mine/softmax", workloads="mine.py", base="main")       # what is a difference made of?
bench.certify(quick=True)                                                # is this harness right, on this machine?
bench.report(run)                                                        # one page with all of it
frame = bench.load()                          # the latest run, a row a case and clock
blocks = bench.load("results/…", level="blocks")
bench.charts.time_by_size(frame)              # shows itself in Jupyter; .save("growth.svg")
bench.compare("results/monday", frame)        # head ÷ base, with intervals
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench import charts

if TYPE_CHECKING:
    import pandas as pd

    from bench.analyse.rows.analysis import Analysis
    from bench.analyse.rows.frames import Level
    from bench.analyse.rows.launch_times import Statistic
    from bench.analyse.rows.row import Row
    from bench.jobs.certificate_job import certify
    from bench.jobs.difference_job import difference
    from bench.jobs.gate_job import gate
    from bench.jobs.listener import Listener
    from bench.jobs.profile_job import profile
    from bench.jobs.report_job import report
    from bench.jobs.run_job import run
    from bench.present.tables.two_runs_table import Comparison
    from bench.store.tables import RunData

__all__ = [
    "Listener",
    "certify",
    "charts",
    "compare",
    "difference",
    "gate",
    "load",
    "profile",
    "report",
    "run",
]

_JOBS = {
    "run": "run_job",
    "gate": "gate_job",
    "profile": "profile_job",
    "difference": "difference_job",
    "certify": "certificate_job",
    "report": "report_job",
    "Listener": "listener",
}
"""The module of `bench.jobs` that each of these names is imported from, when it is first used."""


def load(
    run: str | Path | None = None, level: Level = "estimates", vs: str | None = None, statistic: Statistic = "median"
) -> pd.DataFrame:
    """A run as a tidy frame; times in seconds per step, sizes in bytes.

    run: a folder, a run id, or None for the latest run in `results/`.
    level: `estimates` (a row a case and clock; held to the run's own peaks, where it measured some), `phases`,
        `launches` (a row a case and launch), or `blocks`; of a run of `bench gate` its `verdicts`, a row a case.
    vs: adds speed-ups to estimates, against `axis=value` or a case key.
    statistic: what stands for the blocks of a launch in estimates: `median`, `mean` or `min`.

    Warns of lines of the journal that could not be read. Raises `bench.records.UserError` for a run that cannot be
    read, or one of a newer schema.
    """
    from bench.analyse.rows import frames
    from bench.analyse.rows.launch_times import known_statistic

    return frames.frame_of(_read(run), level, vs, known_statistic(statistic))


def compare(
    base: str | Path | pd.DataFrame, head: str | Path | pd.DataFrame, statistic: Statistic | None = None,
    clock: str | None = None,
) -> Comparison:  # fmt: skip
    """Two stored runs beside each other, case by case, as `bench compare` does it: head ÷ base, above 1 is slower.

    base, head: a folder, a run id, or some rows of the estimates of a run. Returns a value that shows itself in Jupyter
    and as text; `frame` has a row a case and clock, times in seconds per step. They were measured one after the other,
    so that no verdict is a regression. statistic: what stands for the blocks of a launch (default: that of the frames,
    or the median); clock: the one to compare on (default: of a step of one thread that does not wait, wall or cpu,
    whichever is narrower). Raises `bench.records.UserError` for a run that cannot be read, for a frame that is not of
    one run as it is stored, and for frames of another statistic.
    """
    from bench.analyse import two_runs
    from bench.present.tables.two_runs_table import Comparison
    from bench.records import UserError

    (under, under_rows), (over, over_rows) = (_side(each, statistic) for each in (base, head))
    if under.readings.statistic != over.readings.statistic:
        raise UserError("the frames are of unlike statistics: load both with the same one")
    found = two_runs.compare(under, over, under_rows, over_rows, clock)
    return Comparison(tuple(found), under.data.run, over.data.run)


def _side(of: str | Path | pd.DataFrame, statistic: Statistic | None) -> tuple[Analysis, list[Row]]:
    """A run and its judged rows; of a frame those that it holds."""
    from bench.analyse.rows import restored
    from bench.analyse.rows.analysis import Analysis
    from bench.analyse.rows.launch_times import known_statistic
    from bench.records import UserError
    from bench.store import loaded_runs

    if isinstance(of, str | Path):
        run = Analysis(_read(of), known_statistic(statistic or "median"))
        return run, run.judged
    run = Analysis(_read(loaded_runs.folder_of(restored.run_of(of))), restored.statistic_of(of))
    if statistic not in (None, run.readings.statistic):
        raise UserError(f"this frame holds another statistic than {statistic}: load it with statistic={statistic!r}")
    return run, restored.completed(of, run.judged)


def _read(run: str | Path | None) -> RunData:
    """A run; warns of what could not be read of it, and keeps in mind where it lies."""
    import warnings

    from bench.store import loaded_runs, runs, tables

    data = tables.read(runs.locate(run))
    for problem in data.problems:
        warnings.warn(problem, stacklevel=3)
    loaded_runs.remember(str(data.run["run"]), data.folder)
    return data


if not TYPE_CHECKING:  # a type checker knows the names from above, and finds a misspelt one

    def __getattr__(name: str) -> object:
        """A job, imported when it is first used: `import bench` alone stays light."""
        if name not in _JOBS:
            raise AttributeError(f"module 'bench' has no attribute '{name}'")
        import importlib

        found = getattr(importlib.import_module(f"bench.jobs.{_JOBS[name]}"), name)
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return __all__
