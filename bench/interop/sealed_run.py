"""An execution of another tool as a sealed run, so that `show`, `compare` and `history` read it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from bench.interop.execution import Benchmark, Execution
from bench.records import Block, CaseLaunch, Outcome, Settings, UserError
from bench.series import STEP, Series
from bench.store import runs, schema, tables
from bench.store.tables import RunData

ROUNDING_NS = 10**9
"""Least total of a block made from a fractional number of nanoseconds: rounding changes it by at most 1 in 10⁹."""

ONE_PROCESS = ("pytest-benchmark",)
"""Tools whose benchmarks share one process, so that they may be paired; others start one for each."""

SHORTEST_S, LONGEST_S = 1e-15, 1e9
"""A step below a femtosecond or above thirty years is an error in the file."""

MOST = 2**62
"""Largest number of steps, or of nanoseconds, in a block: half of what the columns hold."""


def why_not(execution: Execution) -> str:
    """Why an execution cannot become a run: it has no times. Empty if it can."""
    if any(item.unit == "s" for item in execution.benchmarks):
        return ""
    units = ", ".join(dict.fromkeys(item.unit or "not stated (give it with --unit)" for item in execution.benchmarks))
    return f"no benchmark is a time; the unit is {units}" if units else "there is no benchmark"


def as_run(execution: Execution, results: Path) -> tuple[RunData, list[str]]:
    """Make a run below `results`, not written yet, and name the benchmarks left out because they are no times.

    Raises `UserError` if the execution cannot become a run.
    """
    if why := why_not(execution):
        raise UserError(f"{execution.source}: {why}")
    timed = [item for item in execution.benchmarks if item.unit == "s"]
    run = _run(execution, timed)
    blocks = [asdict(block) for item in timed for block in _blocks(item)]
    shared = execution.tool in ONE_PROCESS
    launches = [
        schema.flat(row)
        for place, item in enumerate(timed)
        for row in _launches(item, run["run"] if shared else f"{run['run']}-{place}")
    ]
    data = RunData(
        results / str(run["run"]),
        run,
        _frame(blocks, schema.BLOCKS),
        _frame(launches, schema.LAUNCHES),
        _frame([], schema.PAIRS),
    )
    return data, [f"{item.name} ({item.unit or 'no unit'})" for item in execution.benchmarks if item.unit != "s"]


def write(data: RunData) -> Path:
    """Make the folder of a run and seal it. Raises `UserError` if it cannot be written."""
    runs.create(data.folder, data.run)
    tables.seal(data, {})
    return data.folder


def _frame(rows: list[dict[str, Any]], dtypes: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame.from_records(rows, columns=list(dtypes)).astype(dict(dtypes))


def _run(execution: Execution, timed: list[Benchmark]) -> dict[str, Any]:
    """Make its `run.json`. What the other tool does not state is null; nothing comes from the machine that imports."""
    at = execution.at or datetime.now(UTC)  # so that executions without a date keep the order of their file
    return {
        "schema": schema.VERSION,
        "run": runs.new_id(execution.at),
        "status": "complete",
        "created": at.isoformat(timespec="microseconds"),
        "command": f"import --from {execution.tool}",
        "machine": execution.machine,
        "fingerprint": execution.fingerprint,
        "git": {"commit": execution.commit, "branch": None, "dirty": None},
        "settings": {"precision": Settings().precision},
        "plan": [{"key": key, "name": name} for key, name in {item.key: item.name for item in timed}.items()],
        "coupled": [],
        "environment": {
            "cpu": {"model": execution.machine, "affinity": []},
            "torch": {"version": None},
            "imported": dict(execution.facts),
        },
        "capabilities": {},
        "sessions": [],
        "imported": {
            "from": execution.tool,
            "file": execution.source,
            "dated": execution.at is not None,
            "summaries": {item.key: item.summary for item in timed if item.summary},
        },
    }


def _blocks(item: Benchmark) -> Iterator[Block]:
    for launch, values in enumerate(item.processes):
        for index, value in enumerate(values):
            if not SHORTEST_S < value < LONGEST_S:
                raise UserError(f"{item.name}: {value:g} s is not a plausible time of a step")
            steps = item.steps or 1
            total = value * steps * 1e9
            if total != round(total):
                # A statistic, or a value without n, is not a timed block: a large n makes rounding irrelevant.
                steps *= max(1, math.ceil(ROUNDING_NS / total))
            total = round(value * steps * 1e9)
            if not (0 < total < MOST and steps < MOST):
                raise UserError(f"{item.name}: {value:g} s per step × {steps} steps is not a time that can be stored")
            yield Block(item.key, launch, 0, STEP, item.clock, index, True, steps, total)


def _launches(item: Benchmark, process: str) -> Iterator[CaseLaunch]:
    if not item.processes:
        yield CaseLaunch(item.key, 0, process=process, outcome=Outcome.FAILED, reason=item.reason)
    for launch in range(len(item.processes)):
        steps = {Series(STEP, item.clock): item.steps or 0}
        yield CaseLaunch(item.key, launch, process=f"{process}-{launch}", steps=steps)
