"""Are ratios true beside other busy processes? Builds in turns, on the wall clock and on that of the CPU.

    python -m tests.agreement.under_load --build old=OLD/bin/python --build new=.venv/bin/python [--rounds 20]
        [--busy 2] [--launches N] [--out load.json]

Beside `--busy` processes a core that never pause, each build measures a step of 150 operations, its twin, and one of
100: speed-ups of 1 and 1.5, of one thread that never waits. `told` is the speed-up that `bench show --vs` gives, on the
clock that it chose; the two others are ratios of the values that it gives on each clock. In a run of its own a step
leaves its product to another thread: what counts is whether the finding `background-work` says so.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.agreement import builds
from tests.agreement.builds import WORKLOAD_FILES, Build, Turn

TRUTHS = {"same": (1.0, 0.97, 1.03), "fewer": (1.5, 1.45, 1.55)}
"""By the value of the axis `work`: the true speed-up, and the ends that it has to be within."""
REFERENCE = "work=plain"
RATIOS, POOL = "ratios", "pool"
FLAG = "background-work"
SPIN = "import os\nwhile os.getppid() == {parent}:\n    for _ in range(1_000_000): pass"
"""Ends by itself soon after the script has ended, in whatever way that did."""


@contextlib.contextmanager
def busy(a_core: int) -> Iterator[int]:
    """Processes that never pause, so many for each core that this one may use; their number."""
    number = a_core * len(os.sched_getaffinity(0))
    words = [sys.executable, "-c", SPIN.format(parent=os.getpid())]
    spinning: list[subprocess.Popen[bytes]] = []
    try:
        spinning.extend(subprocess.Popen(words) for _ in range(number))
        yield number
    finally:
        for each in spinning:
            each.kill()
            each.wait()


def speedups(rows: Sequence[dict[str, Any]]) -> Turn:
    """By work: what was told and on which clock, and the ratio on each clock; None where a build does not have it."""
    values = {(row["work"], row["clock"]): row["value_s"] for row in rows}
    found: Turn = {}
    for work in TRUTHS:
        (row,) = [row for row in rows if row["work"] == work and row["clock"] == "wall"]
        told = {"told": row["speedup"], "low": row["speedup_low"], "high": row["speedup_high"]}
        found[work] = {**told, "on": row.get("speedup_clock") or "wall"}
        for clock in ("wall", "cpu"):
            ours, reference = values.get((work, clock)), values.get(("plain", clock))
            found[work][clock] = reference / ours if ours and reference else None
    return found


def one_run(build: Build, what: str, launches: int | None) -> Turn:
    """A run of the three cases with known ratios, or of the step that leaves its work to a thread."""
    case = "loaded/repeated" if what == RATIOS else "loaded/handed_over"
    words = ["run", case, "--workloads", str(WORKLOAD_FILES / "loaded.py"), "--out", "run", "--quiet"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build.bench([*words, *(["--launches", str(launches)] if launches else [])], folder)
        if what == RATIOS:
            return speedups(build.rows(folder, "--vs", REFERENCE))
        rows = build.rows(folder)
    found = {finding["check"] for row in rows for finding in row["findings"]}
    return {"flagged": FLAG in found, "value_s": {row["clock"]: row["value_s"] for row in rows}}


def ratio_lines(name: str, turns: Sequence[Turn]) -> list[list[str]]:
    """A line for each truth and clock that a build has."""
    found = []
    for work, (truth, low, high) in TRUTHS.items():
        for which in ("told", "wall", "cpu"):
            values = [turn[work][which] for turn in turns if turn[work][which] is not None]
            if len(values) < 2:
                continue
            quarter, middle, three = builds.quartiles(values)
            inside = sum(low <= value <= high for value in values)
            clocks = Counter(turn[work]["on"] for turn in turns)
            on = ", ".join(f"{number} on {clock}" for clock, number in sorted(clocks.items()))
            found.append(
                [
                    name, f"{truth:g}", f"told ({on})" if which == "told" else f"{which} clock", f"{middle:.3f}",
                    f"{quarter:.3f} to {three:.3f}", f"{min(values):.3f} to {max(values):.3f}",
                    f"{inside} of {len(values)}",
                ]
            )  # fmt: skip
    return found


def pool_line(name: str, turns: Sequence[Turn]) -> list[str]:
    """How often a build flagged the step, and what it told of it."""
    clocks = dict.fromkeys(clock for turn in turns for clock in turn["value_s"])
    values = {clock: [turn["value_s"][clock] for turn in turns if clock in turn["value_s"]] for clock in clocks}
    told = [f"{clock} {statistics.median(each) * 1e6:.1f} µs" for clock, each in values.items()]
    return [name, f"{sum(turn['flagged'] for turn in turns)} of {len(turns)}", ", ".join(told)]


def main() -> None:
    """Load the machine, let the builds take turns, and print two tables."""
    parser = builds.parser(__doc__, rounds=20)
    parser.add_argument("--busy", type=int, default=2, help="busy processes a core (%(default)s)")
    parser.add_argument("--launches", type=int, help="launches of each run (default: as the build has it)")
    options = parser.parse_args()
    by_name = {build.name: build for build in builds.chosen(options)}
    kept = builds.RawData(options.out, {"busy": options.busy, "launches": options.launches})
    who = [(name, what) for name in by_name for what in (RATIOS, POOL)]
    with busy(options.busy) as number:
        print(f"{number} busy processes", file=sys.stderr)
        kept.take(options.rounds, who, lambda who, _: one_run(by_name[who[0]], who[1], options.launches))
    head = ["build", "truth", "speed-up", "median", "quartiles", "range", "within 3 %, or 1.45 to 1.55"]
    print(builds.markdown(head, [line for name in by_name for line in ratio_lines(name, kept.of(name, RATIOS))]))
    print()
    print(builds.markdown(["build", f"`{FLAG}`", "told"], [pool_line(name, kept.of(name, POOL)) for name in by_name]))


if __name__ == "__main__":
    main()
