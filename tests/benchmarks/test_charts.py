"""Sixteen charts of a run of 400 cases. Nothing here asserts a duration; this prints it, and the memory it took:

python -m pytest tests/benchmarks/test_charts.py --benchmark-enable -s
"""

from __future__ import annotations

import resource

from bench.analyse.rows.row import Row
from bench.present import charts
from bench.present.charts import embedded_data
from tests.present import example_rows as example

CASES, CHARTS = 400, 16


def run_of_400_cases() -> list[Row]:
    """Rows that allow every chart, and sweeps of more cases."""
    rows = example.everything()
    more = [
        example.row("matmul/create_on_device", 1e-6 * size * threads, size=size, threads=threads, where=f"w{kind}")
        for size in (64, 128, 256, 512, 1024)
        for threads in (1, 2, 4, 8)
        for kind in range(CASES // 20)
    ]
    return [*rows, *example.rows(*more[: CASES - len(rows)])]


def test_sixteen_charts_of_400_cases(benchmark, request):
    rows, count = run_of_400_cases(), CHARTS if request.config.getoption("benchmark_enable") else 2
    assert len(rows) == CASES

    def draw() -> list[bytes]:
        by_name = {spec.name: spec for spec in reversed(charts.available(rows))}
        specs = list(by_name.values())[:count]
        return [embedded_data.encode(embedded_data.figure_data(spec, rows, "light"), "png") for spec in specs]

    drawn = benchmark.pedantic(draw, rounds=1)
    assert len(drawn) == count
    print(f"\n{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB at most")
