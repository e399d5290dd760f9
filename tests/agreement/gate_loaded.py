"""Is a true 1.5 told beside busy processes? Builds in turns, twenty pairs each, four busy processes a core.

    python -m tests.agreement.gate_loaded --build old=OLD/bin/python --build new=.venv/bin/python [--rounds 1]
        [--busy 4] [--pairs 20] [--out loaded.json]

Each turn gates a step that does 100 operations on the base and 150 on the head, `--pairs` pairs of it, beside busy
processes that never pause. Told are how many pairs' data lie within 1.45 and 1.55, on the clock that the gate judged by
and on wall time, the ratio that it told, and its doubts.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

import pandas as pd

from bench.analyse.gate.pair_ratios import pair_ratios
from bench.records import BlockPair
from bench.stats.pairs import PairData
from tests.agreement import builds
from tests.agreement.builds import Build, Turn
from tests.agreement.gate_speed import repository
from tests.agreement.under_load import busy

LOW, HIGH = 1.45, 1.55


def one_gate(build: Build, pairs: int, a_core: int) -> Turn:
    """A gate of a build: the ratios of its pairs on either clock, and what it told."""
    with repository(more=50) as root, busy(a_core):
        words = ["small/small[case=3]", "--workloads", "small.py", "--preset", "quick", "--base", "main"]
        options = ["--pairs", str(pairs), "--json", "told.json", "--out", "run", "--quiet"]
        build.bench(["gate", *words, *options], root, allowed=(0, 1, 3, 5))
        told = json.loads((root / "told.json").read_text())
        frame = pd.read_parquet(root / "run" / "pairs.parquet")
    (case,) = told["cases"]
    rows = frame[~frame["twin"].astype(bool)].astype(object)
    rows = rows.where(rows.notna(), None)
    data = PairData(wall_only=case["metric"] == "wall")
    for _, pair in rows.groupby("pair", sort=True):
        found = pair.to_dict("records")
        data.add([BlockPair(**{str(name): value for name, value in row.items()}) for row in found])
    wall = pair_ratios(frame[~frame["twin"].astype(bool)])["log_ratio"]
    return {
        "judged": [math.exp(x) for x in data.medians],
        "wall": [math.exp(x) for x in wall],
        "clock": case["metric"],
        "ratio": case["ratio"],
        "doubts": case.get("doubts", []),
    }


def line(name: str, turns: Sequence[Turn]) -> list[str]:
    """How many pairs of a build were within the ends."""
    row = [name, ", ".join(sorted({turn["clock"] for turn in turns}))]
    for what in ("judged", "wall"):
        ratios = [ratio for turn in turns for ratio in turn[what]]
        within = sum(LOW <= ratio <= HIGH for ratio in ratios)
        row += [f"{within} of {len(ratios)}", f"{min(ratios):.2f} to {max(ratios):.2f}"]
    return [*row, ", ".join(f"{turn['ratio']:.3f}" for turn in turns), "; ".join(turns[-1]["doubts"]) or "none"]


def main() -> None:
    """Let the builds take turns, and print the table."""
    parser = builds.parser(__doc__, rounds=1)
    parser.add_argument("--busy", type=int, default=4, help="busy processes a core (%(default)s)")
    parser.add_argument("--pairs", type=int, default=20, help="pairs of a gate (%(default)s)")
    options = parser.parse_args()
    by_name = {build.name: build for build in builds.chosen(options)}
    kept = builds.RawData(options.out, {"busy": options.busy, "pairs": options.pairs})
    who = [(name,) for name in by_name]
    kept.take(options.rounds, who, lambda who, _: one_gate(by_name[who[0]], options.pairs, options.busy))
    head = ["build", "clock", "pairs within", "from, to", "on wall time", "from, to", "told", "doubts"]
    print(builds.markdown(head, [line(name, kept.of(name)) for name in by_name]))


if __name__ == "__main__":
    main()
