"""Pairs that gates recorded, in one file: what `gate_rates`, `gate_power` and `gate_rivals` draw their suites from.

A row a couple, of sixty at most of each pair: state, suite (of the machine and of the cases), key, twin, pair,
prepared_first, first, steps, base_ns, head_ns; of the whole pair log_ratio, its datum over all of its couples, and
couples, how many it had; and wall_s, the seconds that the whole suite took. From schema 6 on mean_log_ratio, the datum
of its mean, and clock, that of both data; without them log_ratio is the median on wall time.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from bench.analyse.gate.case_pairs import case_pairs
from bench.analyse.gate.pair_ratios import pair_ratios
from bench.records import BASE, Case
from bench.store import tables

HERE = Path(__file__).parent
UNCHANGED, INJECTED = HERE / "unchanged.parquet", HERE / "injected.parquet"
"""Pairs of the `ci` preset against itself in four states of a machine; pairs whose head does so much more."""
FORKED = HERE / "forked.parquet"
"""Pairs of the `ci` preset against itself in four states, of which all sides and the copy are forks of one process."""

PAIR = ["state", "suite", "key", "twin", "pair"]
COLUMNS = [
    *PAIR,
    *("prepared_first", "first", "steps", "base_ns", "head_ns", "log_ratio", "couples", "wall_s"),
    *("mean_log_ratio", "clock"),
]
KEPT = 60
"""Couples of a pair that are kept, evenly spread: what another tool would look at of a process."""


def gate(words: Sequence[str], folder: Path, cwd: Path) -> int:
    """Run `bench gate` into a folder, and keep what it said beside it. Its exit code."""
    command = [sys.executable, "-m", "bench", "gate", *words, "--out", str(folder), "--quiet"]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    folder.with_suffix(".txt").write_text(done.stdout + done.stderr)
    return done.returncode


def pack(folder: Path, runs: str, into: Path, kept: Callable[[str], int] = lambda key: KEPT) -> pd.DataFrame:
    """All finished runs of a folder whose names, STATE-SUITE, match a pattern, as one file.

    kept: couples a pair of a key. Suites that the file has and the folder has not stay, so that recording may be spread
    over days.
    """
    frames = []
    for path in sorted(each for each in folder.glob(runs) if each.is_dir()):
        data = tables.read(path)
        if data.run["status"] == "running":
            continue
        state, _, suite = path.name.rpartition("-")
        told = {"state": state, "suite": suite, "wall_s": data.run["time"]["wall_s"]}
        judged = {twin: case_pairs(data, twin, wall_medians=False) for twin in (False, True)}
        wall = data.pairs[data.pairs["clock"] == "wall"].assign(**told).sort_values([*PAIR, "couple"])
        for (key, twin), case in wall.groupby(["key", "twin"], sort=False, observed=True):
            found = judged[bool(twin)][str(key)].data
            for place, (_, pair) in enumerate(case.groupby("pair", sort=True)):
                at = np.unique(np.linspace(0, len(pair) - 1, kept(str(key))).round().astype(int))
                datum = {"log_ratio": found.medians[place], "mean_log_ratio": found.means[place]}
                told_of = pair.iloc[at].assign(clock=found.clocks[place], couples=len(pair), **datum)
                frames.append(told_of[COLUMNS])
    if into.exists():
        before = pd.read_parquet(into).astype({"state": str, "suite": str})
        fresh = {(str(frame["state"].iloc[0]), str(frame["suite"].iloc[0])) for frame in frames}
        frames.append(before[[each not in fresh for each in zip(before["state"], before["suite"], strict=True)]])
    whole = pd.concat(frames, ignore_index=True)
    names = ["state", "suite", "key", "prepared_first", "first", "clock"]
    whole = whole.astype({**dict.fromkeys(names, "category"), "pair": "int32", "steps": "int32", "couples": "int32"})
    whole.to_parquet(into, compression="zstd", index=False)
    return whole


def ratios_of_run(folder: Path) -> pd.DataFrame:
    """A row a pair of a finished gate, the canary's left out: key, pair, log_ratio."""
    pairs = tables.read(folder).pairs
    return pair_ratios(pairs[(pairs["clock"] == "wall") & ~pairs["twin"].astype(bool)]).sort_values(["key", "pair"])


def ratios(frame: pd.DataFrame) -> pd.DataFrame:
    """A row a pair, in the order they were measured: state, suite, key, twin, pair, log_ratio, mean, base_first.

    mean: the datum of its mean; where none was recorded, that of its median.
    """
    known = "mean_log_ratio" in frame.columns
    pairs = frame.drop_duplicates(PAIR)[
        [*PAIR, "prepared_first", "log_ratio", "couples", *(["mean_log_ratio"] if known else [])]
    ]
    mean = pairs["mean_log_ratio"].fillna(pairs["log_ratio"]) if known else pairs["log_ratio"]
    return pairs.assign(base_first=pairs["prepared_first"] == BASE, mean=mean).sort_values(PAIR, ignore_index=True)


def work_and_percent(key: str) -> tuple[str, int]:
    """What an injected case does, and by how many percent its head does more."""
    axes = Case.from_key(key).axes
    return str(axes["work"]), int(axes["percent"])
