"""How often does the gate cry wolf? Real pairs of unchanged code, in four states of the machine, and suites of them.

    python tests/agreement/gate_rates.py record FOLDER [--pairs 15] [--states idle,hog,memory,stop-and-go]
    python tests/agreement/gate_rates.py replay FOLDER [--suites 10000]

`record` runs `bench gate` of HEAD against HEAD in this repository, the `ci` preset, so many pairs of each case, beside
a load: none, a busy loop, one that reads and writes much memory, one that stops and goes.

`replay` draws suites of ten cases and thirty pairs from what was recorded, the coin of each pair tossed anew, and
counts those in which any case is called regressed, at the stated 1 %; without a slack, which is the harder question.
Beside it, the recorded order as it was: disjoint stretches of each case's pairs.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.analyse.pairs import pair_ratios
from bench.stats import evidence
from bench.stats.coverage import exact_bounds
from bench.stats.decision import REGRESSED, Rule
from bench.store import tables

LOADS = {
    "idle": "",
    "hog": "while True: pass",
    "memory": "a = bytearray(2**28)\nwhile True: a[::64] = bytes(2**22)",
    "stop-and-go": "import time\nwhile True:\n    end = time.time() + 0.05\n"
    "    while time.time() < end: pass\n    time.sleep(0.05)",
}
"""Python that keeps a core, or the memory, busy beside the pairs."""

CASES, PAIRS = 10, 30


@contextlib.contextmanager
def beside(load: str) -> Iterator[None]:
    """A process that runs the load meanwhile."""
    if not load:
        yield
        return
    child = subprocess.Popen([sys.executable, "-c", load])
    try:
        yield
    finally:
        child.kill()
        child.wait()


def record(folder: Path, pairs: int, states: list[str]) -> None:
    """A run of the gate in each state."""
    for state in states:
        with beside(LOADS[state]):
            words = ["--base", "HEAD", "--head", "HEAD", "--pairs", str(pairs), "--out", str(folder / state), "--quiet"]
            done = subprocess.run([sys.executable, "-m", "bench", "gate", *words])
        print(f"{state}: exit code {done.returncode}", file=sys.stderr, flush=True)


def recorded(folder: Path) -> dict[str, dict[str, np.ndarray]]:
    """By state and case: the log ratios of its pairs, in the order they were measured."""
    found: dict[str, dict[str, np.ndarray]] = {}
    for path in sorted(folder.iterdir()):
        data = tables.read(path)
        frame = pair_ratios(data.pairs[(data.pairs["clock"] == "wall") & ~data.pairs["twin"]])
        found[path.name] = {
            str(key): group.sort_values("pair")["log_ratio"].to_numpy() for key, group in frame.groupby("key")
        }
    return found


def alarms(drawn: np.ndarray, slack: float) -> int:
    """Suites, of (suites, cases, pairs), in which any case is called regressed."""
    rule = Rule(cases=drawn.shape[1])
    logs = evidence.above(drawn, np.log1p(slack))
    return int((logs >= rule.needed(REGRESSED)).any(axis=(1, 2)).sum())


def replay(folder: Path, suites: int) -> None:
    """Print the spread of the pairs, and the false alarms of suites drawn from them."""
    dice = np.random.default_rng(0)
    states = recorded(folder)
    print("| state | pairs | sd of a pair, by case | suites | alarms, slack 0 | alarms, slack 2 % | as recorded |")
    print("| --- | ---: | --- | ---: | --- | --- | --- |")
    for state, cases in states.items():
        pools = [x for x in cases.values() if len(x) >= 2]
        sds = sorted(1.4826 * float(np.median(np.abs(x - np.median(x)))) for x in pools)
        chosen = dice.integers(len(pools), size=(suites, CASES))
        drawn = np.stack([[dice.choice(pools[case], PAIRS) for case in row] for row in chosen])
        drawn = np.abs(drawn) * dice.choice((-1.0, 1.0), drawn.shape)  # the coins, tossed anew
        seen = [alarms(drawn, slack) for slack in (0.0, 0.02)]
        told = [f"{n} ({', '.join(f'{end:.2%}' for end in exact_bounds(n, suites))})" for n in seen]
        whole = min(map(len, pools))
        kept = np.stack([x[:whole] for x in pools])[None]
        print(
            f"| {state} | {sum(map(len, pools))} | {sds[0]:.1%} to {sds[-1]:.1%}, median {sds[len(sds) // 2]:.1%} | "
            f"{suites:,} | {told[0]} | {told[1]} | {alarms(kept, 0.0)} of 1 suite, {len(pools)} cases, {whole} pairs |"
        )


def main() -> None:
    """Record, or replay."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["record", "replay"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--states", default=",".join(LOADS))
    parser.add_argument("--suites", type=int, default=10_000)
    options = parser.parse_args()
    if options.what == "record":
        record(options.folder, options.pairs, options.states.split(","))
    else:
        replay(options.folder, options.suites)


if __name__ == "__main__":
    main()
