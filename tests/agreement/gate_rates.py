"""How often does the gate cry wolf? Real pairs of unchanged code, in four states of the machine, and suites of them.

    python -m tests.agreement.gate_rates record FOLDER [--states idle,hog,memory,stop-and-go] [--parts train,eager,…]
                                               [--again 2]
    python -m tests.agreement.gate_rates live FOLDER [--gates 8]
    python -m tests.agreement.gate_rates pack FOLDER [--into forked.parquet]
    python -m tests.agreement.gate_rates replay [--suites 10000] [--of unchanged.parquet]

`record` runs twenty gates of HEAD against HEAD in this repository: the `ci` preset in five parts, each beside four
loads: none, a busy loop, one that reads and writes much memory, one that stops and goes. What is there already is not
recorded again. `pack` puts them into a file that is kept in the repository: pairs of two data (median and mean, on CPU
time where it stands for wall time) into `forked.parquet`; the medians on wall time of older gates are in
`unchanged.parquet`. `live` runs gates as a user does:
each case stops once it is decided, beside one load after the other, and the gate tells what it said; as such pairs end
where they look decided, no suites are drawn from them.

`replay` judges each gate as it was, and draws suites of ten cases and thirty pairs from all of them, the coin of each
pair tossed anew: it counts those in which any case is called regressed, at the stated 1 %; also without a slack, which
is the harder question, and with a placement that favours whoever was prepared first by 4 %.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from bench.present.tables.gate_report import short
from bench.stats import betting
from bench.stats.coverage_simulation import exact_bounds
from bench.stats.gate_rule import OF_MEAN, OF_MEDIAN, REGRESSED, Rule
from bench.stats.robust import spread
from tests.agreement import recorded

LOADS = {
    "idle": "",
    "hog": "while True: pass",
    "memory": "a = bytearray(2**28)\nwhile True: a[::64] = bytes(2**22)",
    "stop-and-go": "import time\nwhile True:\n    end = time.time() + 0.05\n"
    "    while time.time() < end: pass\n    time.sleep(0.05)",
}
"""Python that keeps a core, or the memory, busy beside the pairs."""

STEP, NET, EPOCH = "regression/train_step", "torchscript/inference", "dataloader/epoch[batch=32,pin=False,workers=0"
SUITES = {
    "train": ([f"{STEP}[rows={rows}]" for rows in (32, 800, 8000)], 11),
    "eager": ([f"{NET}[batch={batch}]" for batch in (1, 32, 800)], 12),
    "script": ([f"{NET}[batch={batch},mode=script]" for batch in (1, 32, 800)], 12),
    "slow": (
        ["regression/fit", *(f"{EPOCH},loader={way}]" for way in ("sliced", "device_resident"))],
        7,
    ),
    "compile": (
        [f"{STEP}[mode=compile,rows=800]", f"{NET}[batch=800,mode=compile]", f"{EPOCH},loader=dataloader]"],
        3,
    ),
}  # fmt: skip
"""The `ci` preset in parts that each start few processes: its cases, and the pairs that are recorded of each."""

CASES, PAIRS = 10, 30
PLACEMENT = math.log(1.04)
"""What the planted placement favours the side that was prepared first by."""


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


def record(folder: Path, states: list[str], parts: list[str], again: str) -> None:
    """Parts of the preset in each state; once more where `again` tells the suites apart from earlier ones."""
    for state in states:
        for name in parts:
            cases, pairs = SUITES[name]
            out, started = folder / f"{state}-{name}{again and f'.{again}'}", time.monotonic()
            if out.exists():
                continue
            with beside(LOADS[state]):
                code = recorded.gate(
                    [*cases, "--base", "HEAD", "--head", "HEAD", "--pairs", str(pairs)], out, Path.cwd()
                )
            print(f"{out.name}: exit code {code}, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


def stopping(folder: Path, gates: int) -> None:
    """Gates of one case, HEAD against HEAD, with the stopping of a user's gate; a row a gate."""
    print("| load | case | verdict | exit code | pairs | largest evidence of a regression | seconds |")
    print("| --- | --- | --- | ---: | --- | ---: | ---: |")
    for number in range(gates):
        state, part = list(LOADS)[number % len(LOADS)], ("eager", "script")[number // len(LOADS) % 2]
        out, file = folder / f"live.{number}", folder / f"live.{number}.json"
        if not out.exists():
            case = SUITES[part][0][number % len(SUITES[part][0])]
            started, words = time.monotonic(), [case, "--base", "HEAD", "--head", "HEAD"]
            with beside(LOADS[state]):
                code = recorded.gate([*words, "--max-pairs", "30", "--json", str(file)], out, Path.cwd())
            told = {**json.loads(file.read_text()), "code": code, "state": state}
            file.write_text(json.dumps({**told, "seconds": time.monotonic() - started}))
        told = json.loads(file.read_text())
        (case,), pairs = told["cases"], recorded.ratios_of_run(out)
        rule = Rule(cases=1)
        print(
            f"| {told['state']} | {short(case['key'])} | {case['verdict']} | {told['code']} | {case['pairs']} | "
            f"{math.exp(rule.evidence(pairs['log_ratio'].tolist(), REGRESSED)):.1f} of "
            f"{math.exp(rule.needed(REGRESSED)):.0f} | {told['seconds']:.0f} |",
            flush=True,
        )


def rate(seen: int, of: int) -> str:
    """A count with the exact 95 % bounds of its rate."""
    low, high = exact_bounds(seen, of)
    return f"{seen} of {of:,} [{low:.2%}, {high:.2%}]"


def spreads(pairs: pd.DataFrame) -> Iterator[str]:
    """How far the data of unchanged code lie apart, by state."""
    yield "| state | pairs | sd of a pair, by case |\n| --- | ---: | --- |"
    for state, group in pairs.groupby("state", observed=True):
        sds = sorted(spread(x["log_ratio"].to_numpy()) for _, x in group.groupby("key", observed=True))
        yield f"| {state} | {len(group)} | {sds[0]:.1%} to {sds[-1]:.1%}, median {sds[len(sds) // 2]:.1%} |"


def live(pairs: pd.DataFrame, slack: float) -> tuple[Counter[str], int, int]:
    """As each gate was, in its own order and with its own coins: verdicts of cases, suites that alarmed, canaries."""
    verdicts: Counter[str] = Counter()
    alarmed = fired = 0
    for _, suite in pairs.groupby(["state", "suite"], observed=True):
        cases = [x for _, x in suite[~suite["twin"]].groupby("key", observed=True)]
        rule = Rule(cases=len(cases), slack=slack)
        said = [rule.verdict(x["log_ratio"].tolist(), x["mean"].tolist()) for x in cases]
        verdicts.update(said)
        alarmed += REGRESSED in said
        twins = [x["log_ratio"].tolist() for _, x in suite[suite["twin"]].groupby("key", observed=True)]
        bound = math.log1p(slack / 2) if "mean_log_ratio" in suite.columns else 0.0
        won = max(betting.pooled([[sign * each for each in x] for x in twins], bound) for sign in (1, -1))
        fired += won >= math.log(2 / rule.alpha)
    return verdicts, alarmed, fired


def pools_of(pairs: pd.DataFrame) -> list[np.ndarray]:
    """(pairs, 2) of each state and case: the data of median and mean."""
    grouped = pairs.groupby(["state", "key"], observed=True)
    return [group[["log_ratio", "mean"]].to_numpy() for _, group in grouped]


def drawn(pools: list[np.ndarray], suites: int, dice: np.random.Generator) -> np.ndarray:
    """(suites, cases, pairs, 2): each case draws from one pool; a pair's coin, tossed anew, is that of both data."""
    chosen = dice.integers(len(pools), size=(suites, CASES))
    x = np.stack([[dice.choice(pools[case], PAIRS) for case in row] for row in chosen])
    return x * dice.choice((-1.0, 1.0), x.shape[:-1])[..., None]


def alarms(x: np.ndarray, slack: float) -> int:
    """Suites, of (suites, cases, pairs, 2), in which any case is called regressed."""
    rule, bound = Rule(cases=x.shape[1]), math.log1p(slack)
    of_median, of_mean = (betting.above(x[..., place], bound) for place in (0, 1))
    common = np.logaddexp(of_median + math.log(OF_MEDIAN), of_mean + math.log(OF_MEAN))
    return int((common.max(axis=-1) >= rule.needed(REGRESSED)).any(axis=-1).sum())


def planted(x: np.ndarray, dice: np.random.Generator, coin: bool) -> np.ndarray:
    """The same pairs, where whoever is prepared first is faster; without the coin that is always the base."""
    return x + PLACEMENT * (dice.choice((-1.0, 1.0), x.shape[:-1])[..., None] if coin else 1.0)


def replay(suites: int, file: Path) -> None:
    """Print the spread of the pairs, the gates as they were, and suites drawn from them."""
    dice, pairs = np.random.default_rng(0), recorded.ratios(pd.read_parquet(file))
    print(*spreads(pairs), sep="\n")
    gates = pairs.groupby(["state", "suite"], observed=True).ngroups
    for slack in (0.02, 0.0):
        verdicts, alarmed, fired = live(pairs, slack)
        print(
            f"gates as they were, slack {slack:.0%}: {rate(alarmed, gates)} alarmed, {fired} canaries; {dict(verdicts)}"
        )
    favoured = pairs["log_ratio"] + PLACEMENT * np.where(pairs["base_first"], 1.0, -1.0)
    mean = pairs["mean"] + favoured - pairs["log_ratio"]
    verdicts, alarmed, fired = live(pairs.assign(log_ratio=favoured, mean=mean), 0.02)
    print(f"the same with a placement of 4 %: {rate(alarmed, gates)} alarmed, {fired} canaries; {dict(verdicts)}")
    grouped = pairs.groupby(["state", "suite", "key", "twin"], observed=True)
    stretches = [x[["log_ratio", "mean"]].to_numpy() for _, x in grouped]
    stretches = [x for x in stretches if len(x) >= 8]
    seen = sum(alarms(x[None, None], 0.0) for x in stretches)
    print(f"disjoint stretches, each by itself at 1 %, slack 0: {rate(seen, len(stretches))} alarmed")
    for state in [*pairs["state"].unique(), "all"]:
        own = pairs if state == "all" else pairs[pairs["state"] == state]
        x = drawn(pools_of(own), suites, dice)
        print(f"drawn from {state}: slack 0 {rate(alarms(x, 0.0), suites)}, slack 2 % {rate(alarms(x, 0.02), suites)}")
    few = x[: suites // 10]
    print(f"placement of 4 %, slack 2 %: {rate(alarms(planted(few, dice, coin=True), 0.02), len(few))}")
    print(f"the same without the coin: {rate(alarms(planted(few, dice, coin=False), 0.02), len(few))}")


def main() -> None:
    """Record, pack, or replay."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["record", "live", "pack", "replay"])
    parser.add_argument("folder", type=Path, nargs="?", default=Path("results/unchanged"))
    parser.add_argument("--states", default=",".join(LOADS))
    parser.add_argument("--parts", default=",".join(SUITES))
    parser.add_argument("--again", default="")
    parser.add_argument("--gates", type=int, default=8)
    parser.add_argument("--suites", type=int, default=10_000)
    parser.add_argument("--into", type=Path, default=recorded.FORKED)
    parser.add_argument("--of", type=Path, default=recorded.UNCHANGED)
    options = parser.parse_args()
    if options.what == "record":
        record(options.folder, options.states.split(","), options.parts.split(","), options.again)
    elif options.what == "live":
        options.folder.mkdir(parents=True, exist_ok=True)
        stopping(options.folder.resolve(), options.gates)
    elif options.what == "pack":
        print(f"{len(recorded.ratios(recorded.pack(options.folder, '*-*', options.into)))} pairs")
    else:
        replay(options.suites, options.of)


if __name__ == "__main__":
    main()
