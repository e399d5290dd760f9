"""How narrow are the intervals of the quick preset, and where does its time go? Builds in turns.

    python -m tests.agreement.demo_width --build old=OLD/bin/python --build new=.venv/bin/python [--rounds 5]
        [--words "run --preset quick"] [--out demo.json]

A round is the quick preset of each build. The half-width of a case is half of its interval as a share of its value; a
case whose interval is not known counts as infinitely wide. Ratios are to the first build, of medians over rounds, with
the interval of a bootstrap over rounds.
"""

from __future__ import annotations

import json
import math
import statistics
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tests.agreement import builds
from tests.agreement.builds import Build, Turn

WIDE = "wide-interval"


def half_width(row: dict[str, Any]) -> float:
    """Half of the interval as a share of the value; infinite where it is not known."""
    if row["low_s"] is None or row["high_s"] is None:
        return math.inf
    return float((row["high_s"] - row["low_s"]) / 2 / row["value_s"])


def turn_of(rows: Sequence[dict[str, Any]], account: dict[str, Any], ended: builds.Ended) -> Turn:
    """What is kept of a run: its rows on the wall clock, the account of its time, and what the command took."""
    timed = [row for row in rows if row["clock"] == "wall" and row["value_s"] is not None]
    return {
        "wall_s": ended.wall_s,
        "cpu_s": ended.cpu_s,
        "stages_s": account["stages_s"],
        "rows": len({row["key"] for row in rows}),
        "launches": [row["launches"] for row in timed],
        "half_widths": {row["key"]: half_width(row) for row in timed},
        "wide": sum(any(found["check"] == WIDE for found in row["findings"]) for row in timed),
    }


def one_run(build: Build, words: Sequence[str]) -> Turn:
    """The preset of a build, in a folder of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ended = build.bench([*words, "--out", "run", "--quiet"], folder)
        account = json.loads((folder / "run" / "run.json").read_text())["time"]
        return turn_of(build.rows(folder), account, ended)


def median_half_width(turn: Turn) -> float:
    """Over the cases of a run."""
    return statistics.median(turn["half_widths"].values())


FIGURES: dict[str, Callable[[Turn], float]] = {
    "wall": lambda turn: float(turn["wall_s"]),
    "CPU": lambda turn: float(turn["cpu_s"]),
    "median half-width": median_half_width,
}


def lines(by_build: dict[str, list[Turn]]) -> list[list[str]]:
    """A line a build: medians over its rounds, and of `wide-interval` the range."""
    found = []
    for name, turns in by_build.items():
        wall, cpu, width = (statistics.median(map(each, turns)) for each in FIGURES.values())
        launches = statistics.median(statistics.median(turn["launches"]) for turn in turns)
        wide = sorted(turn["wide"] for turn in turns)
        cases = f"{statistics.median(wide):g} of {turns[0]['rows']} ({wide[0]} to {wide[-1]})"
        found.append([name, f"{len(turns)}", f"{wall:.1f} s", f"{cpu:.1f} s", f"{launches:g}", f"±{width:.2%}", cases])
    return found


def stages(by_build: dict[str, list[Turn]]) -> list[list[str]]:
    """A line a stage: its share of the wall time of all rounds, by build."""
    names = dict.fromkeys(name for turns in by_build.values() for turn in turns for name in turn["stages_s"])
    found = []
    for name in names:
        shares = [
            sum(turn["stages_s"].get(name, 0.0) for turn in turns)
            / sum(sum(turn["stages_s"].values()) for turn in turns)
            for turns in by_build.values()
        ]
        found.append([name, *(f"{share:.1%}" for share in shares)])
    return found


def ratio(figure: Callable[[Turn], float], pairs: Sequence[tuple[Turn, Turn]]) -> float:
    """Median of the second turns ÷ that of the first ones."""
    return statistics.median(figure(b) for _, b in pairs) / statistics.median(figure(a) for a, _ in pairs)


def ratios(by_build: dict[str, list[Turn]]) -> list[list[str]]:
    """A line for each build after the first one."""
    (first, *others) = by_build
    found = []
    for name in others:
        pairs = list(zip(by_build[first], by_build[name], strict=False))  # of a last round that is not whole none
        told = [builds.bootstrap(pairs, partial(ratio, figure)).text(".2f") for figure in FIGURES.values()]
        found.append([f"{name} ÷ {first}", *told])
    return found


def main() -> None:
    """Let the builds take turns, and print three tables."""
    parser = builds.parser(__doc__, rounds=5)
    parser.add_argument("--words", default="run --preset quick", help="what is run (%(default)s)")
    options = parser.parse_args()
    by_name = {build.name: build for build in builds.chosen(options)}
    kept = builds.RawData(options.out, {"words": options.words})
    kept.take(
        options.rounds, [(name,) for name in by_name], lambda who, _: one_run(by_name[who[0]], options.words.split())
    )
    by_build = {name: kept.of(name) for name in by_name}
    head = ["build", "rounds", "wall", "CPU", "launches", "median half-width", f"`{WIDE}` (range)"]
    print(builds.markdown(head, lines(by_build)))
    print("\nShare of the wall time by stage:\n")
    print(builds.markdown(["stage", *by_build], stages(by_build)))
    if len(by_build) > 1:
        print("\nRatios:\n")
        print(builds.markdown(["builds", *FIGURES], ratios(by_build)))


if __name__ == "__main__":
    main()
