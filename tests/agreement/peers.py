"""How precise is the number a tool reports, for the time it takes? `bench` beside pyperf, pytest-benchmark and Timer.

    python tests/agreement/peers.py [--repetitions 20] [--cases product,sine,net] [--out peers.json]

Three steps of the course; each tool is run as its manual says, in fresh processes, again and again, tools taking turns
in random order. A repetition's datum is the one number that a user would write down. The figure of a tool is the
standard deviation of those numbers as a share of their mean, times the root of the seconds that a repetition took: of
two tools of equal precision the cheaper one has the smaller figure. Its interval is that of a standard deviation of
normal data (chi-square, 95 %). A tool that reports an interval of its own is also held to it: `held` is the share of
repetitions whose interval contains the median of all repetitions of that tool.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scipy import stats

STEPS = {
    "product": ("matmul/square[size=64]", "a = torch.randn(64, 64)", "torch.mm(a, a)"),
    "sine": ("tensors/elementwise[op=sin,size=10000]", "a = torch.randn(10_000)", "torch.sin(a)"),
    "net": (
        "torchscript/inference[batch=32]",
        "net = torch.nn.Sequential(torch.nn.Linear(1, 64), torch.nn.ReLU(), torch.nn.Linear(64, 64), torch.nn.ReLU(), "
        "torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 1)).eval()\na = torch.randn(32, 1)\n"
        "step = torch.no_grad()(lambda: net(a))",
        "step()",
    ),
}
"""Name: the case of the catalog, and the same work for the other tools."""

SETUP = "import torch\ntorch.set_num_threads(1)\ntorch.manual_seed(0)\n"


@dataclass(frozen=True)
class Reported:
    """What one repetition of a tool gave: seconds a step, its own interval if it has one, and what it cost."""

    value_s: float
    low_s: float | None
    high_s: float | None
    cost_s: float


def run(words: list[str], folder: Path) -> float:
    """Seconds that a command took. Raises `CalledProcessError`."""
    started = time.monotonic()
    subprocess.run(words, cwd=folder, check=True, capture_output=True, text=True)
    return time.monotonic() - started


def ours(name: str, folder: Path) -> Reported:
    """The quick preset's three launches."""
    words = ["run", STEPS[name][0], "-s", "mode=eager", "--launches", "3", "--out", "run", "--quiet"]
    cost = run([sys.executable, "-m", "bench", *words], folder)
    import bench

    row = bench.load(folder / "run").iloc[0]
    return Reported(row["value_s"], row["low_s"], row["high_s"], cost)


def timer(name: str, folder: Path) -> Reported:
    """`Timer(...).blocked_autorange()`, its median."""
    _, setup, step = STEPS[name]
    text = (
        f"from torch.utils.benchmark import Timer\nprint(Timer({step!r}, setup={SETUP + setup!r}, num_threads=1)"
        ".blocked_autorange().median)"
    )
    (folder / "timer.py").write_text(text)
    started = time.monotonic()
    done = subprocess.run([sys.executable, "timer.py"], cwd=folder, check=True, capture_output=True, text=True)
    return Reported(float(done.stdout), None, None, time.monotonic() - started)


def pytest_benchmark(name: str, folder: Path) -> Reported:
    """`benchmark(step)`, its mean: what `--benchmark-compare-fail=mean:5%` looks at."""
    _, setup, step = STEPS[name]
    body = f"{SETUP}{setup}\n\ndef test_step(benchmark):\n    benchmark(lambda: {step})\n"
    (folder / "test_step.py").write_text(body)
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--benchmark-json", "out.json", "test_step.py"]
    cost = run([sys.executable, *words], folder)
    found = json.loads((folder / "out.json").read_text())["benchmarks"][0]["stats"]
    return Reported(found["mean"], None, None, cost)


def pyperf(name: str, folder: Path) -> Reported:
    """`bench_func` in five processes, its mean: in the default twenty it costs four times as much."""
    _, setup, step = STEPS[name]
    body = f"import pyperf\n{SETUP}{setup}\nrunner = pyperf.Runner()\nrunner.bench_func('step', lambda: {step})\n"
    (folder / "perf.py").write_text(body)
    cost = run([sys.executable, "perf.py", "-p", "5", "-q", "-o", "perf.json"], folder)
    import pyperf as library

    return Reported(library.Benchmark.load(str(folder / "perf.json")).mean(), None, None, cost)


TOOLS: dict[str, Callable[[str, Path], Reported]] = {
    "bench, 3 launches": ours,
    "torch Timer": timer,
    "pytest-benchmark": pytest_benchmark,
    "pyperf -p 5": pyperf,
}


def figure(seen: list[Reported]) -> dict[str, Any]:
    """Spread, cost and their product, with the interval of a standard deviation."""
    n = len(seen)
    values = [one.value_s for one in seen]
    centre, cost = statistics.fmean(values), statistics.fmean(one.cost_s for one in seen)
    sd = statistics.stdev(values) / centre
    root = math.sqrt(cost)
    truth = statistics.median(values)
    own = [one.low_s <= truth <= one.high_s for one in seen if one.low_s is not None and one.high_s is not None]
    return {
        "repetitions": n,
        "value_s": centre,
        "sd": sd,
        "cost_s": cost,
        "figure": sd * root,
        "low": sd * root * math.sqrt((n - 1) / stats.chi2.ppf(0.975, n - 1)),
        "high": sd * root * math.sqrt((n - 1) / stats.chi2.ppf(0.025, n - 1)),
        "held": statistics.fmean(own) if own else None,
    }


def main() -> None:
    """Tools take turns, in random order in each round; the table is printed, and written where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=20)
    parser.add_argument("--cases", default=",".join(STEPS))
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    dice = random.Random(0)
    seen: dict[tuple[str, str], list[Reported]] = {}
    for repetition in range(options.repetitions):
        turns = [(case, tool) for case in options.cases.split(",") for tool in TOOLS]
        dice.shuffle(turns)
        for case, tool in turns:
            with tempfile.TemporaryDirectory() as folder:
                seen.setdefault((case, tool), []).append(TOOLS[tool](case, Path(folder)))
        print(f"round {repetition + 1} of {options.repetitions}", file=sys.stderr, flush=True)
        if options.out:  # what was seen is kept, whatever happens to the rounds to come
            raw = [
                {"step": case, "tool": tool, "seen": list(map(asdict, found))} for (case, tool), found in seen.items()
            ]
            options.out.write_text(json.dumps(raw))
    rows = {key: figure(found) for key, found in sorted(seen.items())}
    print("| step | tool | reported | sd | seconds | sd × √seconds | own interval holds |")
    print("| --- | --- | ---: | ---: | ---: | --- | ---: |")
    for (case, tool), row in rows.items():
        held = "–" if row["held"] is None else f"{row['held']:.0%}"
        print(
            f"| {case} | {tool} | {row['value_s'] * 1e6:.1f} µs | {row['sd']:.1%} | {row['cost_s']:.1f} | "
            f"{row['figure']:.3f} [{row['low']:.3f}, {row['high']:.3f}] | {held} |"
        )


if __name__ == "__main__":
    main()
