"""Does the interval of the mean hold what steps cost whose calls are not alike? Live, on steps of a known mean.

    python -m tests.agreement.uneven_calls --build new=.venv/bin/python [--rounds 20] [--words "--launches 6"]
        [--out uneven.json]

Ten steps that are busy for 2 ms, and in each k-th call for 2 to 20 times as long, k = 2 … 64. They are busy by the wall
clock, so that their true mean on a quiet machine is known up to the microseconds around it, which the quickest call of
a step whose calls are all alike (k = 1) tells. On a loaded machine calls are longer, and the truth is not known.
Printed is how often the interval of the mean holds the truth, with the bounds of Clopper and Pearson, the median of the
means and of the medians ÷ the truth, and how often the finding `mean-not-median` stands beside them. A build without a
mean has dashes.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.agreement import builds
from tests.agreement.builds import WORKLOAD_FILES, Build, Turn

STEPS = ((2, 2), (2, 11), (4, 5), (4, 11), (8, 5), (8, 20), (16, 11), (32, 5), (32, 20), (64, 20))
"""Every k-th call, and how many times as dear it is."""
SHORT_S = 0.002
FINDING = "mean-not-median"


def true_mean_s(every: int, times: int) -> float:
    """Seconds that a call is busy, on the mean."""
    return SHORT_S * (every - 1 + times) / every


def one_run(build: Build, every: int, times: int, words: Sequence[str]) -> Turn:
    """A step and its mean, as the build tells them."""
    case = f"uneven/accumulated[every={every},times={times}]"
    files = ["--workloads", str(WORKLOAD_FILES / "uneven.py")]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ended = build.bench(["run", case, *files, *words, "--out", "run", "--quiet"], folder)
        (row,) = [row for row in build.rows(folder) if row["clock"] == "wall"]
    mean = {name: row.get(name) for name in ("mean_s", "mean_low_s", "mean_high_s")}
    flagged = any(found["check"] == FINDING for found in row["findings"])
    return {
        **mean,
        "median_s": row["value_s"],
        "fastest_s": row["fastest_s"],
        "flagged": flagged,
        "wall_s": ended.wall_s,
    }


def line(build: str, step: tuple[int, int], turns: Sequence[Turn], around_s: float) -> list[str]:
    """What was told of a step. around_s: what a call takes beside being busy."""
    truth = true_mean_s(*step) + around_s
    means = [turn["mean_s"] / truth for turn in turns if turn["mean_s"] is not None]
    known = [turn for turn in turns if turn["mean_low_s"] is not None]
    held = sum(turn["mean_low_s"] <= truth <= turn["mean_high_s"] for turn in known)
    share = builds.share(held, len(known)).text(".2f") if known else "–"
    counts = f"{held} of {len(known)}" if known else "–"
    mean = f"{statistics.median(means):.3f}" if means else "–"
    median = f"{statistics.median(turn['median_s'] for turn in turns) / truth:.3f}"
    flagged = f"{sum(turn['flagged'] for turn in turns)} of {len(turns)}"
    return [build, f"{step[0]}", f"{step[1]}", f"{truth * 1e3:.2f} ms", mean, median, counts, share, flagged]


def main() -> None:
    """Let the builds take turns, and print the table."""
    parser = builds.parser(__doc__, rounds=20)
    parser.add_argument("--words", default="--launches 6", help="further words of `bench run` (%(default)s)")
    options = parser.parse_args()
    by_name = {build.name: build for build in builds.chosen(options)}
    kept = builds.RawData(options.out, {"words": options.words})
    steps = {f"{every} {times}": (every, times) for every, times in ((1, 2), *STEPS)}
    who = [(name, step) for name in by_name for step in steps]
    kept.take(options.rounds, who, lambda who, _: one_run(by_name[who[0]], *steps[who[1]], options.words.split()))
    found = []
    for name in by_name:
        quickest_s = min(turn["fastest_s"] for turn in kept.of(name, "1 2"))
        around_s = quickest_s - true_mean_s(1, 2)
        found += [line(name, steps[step], kept.of(name, step), around_s) for step in steps]
    head = ["build", "every", "times", "true mean", "mean ÷ truth", "median ÷ truth", "held", "share", f"`{FINDING}`"]
    print(builds.markdown(head, found))


if __name__ == "__main__":
    main()
