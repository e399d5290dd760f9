"""How soon does the gate see a slow-down? Real injected work, in a real repository, and suites drawn from its pairs.

    python -m tests.agreement.gate_power record FOLDER [--rounds 12] [--pairs 5]
    python -m tests.agreement.gate_power live FOLDER [--gates 3]
    python -m tests.agreement.gate_power pack FOLDER
    python -m tests.agreement.gate_power replay [--suites 2000] [--picture FILE.png]

`record` makes a repository with five workloads that do 100 operations on the base and so many percent more (or fewer)
on the head, and runs `bench gate` on it: +1, 2, 3, 5, 10, 20 % and -5 %, in rounds of a few pairs of each, so that
three hours can be spread over days. `live` runs gates of one effect as a user would, and tells what they said.
`pack` puts what was recorded into the one file that is kept in the repository.

`replay` draws sequences of thirty pairs of each effect and workload, and judges them as one of a suite of ten cases:
how often it is called regressed (or improved), after how many pairs, beside the sequential probability ratio test for
normal noise of the spread that was seen, known. Intervals are of a bootstrap over the recorded pairs.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.present import picture_style
from bench.stats import betting
from bench.stats.gate_rule import IMPROVED, REGRESSED, Rule
from bench.stats.robust import spread
from tests.agreement import recorded

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

WORKS, PERCENTS = ("product", "sine", "backward", "layer", "training"), (1, 2, 3, 5, 10, 20, -5)

ASIDE = 0.07
"""Between the marks of two works, in steps of the axis."""

AIM = 0.95
"""Share of the sequences that is to be found."""

CASES, PAIRS = 10, 30
BOOTSTRAPS, EACH = 200, 200
"""Sets of pairs drawn anew from those recorded, and sequences drawn from each."""

SELECTED = ["injected/*", "--base", "main", "--workloads", "injected.py", "--preset", "quick"]


@contextlib.contextmanager
def repository() -> Iterator[Path]:
    """A repository whose working tree does more than its only commit."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "injected.py").write_text(WORKLOADS)
        (root / "amount.py").write_text("CHANGED = False\n")
        commit_all(root)
        (root / "amount.py").write_text("CHANGED = True\n")
        yield root


def commit_all(root: Path) -> None:
    """Make a folder a repository whose `main` has its files."""
    for words in (
        ("init", "-q", "-b", "main"), ("config", "user.email", "someone@example.org"),
        ("config", "user.name", "Someone"), ("add", "-A"), ("commit", "-q", "-m", "base"),
    ):  # fmt: skip
        subprocess.run(["git", "-C", str(root), *words], check=True)


def record(folder: Path, rounds: int, pairs: int) -> None:
    """Rounds of all effects on all workloads; those that are there already are not recorded again."""
    with repository() as root:
        for number in range(rounds):
            out, started = folder / f"busy-{number}", time.monotonic()
            if not out.exists():
                code = recorded.gate([*SELECTED, "--pairs", str(pairs)], out, root)
                print(f"{out.name}: exit code {code}, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


def live(folder: Path, gates: int) -> None:
    """Gates of one effect each, as a user runs them, on one workload after the other; a row a gate."""
    print("| effect | work | verdict | exit code | head ÷ base | pairs | seconds |")
    print("| ---: | --- | --- | ---: | --- | ---: | ---: |")
    with repository() as root:
        for percent in PERCENTS:
            for number in range(gates):
                out, file = folder / f"live{percent:+}-{number}", folder / f"live{percent:+}-{number}.json"
                if not out.exists():
                    started = time.monotonic()
                    only = ["-s", f"percent={percent}", "-s", f"work={WORKS[2 * number % len(WORKS)]}"]
                    words = [*SELECTED, *only, "--max-pairs", "30", "--json", str(file)]
                    code = recorded.gate(words, out, root)
                    told = json.loads(file.read_text())
                    file.write_text(json.dumps({**told, "code": code, "seconds": time.monotonic() - started}))
                told = json.loads(file.read_text())
                (case,) = told["cases"]
                ends = "–" if case["low"] is None else f"{case['low']:.3f} to {case['high']:.3f}"
                work, _ = recorded.work_and_percent(case["key"])
                print(
                    f"| {percent:+} % | {work} | {case['verdict']} | {told['code']} | "
                    f"{case['ratio']:.3f}, {ends} | {case['pairs']} | {told['seconds']:.0f} |",
                    flush=True,
                )


def when(reached: np.ndarray) -> np.ndarray:
    """The pair at which each sequence got there; infinity where it did not."""
    return np.where(reached.any(axis=-1), reached.argmax(axis=-1) + 1, np.inf)


@dataclass(frozen=True)
class Seen:
    """How one effect on one workload was seen, in sequences of `PAIRS` drawn from its pairs."""

    percent: int
    work: str
    pairs: int
    ratio: float
    spread: float
    ours: np.ndarray
    """(suites,): the pair at which it was called what it is; infinity where it was not."""
    sprt: np.ndarray
    again: np.ndarray
    """(BOOTSTRAPS, EACH): the same, of pairs drawn anew from those recorded."""

    @property
    def found(self) -> float:
        """Share of the sequences in which it was."""
        return float(np.isfinite(self.ours).mean())

    @property
    def found_within(self) -> tuple[float, float]:
        """95 % interval of that share."""
        low, high = np.quantile(np.isfinite(self.again).mean(axis=1), (0.025, 0.975))
        return float(low), float(high)

    @property
    def median_within(self) -> tuple[float, float]:
        """95 % interval of the median pair."""
        low, high = np.quantile(np.median(self.again, axis=1), (0.025, 0.975), method="nearest")
        return float(low), float(high)


def seen(percent: int, work: str, x: np.ndarray, suites: int, dice: np.random.Generator) -> Seen:
    """Sequences drawn from the log ratios x of one effect on one workload, judged as a case of a suite of ten."""
    rule, drawn = Rule(cases=CASES), dice.choice(x, (suites, PAIRS))
    anew = dice.choice(x, (BOOTSTRAPS, len(x)))
    sequences = np.stack([dice.choice(each, (EACH, PAIRS)) for each in anew])
    sign, verdict = (1, REGRESSED) if percent > 0 else (-1, IMPROVED)
    bound, effect, sd = math.log1p(rule.slack), abs(math.log1p(percent / 100)), spread(x)
    ours = when(betting.above(sign * drawn, bound) >= rule.needed(verdict))
    again = when(betting.above(sign * sequences, bound) >= rule.needed(verdict))
    # Wald, 1945: at the bound against at the effect; where that is within the slack there is nothing to find.
    shift = max(effect - bound, 0.0)
    steps = (shift * (sign * drawn - bound) - shift**2 / 2) / sd**2
    sprt = when(np.cumsum(steps, axis=1) >= rule.needed(verdict))
    return Seen(percent, work, len(x), math.exp(np.median(x)), sd, ours, sprt, again)


def replay(suites: int, picture: Path | None) -> None:
    """Print detection and pairs to a verdict, by effect and workload; draw them."""
    pairs = recorded.ratios(pd.read_parquet(recorded.INJECTED))
    pairs, dice = pairs[~pairs["twin"]], np.random.default_rng(0)
    rows = [
        seen(percent, work, x["log_ratio"].to_numpy(), suites, dice)
        for (work, percent), x in sorted(
            ((recorded.work_and_percent(str(key)), group) for key, group in pairs.groupby("key", observed=True)),
            key=lambda each: (PERCENTS.index(each[0][1]), each[0][0]),
        )
    ]
    print("| effect | work | pairs | ratio | sd of a pair | found within 30 | pairs: median, 95 % | SPRT |")
    print("| ---: | --- | ---: | ---: | ---: | --- | --- | --- |")
    for row in rows:
        told = [
            ", ".join(_pairs(np.quantile(each, q, method="higher")) for q in (0.5, 0.95))
            for each in (row.ours, row.sprt)
        ]
        low, high = row.found_within
        print(
            f"| {row.percent:+} % | {row.work} | {row.pairs} | {row.ratio:.3f} | {row.spread:.1%} | "
            f"{row.found:.0%} [{low:.0%}, {high:.0%}] | {told[0]} | {told[1]} |"
        )
    if picture is not None:
        picture_style.save(drawn(rows), picture)


def _pairs(number: float) -> str:
    return f"{number:.0f}" if math.isfinite(number) else f"> {PAIRS}"


def finding(rows: list[Seen]) -> str:
    """The least slow-down of which nearly all sequences are found, whatever the work."""
    effects = sorted({row.percent for row in rows if row.percent > 0})
    worst = {effect: min(row.found for row in rows if row.percent == effect) for effect in effects}
    sure = next((effect for effect in effects if worst[effect] >= AIM), None)
    if sure is None:
        return f"No slow-down is found in {AIM:.0%} of the sequences: not resolved"
    share = "every sequence" if worst[sure] == 1 else f"{worst[sure]:.0%} of sequences or more"
    return f"{sure} % more work is found in {share}"


def drawn(rows: list[Seen]) -> Figure:
    """Two pictures side by side: the share that is found, and the pairs it takes beside the SPRT, by effect."""
    theme = picture_style.theme("light")
    with picture_style.drawing(theme):
        figure = picture_style.figure(theme)
        figure.suptitle(finding(rows), fontsize=picture_style.TITLE_PT, fontweight="bold")
        share, pairs = figure.subplots(1, 2)
        effects = sorted({row.percent for row in rows if row.percent > 0})
        for place, work in enumerate(WORKS):
            own = {row.percent: row for row in rows if row.work == work and row.percent > 0}
            aside = (place - (len(WORKS) - 1) / 2) * ASIDE
            look = {"color": theme.colors[place], "marker": picture_style.MARKERS[place], "label": work}
            _bars(
                share,
                effects,
                {at: (100 * row.found, 100 * np.array(row.found_within)) for at, row in own.items()},
                aside,
                look,
            )
            reached = {at: row for at, row in own.items() if row.found > 0.5}
            _bars(
                pairs,
                effects,
                {at: (float(np.median(row.ours)), np.minimum(row.median_within, PAIRS)) for at, row in reached.items()},
                aside,
                look,
            )
            pairs.plot(
                [effects.index(at) + aside for at in reached], [np.median(row.sprt) for row in reached.values()],
                color=theme.colors[place], linestyle=":", linewidth=2,
            )  # fmt: skip
        share.axhline(100 * AIM, color=theme.faint, linewidth=1.5, linestyle="--", zorder=0)
        share.text(-0.3, 94, f"aim: {AIM:.0%}", color=theme.faint, va="top")
        share.set_ylabel(f"found within {PAIRS} pairs, %")
        share.set_ylim(-3, 103)
        pairs.set_ylabel("pairs to a verdict, median")
        pairs.set_ylim(0, PAIRS)
        for axes in (share, pairs):
            axes.set_xticks(range(len(effects)), [f"+{percent}" for percent in effects])
            axes.set_xlim(-0.3, len(effects) - 0.7)
            axes.set_xlabel("slow-down, %")
            axes.grid(color=theme.grid)
            axes.spines[["top", "right"]].set_visible(False)
        pairs.plot([], [], color=theme.faint, linestyle=":", label="SPRT, its noise known")
        figure.legend(*pairs.get_legend_handles_labels(), loc="lower center", ncols=3, frameon=False)
        figure.subplots_adjust(left=0.09, right=0.98, top=0.88, bottom=0.27, wspace=0.25)
    return figure


def _bars(
    axes: Axes, effects: list[int], found: dict[int, tuple[float, Any]], aside: float, look: dict[str, Any]
) -> None:
    """Values with their intervals by effect, a little aside, so that works do not hide each other."""
    at = [effects.index(percent) + aside for percent in found]
    values = np.array([value for value, _ in found.values()])
    ends = np.array([ends for _, ends in found.values()]).reshape(-1, 2).T
    axes.errorbar(at, values, yerr=np.maximum(np.abs(ends - values), 0), capsize=4, elinewidth=2, linewidth=2, **look)


def main() -> None:
    """Record, run live gates, pack, or replay."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["record", "live", "pack", "replay"])
    parser.add_argument("folder", type=Path, nargs="?", default=Path("results/injected"))
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--gates", type=int, default=3)
    parser.add_argument("--suites", type=int, default=2000)
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args()
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if options.what == "record":
        record(folder, options.rounds, options.pairs)
    elif options.what == "live":
        live(folder, options.gates)
    elif options.what == "pack":
        # Of 5 % other tools' rules are asked too; of the others the datum is enough.
        kept = recorded.pack(
            folder, "busy-*", recorded.INJECTED,
            lambda key: recorded.KEPT if recorded.work_and_percent(key)[1] == 5 else 1,
        )  # fmt: skip
        print(f"{len(recorded.ratios(kept))} pairs")
    else:
        replay(options.suites, options.picture)


if __name__ == "__main__":
    main()
