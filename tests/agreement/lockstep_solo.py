"""Is a step as fast in lockstep as alone? How far do pairs of unchanged code lie apart? With and without re-warming.

    python -m tests.agreement.lockstep_solo record FOLDER [--rounds 3] [--pairs 3]
    python -m tests.agreement.lockstep_solo table FOLDER

Five steps of the course, at one thread and at two, each against itself: pairs in which each side is also visited alone,
blocks in a row while the other has nothing to do. Once with the blocks to be warm again after a pause, once without,
in turns. A datum of lockstep ÷ solo is the mean over both sides of a pair.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from bench.analyse.gate.pair_ratios import lockstep_over_solo, pair_ratios, ratio
from bench.plan import catalog
from bench.records import Case, ComparedCase, Planned, Settings
from bench.runner import run_description
from bench.runner.machine_probe import look
from bench.runner.pairs import pair_loop
from bench.runner.pairs.pair_context import PairSettings
from bench.runner.stop_request import Stop
from bench.store import tables

STEPS: dict[str, tuple[str, dict[str, str | int]]] = {
    "training step, 800 rows": ("regression/train_step", {"rows": 800}),
    "product, 512": ("matmul/square", {"size": 512}),
    "product, 64": ("matmul/square", {"size": 64}),
    "autograd": ("autograd/polynomial", {}),
    "epoch of a DataLoader": ("dataloader/epoch", {"loader": "dataloader", "batch": 32}),
}
THREADS = (1, 2)


def coupled() -> dict[str, ComparedCase]:
    """Each step against itself, by its name and threads."""
    found = catalog.find()
    made = {}
    for name, (workload, axes) in STEPS.items():
        for threads in THREADS:
            item = found[workload]
            case = Case.of(workload, {**item.defaults, **axes, "device": "cpu", "threads": threads})
            planned = Planned(case, item.source)
            made[f"{name}|{threads}"] = ComparedCase(planned, planned)
    return made


def record(folder: Path, rounds: int, pairs: int) -> None:
    """Rounds of a few pairs, with and without re-warming; what is there already is not measured again."""
    cases, stop = list(coupled().values()), Stop()
    hello = look([item.base for item in cases], stop)
    for number in range(rounds):
        for rewarm in (True, False):
            out, started = folder / f"{'warm' if rewarm else 'cold'}-{number}", time.monotonic()
            if out.exists():
                continue
            settings = Settings(visits=4, seed=1000 * number + rewarm)
            run_description.begin(
                out, run_description.described(out.name, [], settings, hello, "test", "lockstep_solo", cases)
            )
            pair_settings = PairSettings(alone={item.case.key for item in cases}, count=False, rewarm=rewarm)
            queue = pair_loop.FixedPairs(cases, lambda _: pairs)
            pair_loop.measure(out, queue, settings, hello, stop, lambda *_: None, pair_settings=pair_settings)
            print(f"{out.name}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


def table(folder: Path) -> None:
    """Print a row a step and thread count."""
    parts = []
    for path in sorted(each for each in folder.iterdir() if each.is_dir()):
        data = tables.read(path)
        both = lockstep_over_solo(data).groupby(["key", "pair"])["log_ratio"].mean().rename("solo")
        pairs = pair_ratios(data.pairs).set_index(["key", "pair"]).join(both).reset_index()
        parts.append(pairs.assign(rewarm=path.name.startswith("warm")))
    frame = pd.concat(parts)
    print("| step | threads | lockstep ÷ solo | without re-warming | sd of a pair | without re-warming | pairs |")
    print("| --- | ---: | --- | --- | ---: | ---: | ---: |")
    for name, item in coupled().items():
        own = frame[frame["key"] == item.case.key]
        cells, sds = [], []
        for rewarm in (True, False):
            chosen = own[own["rewarm"] == rewarm]
            found = ratio(chosen["solo"].dropna().tolist())
            cells.append(f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]")
            sds.append(f"{np.std(chosen['log_ratio'], ddof=1):.1%}")
        step, threads = name.split("|")
        counts = f"{len(own[own['rewarm']])} + {len(own[~own['rewarm']])}"
        print(f"| {step} | {threads} | {' | '.join(cells)} | {' | '.join(sds)} | {counts} |")


def main() -> None:
    """Record, or print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["record", "table"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pairs", type=int, default=3)
    options = parser.parse_args()
    if options.what == "record":
        record(options.folder, options.rounds, options.pairs)
    else:
        table(options.folder)


if __name__ == "__main__":
    main()
