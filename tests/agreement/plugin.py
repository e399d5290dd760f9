"""Do medians of the pytest plugin agree with those of `bench run`? Sessions and runs take turns, in random order.

    python -m tests.agreement.plugin FOLDER [--rounds 12] [--seed 0]

A row a case: the median over rounds of the ratio of both medians of a round, with its interval. What is there already
is not measured again.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.present.gate import short
from bench.stats import intervals

KEYS = (
    "matmul/square[size=256]", "matmul/square[size=1000]", "regression/train_step[rows=32]",
    "regression/train_step[rows=800]", "torchscript/inference[batch=800]", "autograd/polynomial",
)  # fmt: skip
"""Steps from 50 µs to 30 ms."""


def plugin(folder: Path) -> dict[str, float]:
    """Seconds per step of each case, by a session of pytest."""
    out = folder / "plugin.json"
    if not out.exists():
        words = ["-m", "pytest", "--bench-preset", "quick", "-q", "-p", "no:cacheprovider", f"--benchmark-json={out}"]
        words += [word for key in KEYS for word in ("--bench-select", key)]
        subprocess.run([sys.executable, *words], cwd=folder, check=True, capture_output=True)
    content: Any = json.loads(out.read_text())
    return {item["name"]: item["stats"]["median"] for item in content["benchmarks"]}


def run(folder: Path) -> dict[str, float]:
    """Seconds per step of each case, by a run of one launch."""
    out = folder / "run"
    if not out.exists():
        words = ["-m", "bench", "run", *KEYS, "--launches", "1", "--out", str(out), "--quiet"]
        subprocess.run([sys.executable, *words], cwd=folder, check=True, capture_output=True)
    words = ["-m", "bench", "show", str(out), "--format", "json"]
    shown = subprocess.run([sys.executable, *words], check=True, capture_output=True).stdout
    return {row["key"]: row["value_s"] for row in json.loads(shown) if row["clock"] == "wall"}


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0, help="Of the order within each round.")
    options = parser.parse_args()
    dice, found = random.Random(options.seed), dict[str, list[tuple[float, float]]]()
    for number in range(options.rounds):
        folder = options.folder.resolve() / str(number)
        folder.mkdir(parents=True, exist_ok=True)
        of = {tool: tool(folder) for tool in dice.sample((plugin, run), 2)}
        for key, seconds in of[plugin].items():
            found.setdefault(key, []).append((seconds, of[run][key]))
    print("| case | time per step | plugin ÷ run | rounds |")
    print("| --- | ---: | --- | ---: |")
    for key, pairs in found.items():
        ratio = intervals.paired_ratio([a for a, _ in pairs], [b for _, b in pairs], "rounds")
        cells = (
            f"`{short(key)}`",
            f"{intervals.median([b for _, b in pairs]).value * 1e6:,.0f} µs",
            f"{ratio.value:.3f} [{ratio.low:.3f}, {ratio.high:.3f}]",
            str(len(pairs)),
        )
        print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
