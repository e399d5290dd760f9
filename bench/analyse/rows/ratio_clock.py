"""On which clock the ratio of two cases is told: on the one that is narrower, where CPU time says the same as wall."""

from __future__ import annotations

import math

from bench.analyse.rows.run_readings import RunReadings
from bench.series import CPU, WALL
from bench.stats.intervals import Interval


def may_tell(run: RunReadings, key: str) -> bool:
    """Whether CPU time stands for wall in a case: it has one thread, does not wait, and its CPU time is known."""
    return run.use_of(key).follows_cpu_time and bool(run.seconds(key, CPU))


def narrower(on_wall: Interval, on_cpu: Interval) -> str:
    """The clock whose ratio has the narrower interval; wall where neither has one."""
    return CPU if _width(on_cpu) < _width(on_wall) else WALL


def _width(ratio: Interval) -> float:
    if ratio.low is None or ratio.high is None:
        return math.inf
    return math.log(ratio.high / ratio.low)
