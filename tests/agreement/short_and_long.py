"""How often does the interval of a short run hold the median of a long one? Builds in turns, over an hour.

    python -m tests.agreement.short_and_long --build old=OLD/bin/python --build new=.venv/bin/python [--rounds 40]
        [--short 3,6] [--long 60] [--reference NAME] [--out short.json]

Ten cases. In each round every build makes a short run of each number of launches; in between, in chunks spread evenly
over the rounds, it makes the launches of the reference, so that a slow drift of the machine falls on both alike. The
reference of a build is the median of its own long run, or of that of the build that --reference names. A machine that
is slow for minutes takes all cases of a run along, which no interval of one run can know: in the last line each
reference is moved by the level of the run, the median over its cases of value ÷ reference, and the spread of these
levels stands beside it. The share that was held has the bounds of Clopper and Pearson at 95 %, case by case; that of
all cases, which share their runs, those of a bootstrap over rounds.
"""

from __future__ import annotations

import math
import statistics
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from bench.records import UNIVERSAL_AXES
from tests.agreement import builds
from tests.agreement.builds import Build, Turn

CASES = (
    "tensors/elementwise[op=sin,size=10000]",
    "matmul/square[size=64]",
    "matmul/square[size=256]",
    "autograd/polynomial",
    "networks/simple_net[batch=32]",
    "regression/train_step[rows=800]",
    "classification/train_step[rows=800]",
    "dataloader/epoch[loader=sliced,batch=128,workers=0,pin=False]",
    "losses/custom[rows=800]",
    "torchscript/inference[batch=32]",
)
CHUNK = 6
"""Launches of the reference that are made in one go."""
LONG = "long"
WIDEST = 3.0
"""Half-widths above this say nothing; as a share of the value."""


def due(number: int, rounds: int, long: int) -> int:
    """Launches of the reference that belong into a round: a chunk in some, none in others, `long` in all of them."""
    chunks = -(-long // CHUNK)
    mine = range(number * chunks // rounds, (number + 1) * chunks // rounds)
    return sum(min(CHUNK, long - chunk * CHUNK) for chunk in mine)


def launch_medians(run: Path) -> dict[str, list[float]]:
    """By case the seconds a step of each launch: the median of its kept blocks on the wall clock."""
    blocks = pd.read_parquet(run / "blocks.parquet")
    kept = blocks[blocks["kept"] & (blocks["clock"] == "wall") & (blocks["phase"] == "step")]
    per_step = (kept["total_ns"] / kept["steps"] / 1e9).rename("step_s")
    medians = per_step.groupby([kept["key"].astype(str), kept["launch"]]).median()
    return {str(key): values.to_list() for key, values in medians.groupby(level=0)}


def one_run(build: Build, launches: int, long: bool) -> Turn:
    """A run of all cases: of a long one the data of its launches, of a short one its intervals."""
    if launches == 0:
        return {"cases": {}}
    words = ["run", *CASES, "-s", "mode=eager", "--launches", str(launches), "--out", "run", "--quiet"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ended = build.bench([*words, "--budget", "1h"], folder)
        if long:
            return {"cases": launch_medians(folder / "run"), "wall_s": ended.wall_s}
        rows = [row for row in build.rows(folder) if row["clock"] == "wall"]
    cases = {row["key"]: [row["value_s"], row["low_s"], row["high_s"], row["method"]] for row in rows}
    return {"cases": cases, "wall_s": ended.wall_s}


def references(turns: Sequence[Turn]) -> dict[str, tuple[float, int]]:
    """By case the median of all launches of a long run, and how many they are."""
    data: dict[str, list[float]] = {}
    for turn in turns:
        for key, values in turn["cases"].items():
            data.setdefault(key, []).extend(values)
    return {key: (statistics.median(values), len(values)) for key, values in data.items()}


def holds(turn: Turn, key: str, truth: float) -> bool | None:
    """Whether a short run's interval of a case holds the truth; None where it has no interval."""
    _, low, high, _ = turn["cases"][key]
    return None if low is None or high is None else bool(low <= truth <= high)


def held(truths: dict[str, tuple[float, int]], turns: Sequence[Turn]) -> list[bool]:
    """Of all intervals of all cases that are known."""
    found = [holds(turn, key, truth) for turn in turns for key, (truth, _) in truths.items()]
    return [each for each in found if each is not None]


def share_held(truths: dict[str, tuple[float, int]], turns: Sequence[Turn]) -> float:
    """The share of those that hold. Raises `ZeroDivisionError` where no interval is known."""
    known = held(truths, turns)
    return sum(known) / len(known)


def level(turn: Turn, truths: dict[str, tuple[float, int]]) -> float:
    """How far a run is off as a whole: the median over its cases of the log of value ÷ reference."""
    return statistics.median(math.log(turn["cases"][key][0] / truth) for key, (truth, _) in truths.items())


def share_held_at_its_level(truths: dict[str, tuple[float, int]], turns: Sequence[Turn]) -> float:
    """The share that holds the references as they would be at the level of the run."""
    found: list[bool] = []
    for turn in turns:
        moved = math.exp(level(turn, truths))
        found += held({key: (truth * moved, many) for key, (truth, many) in truths.items()}, [turn])
    return sum(found) / len(found)


def short_name(key: str) -> str:
    """The key without the axes that every case has."""
    workload, _, axes = key.rstrip("]").partition("[")
    own = [axis for axis in axes.split(",") if axis.partition("=")[0] not in UNIVERSAL_AXES]
    return f"{workload}[{','.join(own)}]" if own else workload


def width_of(turns: Sequence[Turn], key: str, truth: float) -> str:
    """The median half-width of the intervals that are known, as a share of the truth."""
    ends = [turn["cases"][key][1:3] for turn in turns]
    half = statistics.median((high - low) / 2 / truth for low, high in ends if low is not None and high is not None)
    return f"±{half:.1%}" if half <= WIDEST else f"> {WIDEST:.0%}"


def lines(name: str, launches: str, turns: Sequence[Turn], truths: dict[str, tuple[float, int]]) -> list[list[str]]:
    """A line a case for one build and number of launches, and one of all cases."""
    found = []
    for key, (truth, number) in truths.items():
        known = held({key: (truth, number)}, turns)
        if not known:
            continue
        share = builds.share(sum(known), len(known))
        counts = [f"{truth * 1e6:.1f} µs ({number})", f"{sum(known)} of {len(known)}"]
        found.append([name, launches, short_name(key), *counts, share.text(".2f"), width_of(turns, key, truth)])
    known = held(truths, turns)
    if known:
        all_held = builds.bootstrap(turns, partial(share_held, truths))
        found.append([name, launches, "all", "–", f"{sum(known)} of {len(known)}", all_held.text(".2f"), "–"])
        if len(truths) > 1 and len(turns) > 1:
            at_level = builds.bootstrap(turns, partial(share_held_at_its_level, truths))
            wander = statistics.stdev(level(turn, truths) for turn in turns)
            which = f"all, at the level of the run (sd {wander:.1%})"
            found.append([name, launches, which, "–", "–", at_level.text(".2f"), "–"])
    return found


def main() -> None:
    """Let the builds take turns, and print the table."""
    parser = builds.parser(__doc__, rounds=40)
    parser.add_argument("--short", default="3,6", help="launches of the short runs (%(default)s)")
    parser.add_argument("--long", type=int, default=60, help="launches of the reference (%(default)s)")
    parser.add_argument(
        "--reference", metavar="NAME", help="the build whose long run all are held to (default: its own)"
    )
    options = parser.parse_args()
    by_name = {build.name: build for build in builds.chosen(options)}
    if options.reference not in (None, *by_name):
        parser.error(f"no build has the name {options.reference}")
    short = options.short.split(",")
    kept = builds.RawData(options.out, {"short": short, "long": options.long, "rounds": options.rounds})

    def measure(who: builds.Who, number: int) -> Turn:
        name, launches = who
        long = launches == LONG
        many = due(number, options.rounds, options.long) if long else int(launches)
        return one_run(by_name[name], many, long)

    kept.take(options.rounds, [(name, each) for name in by_name for each in (*short, LONG)], measure)
    found = []
    for name in by_name:
        truths = references(kept.of(options.reference or name, LONG))
        found += [line for each in short for line in lines(name, each, kept.of(name, each), truths)]
    head = ["build", "launches", "case", "reference (launches)", "held", "share", "median half-width"]
    print(builds.markdown(head, found))


if __name__ == "__main__":
    main()
