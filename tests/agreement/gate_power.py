"""How soon does the gate see a slow-down? Real injected work, in a real repository, and suites drawn from its pairs.

    python tests/agreement/gate_power.py record FOLDER [--pairs 60]
    python tests/agreement/gate_power.py replay FOLDER [--suites 2000]

`record` makes a repository with five workloads that do 100 operations on the base and so many percent more (or fewer)
on the head, and runs `bench gate` on it: +1, 2, 3, 5, 10, 20 % and -5 %, so many pairs of each.

`replay` draws sequences of thirty pairs of each effect and workload, and judges them as one of a suite of ten cases:
how often it is called regressed (or improved), after how many pairs, beside the sequential probability ratio test for
normal noise of the spread that was seen, known.
"""

from __future__ import annotations

import argparse
import math
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from bench.analyse.pairs import pair_ratios
from bench.records import Case
from bench.stats import evidence
from bench.stats.decision import IMPROVED, REGRESSED, Rule
from bench.store import tables

WORKLOADS = '''"""A hundred operations, or more where the library says so."""
import torch
from bench.workload import Context, Prepared, Work, workload

from amount import CHANGED


@workload(
    lesson="Injected",
    axes={"work": ("product", "sine", "backward", "layer", "training"), "percent": (5, 1, 2, 3, 10, 20, -5)},
    quick={"work": ("product", "sine", "backward", "layer", "training"), "percent": (1, 2, 3, 5, 10, 20, -5)},
)
def injected(ctx: Context, work: str, percent: int) -> Prepared:
    """The same operation again and again.

    Answer: how often it was done.
    """
    times = 100 + (percent if CHANGED else 0)
    a = ctx.randn(64, 64)
    x, scalar = ctx.randn(1000), torch.tensor([2.0], requires_grad=True)
    net = torch.nn.Linear(64, 64)
    optimiser = torch.optim.SGD(net.parameters(), lr=0.0)

    def backward() -> None:
        (scalar**3 + 2 * scalar**2 + 5).backward()
        scalar.grad = None

    def train() -> None:
        optimiser.zero_grad()
        net(a).square().mean().backward()
        optimiser.step()

    once = {
        "product": lambda: torch.mm(a, a), "sine": x.sin, "backward": backward,
        "layer": lambda: net(a), "training": train,
    }[work]

    def step() -> int:
        for _ in range(times):
            once()
        return times

    return Prepared(step=step, check=lambda out: abs(out - times), work=Work(items=times))
'''

CASES, PAIRS = 10, 30


def record(folder: Path, pairs: int) -> None:
    """A gate of every effect on every workload."""
    with tempfile.TemporaryDirectory() as name:
        repository = Path(name)
        (repository / "injected.py").write_text(WORKLOADS)
        (repository / "amount.py").write_text("CHANGED = False\n")
        for words in (
            ("init", "-q", "-b", "main"), ("config", "user.email", "someone@example.org"),
            ("config", "user.name", "Someone"), ("add", "-A"), ("commit", "-q", "-m", "base"),
        ):  # fmt: skip
            subprocess.run(["git", "-C", name, *words], check=True)
        (repository / "amount.py").write_text("CHANGED = True\n")
        sides = ["--base", "main", "--workloads", "injected.py", "injected/*", "--pairs", str(pairs)]
        words = [*sides, "--preset", "quick", "--out", str(folder.resolve()), "--quiet"]
        subprocess.run([sys.executable, "-m", "bench", "gate", *words], cwd=name)


def when(reached: np.ndarray) -> np.ndarray:
    """The pair at which each sequence got there; infinity where it did not."""
    return np.where(reached.any(axis=-1), reached.argmax(axis=-1) + 1, np.inf)


def replay(folder: Path, suites: int) -> None:
    """Print detection and pairs to a verdict, by effect and workload."""
    data, dice, rule = tables.read(folder), np.random.default_rng(0), Rule(cases=CASES)
    frame = pair_ratios(data.pairs[(data.pairs["clock"] == "wall") & ~data.pairs["twin"]])
    print(
        "| effect | work | pairs | ratio | sd of a pair | found within 30 | pairs: median, 95th | SPRT: median, 95th |"
    )
    print("| ---: | --- | ---: | ---: | ---: | ---: | --- | --- |")
    rows = []
    for key, group in frame.groupby("key"):
        axes = Case.from_key(str(key)).axes
        rows.append((int(axes["percent"]), str(axes["work"]), group["log_ratio"].to_numpy()))
    for percent, work, x in sorted(rows):
        drawn = dice.choice(x, (suites, PAIRS))
        bound = math.log1p(rule.slack) if percent > 0 else -math.log1p(rule.slack)
        verdict = REGRESSED if percent > 0 else IMPROVED
        logs = evidence.above(drawn, bound) if percent > 0 else evidence.below(drawn, bound)
        ours = when(logs >= rule.needed(verdict))
        spread = 1.4826 * float(np.median(np.abs(x - np.median(x))))
        shift = math.log1p(percent / 100) - bound
        sprt = when(
            np.cumsum(shift * (drawn - bound) / spread**2 - shift**2 / spread**2 / 2, axis=1) >= rule.needed(verdict)
        )
        told = [f"{np.median(each):.0f}, {np.quantile(each, 0.95, method='lower'):.0f}" for each in (ours, sprt)]
        print(
            f"| {percent:+} % | {work} | {len(x)} | {math.exp(np.median(x)):.3f} | {spread:.1%} | "
            f"{np.isfinite(ours).mean():.1%} | {told[0]} | {told[1]} |"
        )


def main() -> None:
    """Record, or replay."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["record", "replay"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pairs", type=int, default=60)
    parser.add_argument("--suites", type=int, default=2000)
    options = parser.parse_args()
    if options.what == "record":
        record(options.folder, options.pairs)
    else:
        replay(options.folder, options.suites)


if __name__ == "__main__":
    main()
