"""A thousand long series, and a year of nightly runs. Nothing here asserts a duration; this prints them:

python -m pytest tests/benchmarks/test_history.py --benchmark-enable
"""

from __future__ import annotations

import io
import itertools
import resource
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from bench.records import Case, CaseLaunch
from bench.stats import change_points
from bench.store import runs, schema, tables
from bench.store.tables import RunData

CASES, LAUNCHES, VISITS, BLOCKS = 200, 6, 4, 5
SLOWER = 0.05
"""Each tenth case gets so much slower…"""
SLOWER_FROM = 20
"""…in this night."""


def how_many(config, timed, tested):
    """The whole where it is timed; where benchmarks are only tested, as much as shows that they work."""
    return timed if config.getoption("benchmark_enable") else tested  # the addopts of this project have them off


def test_a_thousand_series_of_a_thousand_values(benchmark, request):
    dice, step = np.random.default_rng(0), (np.arange(1000) >= 600) * 0.05
    count = how_many(request.config, 1000, 50)
    series = [dice.normal(0, 0.02, 1000) + step * (number % 10 == 0) for number in range(count)]
    found = benchmark.pedantic(lambda: [change_points.find(x) for x in series], rounds=1)
    assert all(len(marks) == (number % 10 == 0) for number, marks in enumerate(found))


@pytest.fixture(scope="module")
def year(tmp_path_factory, request):
    """A folder of a year of nightly runs, each sealed by our own writer: 24,000 blocks a run."""
    folder, dice = tmp_path_factory.mktemp("nightly"), np.random.default_rng(1)
    keys = np.array([Case.of("matmul/square", {"size": size}).key for size in range(1, CASES + 1)], dtype=object)
    place = np.array(list(itertools.product(range(CASES), range(LAUNCHES), range(VISITS), range(BLOCKS))))
    launch = pd.DataFrame([schema.flat(CaseLaunch("", 0))])
    launches = launch.loc[[0] * (CASES * LAUNCHES)].assign(
        key=np.repeat(keys, LAUNCHES), launch=np.tile(np.arange(LAUNCHES), CASES), process="p"
    )
    for night in range(how_many(request.config, 365, 40)):
        level = 1.0 + SLOWER * ((place[:, 0] % 10 == 0) & (night >= SLOWER_FROM))
        of_launch = np.exp(dice.normal(0, 0.03, (CASES, LAUNCHES)))[place[:, 0], place[:, 1]]
        total = 1e6 * level * of_launch * np.exp(dice.normal(0, 0.01, len(place)))
        blocks = pd.DataFrame(
            {
                "key": keys[place[:, 0]], "launch": place[:, 1], "visit": place[:, 2], "phase": "step", "clock": "wall",
                "index": place[:, 3], "kept": place[:, 3] > 0, "steps": 10, "total_ns": total.astype(int), "side": "",
            }
        )  # fmt: skip
        created = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=night)
        run = {
            "schema": schema.VERSION, "run": runs.new_id(created), "status": "complete", "created": created.isoformat(),
            "machine": "2-core", "fingerprint": "f", "git": {"commit": f"c{night}", "branch": "main", "dirty": False},
            "plan": [{"key": key} for key in keys], "environment": {}, "settings": {},
        }  # fmt: skip
        runs.create(folder / str(run["run"]), run)
        data = RunData(
            folder / str(run["run"]),
            run,
            blocks.assign(**schema.missing(blocks.columns, schema.BLOCKS)).astype(dict(schema.BLOCKS)),
            launches.astype(dict(schema.LAUNCHES)),
            pd.DataFrame(),
        )
        tables.seal(data, {})
    return folder


def test_a_year_of_nightly_runs(benchmark, year):
    """365 runs of 200 cases, as a user's command: its peak of memory goes to the benchmark's extra information."""

    def history():
        words = [sys.executable, "-m", "bench", "history", str(year), "--format", "csv"]
        return subprocess.run(words, capture_output=True, text=True, check=True)

    done = benchmark.pedantic(history, rounds=1)
    benchmark.extra_info["peak_bytes"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    rows = pd.read_csv(io.StringIO(done.stdout))
    assert set(rows["key"]) == {Case.of("matmul/square", {"size": size}).key for size in range(1, CASES + 1, 10)}
    assert rows["ratio"].between(1.02, 1.08).all()
    assert rows["alert"].nunique() <= 3
