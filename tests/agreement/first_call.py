"""What does it cost to open a step whose first call is slow? And what is told of steps whose calls are not alike?

    python -m tests.agreement.first_call --build old=OLD/bin/python --build new=.venv/bin/python [--rounds 3]
        [--limit 30] [--out first.json]

Steps of 200 ns to 20 us whose first call is busy for 30 ms, each beside its twin without; a product behind a cache,
whose second call is a look-up; and a step whose every fourth call is busy for 22 ms where the others take 2 ms. Each is
one run of one launch. `opening` is the wall time from preparing the case to the end of its warming up, by the run's own
account: of one thread that does not wait, its CPU is no more than that. Where the worker was silent for longer than the
limit, it is said to be above. The CPU is that of the whole command; the starts of Python and torch in it are the same
for all.
"""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.agreement import builds
from tests.agreement.builds import WORKLOAD_FILES, Build, Turn

CASES = {
    **{
        f"{about}, first call {first}": f"slow_first_call/counted[turns={turns},call={first}]"
        for turns, about in ((25, "200 ns"), (300, "2 us"), (2400, "20 us"))
        for first in ("slow", "plain")
    },
    "look-up of a product": "slow_first_call/remembered",
    "each 4th call dear, 7 ms on the mean": "uneven/accumulated[every=4,times=11]",
}
FILES = ("slow_first_call.py", "uneven.py")
OPENING = ("prepare", "first_call", "check", "prepare_again", "warm_up", "calibrate")
"""Stages of a run's account between the start of a worker and the first visit; a build need not have all of them."""


def one_run(build: Build, case: str, limit_s: float) -> Turn:
    """One launch of a case."""
    files = [word for name in FILES for word in ("--workloads", str(WORKLOAD_FILES / name))]
    words = ["run", case, *files, "--launches", "1", "--timeout", f"{limit_s:g}s", "--out", "run", "--quiet"]
    fine_or_timeout = (0, 4)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ended = build.bench(words, folder, limit_s=20 * limit_s, allowed=fine_or_timeout)
        stages_s = json.loads((folder / "run" / "run.json").read_text())["time"]["stages_s"]
        rows = build.rows(folder)
    row = next((row for row in rows if row["clock"] == "wall"), rows[0])
    return {
        "wall_s": ended.wall_s,
        "cpu_s": ended.cpu_s,
        "outcome": row["outcome"],
        "opening_s": sum(stages_s.get(stage, 0.0) for stage in OPENING),
        "median_s": row["value_s"],
        "mean_s": row.get("mean_s"),
        "doubts": sorted({found["check"] for found in row["findings"] if found["severity"] != "hint"}),
    }


def seconds(turns: Sequence[Turn], name: str) -> str:
    """The median over rounds, in microseconds; a dash where a build has none."""
    values = [turn[name] for turn in turns if turn[name] is not None]
    return f"{statistics.median(values) * 1e6:,.1f} µs" if values else "–"


def line(case: str, build: str, turns: Sequence[Turn], limit_s: float) -> list[str]:
    """What was seen of a case with a build."""
    late = sum(turn["outcome"] == "timeout" for turn in turns)
    opening = f"> {limit_s:g} s" if late else f"{max(turn['opening_s'] for turn in turns):.2f} s"
    outcomes = ", ".join(sorted({turn["outcome"] for turn in turns}))
    doubts = ", ".join(sorted({check for turn in turns for check in turn["doubts"]})) or "–"
    cpu = f"{statistics.median(turn['cpu_s'] for turn in turns):.1f} s"
    return [case, build, outcomes, opening, cpu, seconds(turns, "median_s"), seconds(turns, "mean_s"), doubts]


def main() -> None:
    """Let the builds take turns, and print the table."""
    parser = builds.parser(__doc__, rounds=3)
    parser.add_argument("--limit", type=float, default=30, help="seconds of silence that end a worker (%(default)s)")
    options = parser.parse_args()
    by_name = {build.name: build for build in builds.chosen(options)}
    kept = builds.RawData(options.out, {"limit_s": options.limit})
    who = [(case, name) for case in CASES for name in by_name]
    kept.take(options.rounds, who, lambda who, _: one_run(by_name[who[1]], CASES[who[0]], options.limit))
    head = ["step", "build", "outcome", "opening, worst", "CPU of the command", "median", "mean", "warnings"]
    print(builds.markdown(head, [line(*each, kept.of(*each), options.limit) for each in who]))


if __name__ == "__main__":
    main()
