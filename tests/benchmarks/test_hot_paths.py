"""The harness's own hot paths, timed by pytest-benchmark. Nothing here asserts a duration; this prints them:

python -m pytest tests/benchmarks --benchmark-enable
"""

import dataclasses
import itertools
import subprocess
import sys

import pandas as pd
import pytest

from bench.measure.timing import blocks, clocks
from bench.protocol import Visited
from bench.protocol.rows import TimedBlock
from bench.protocol.wire import decode, encode
from bench.records import Block, Case, CaseLaunch, Planned, Settings, Source
from bench.series import Series
from bench.store import journal, runs, schema, tables
from tests.analyse.as_frames import estimates_frame

CASES, LAUNCHES, VISITS, BLOCKS = 250, 20, 4, 5  # 100,000 blocks


def many_blocks():
    keys = [Case.of("matmul/square", {"size": size}).key for size in range(1, CASES + 1)]
    places = itertools.product(keys, range(LAUNCHES), range(VISITS), range(BLOCKS))
    return [
        Block(key, launch, visit, "step", "wall", index, index > 0, 10, 1_000_000 + 997 * launch + 89 * visit + index)
        for key, launch, visit, index in places
    ]


@pytest.fixture(scope="module")
def large_run(tmp_path_factory):
    """A sealed run of 250 cases, 20 launches each, 100,000 blocks."""
    folder = tmp_path_factory.mktemp("large") / "run"
    rows = many_blocks()
    keys = list(dict.fromkeys(block.key for block in rows))
    source = dataclasses.asdict(Planned(Case.from_key(keys[0]), Source("x.py", "square")).source)
    runs.create(
        folder,
        {
            "schema": schema.VERSION,
            "run": "large",
            "status": "complete",
            "machine": "synthetic",
            "environment": {"torch": {"version": "none"}, "cpu": {"affinity": [0, 1]}},
            "settings": dataclasses.asdict(Settings()),
            "plan": [{"key": key, "source": source} for key in keys],
        },
    )
    launches = [
        schema.flat(CaseLaunch(key, launch, f"p{launch}", first_call_ns=10**6, steady=True))
        for key in keys
        for launch in range(LAUNCHES)
    ]
    pd.DataFrame.from_records([dataclasses.asdict(b) for b in rows]).astype(dict(schema.BLOCKS)).to_parquet(
        folder / "blocks.parquet", index=False
    )
    pd.DataFrame.from_records(launches).astype(dict(schema.LAUNCHES)).to_parquet(
        folder / "launches.parquet", index=False
    )
    return folder


def test_the_block_loop_with_an_empty_step(benchmark):
    total = benchmark(blocks.time_block, clocks.wall, blocks.nothing, 10_000, blocks.nothing)
    assert total > 0


def test_one_reading_of_the_clock(benchmark):
    assert benchmark(clocks.wall) > 0


def test_a_visit_through_the_protocol_and_back(benchmark):
    series = Series("step", "wall")
    blocks = [TimedBlock(series, index, index > 0, 100, 1_234_567 + index) for index in range(20)]
    message = Visited("matmul/square[size=64]", blocks, 0.02)
    assert benchmark(lambda: decode(encode(message))) == message


def test_a_visit_appended_to_the_journal(benchmark, tmp_path):
    book = journal.Journal(tmp_path)
    visit = many_blocks()[:5]
    benchmark(book.visit, "p", visit)
    book.close()
    assert (tmp_path / journal.NAME).stat().st_size > 0


def test_reading_the_tables_of_a_run_of_100_000_blocks(benchmark, large_run):
    assert len(benchmark(tables.read, large_run).blocks) == 100_000


def test_loading_the_estimates_of_a_run_of_100_000_blocks(benchmark, large_run):
    frame = benchmark(lambda: estimates_frame(tables.read(large_run)))
    assert len(frame) == CASES
    assert frame["launches"].unique().tolist() == [LAUNCHES]


def test_bench_help_as_a_process(benchmark):
    done = benchmark.pedantic(
        lambda: subprocess.run([sys.executable, "-m", "bench", "--help"], capture_output=True, check=True), rounds=5
    )
    assert b"doctor" in done.stdout


def test_the_catalog_of_the_course(benchmark):
    from bench.plan.catalog import find

    assert "matmul/square" in benchmark(find)


def test_an_interval_of_twenty_launches(benchmark):
    from bench.stats import intervals

    values = [1 + i / 100 for i in range(20)]
    assert benchmark(intervals.median, values).n == 20
