"""What does a gate take? Builds in turns on ten eager cases of about 0.3 ms, of which one got 5 % dearer.

    python -m tests.agreement.gate_speed --build old=OLD/bin/python --build new=.venv/bin/python [--rounds 10]
        [--out speed.json]

Each turn makes a repository whose commit does 100 operations a step in each of ten cases of one file, and whose working
tree does 105 in one of them, and runs `bench gate` there. Told are the wall time and the CPU time of the gate with all
of its processes, the verdicts, the pairs of the slower case and of the others, and the ratios of wall and CPU to the
first build. `--ci` gates HEAD against HEAD of a repository with our workloads, in the cases of the `ci` preset,
compiled ones among them; none of them is slower. `--tree` is that repository: one whose workloads all builds can run.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.agreement import builds
from tests.agreement.builds import ROOT, Build, Turn
from tests.agreement.gate_power import commit_all

PR_SET_CHILD_SUBREAPER = 36
"""prctl(2)."""

WORKLOADS = '''"""A hundred small operations, or some more in one case where the library says so."""
import torch
from bench.workload import Context, Prepared, Work, workload

from amount import MORE


@workload(
    lesson="Speed",
    axes={"case": (0, 1, 2, 3, 4, 5, 6, 7, 8, 9)},
    quick={"case": (0, 1, 2, 3, 4, 5, 6, 7, 8, 9)},
)
def small(ctx: Context, case: int) -> Prepared:
    """The same operation again and again.

    Answer: how often it was done.
    """
    times = 100 + (MORE if case == 3 else 0)
    a = ctx.randn(32, 32)

    def step() -> int:
        for _ in range(times):
            torch.mm(a, a)
        return times

    return Prepared(step=step, check=lambda out: abs(out - times), work=Work(items=times))
'''

SLOWER = "case=3"


@contextmanager
def repository(more: int = 5) -> Iterator[Path]:
    """A repository whose working tree does so many operations more, in a hundred, in one case."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "small.py").write_text(WORKLOADS)
        (root / "amount.py").write_text("MORE = 0\n")
        commit_all(root)
        (root / "amount.py").write_text(f"MORE = {more}\n")
        yield root


def one_gate(build: Build, number: int, ci: Path | None) -> Turn:
    """A gate of a build, and what it took. ci: the repository whose cases of the `ci` preset it measures."""
    words = ["gate", "--json", "told.json", "--out", "run", "--quiet", "--seed", str(number)]
    if ci is not None:
        with tempfile.TemporaryDirectory() as name:
            words = ["gate", "--json", f"{name}/told.json", "--out", f"{name}/run", *words[5:]]
            ended, told = measured(build, [*words, "--base", "HEAD", "--head", "HEAD"], ci, Path(name))
    else:
        with repository() as root:
            words += ["small/*", "--workloads", "small.py", "--preset", "quick", "--base", "main"]
            ended, told = measured(build, words, root, root)
    cases = {case["key"]: case for case in told["cases"]}
    return {
        "wall_s": ended.wall_s,
        "cpu_s": ended.cpu_s,
        "code": ended.code,
        "verdicts": {key: case["verdict"] for key, case in cases.items()},
        "pairs": {key: case["pairs"] for key, case in cases.items()},
        "ratios": {key: case["ratio"] for key, case in cases.items()},
    }


def measured(build: Build, words: Sequence[str], folder: Path, told: Path) -> tuple[builds.Ended, dict[str, Any]]:
    """Run a gate; its CPU time has that of processes whose parent ended before them: they become ours."""
    before = os.times()
    ended = builds.run([*build.program, *words], folder, allowed=(0, 1, 3, 5))
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    after = os.times()
    cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
    return builds.Ended(ended.wall_s, cpu_s, ended.code, ended.text), json.loads((told / "told.json").read_text())


def line(name: str, turns: Sequence[Turn], first: Sequence[Turn]) -> list[str]:
    """What a build took, beside the first."""
    slower = [turn["pairs"][key] for turn in turns for key in turn["pairs"] if SLOWER in key]
    others = [turn["pairs"][key] for turn in turns for key in turn["pairs"] if SLOWER not in key]
    said = Counter(
        f"{'slower' if SLOWER in key else 'other'} {verdict}"
        for turn in turns
        for key, verdict in turn["verdicts"].items()
    )
    row = [name]
    for what in ("wall_s", "cpu_s"):
        own = [turn[what] for turn in turns]
        ratios = [own_s / other[what] for own_s, other in zip(own, first, strict=False)]
        low, high = min(ratios), max(ratios)
        row += [f"{statistics.median(own):.0f} s", f"{statistics.median(ratios):.2f} ({low:.2f} to {high:.2f})"]
    row += [f"{statistics.median(slower):g}" if slower else "–", f"{statistics.median(others):g}"]
    return [*row, ", ".join(f"{count} {what}" for what, count in sorted(said.items()))]


def main() -> None:
    """Let the builds take turns, and print the table."""
    parser = builds.parser(__doc__, rounds=10)
    parser.add_argument("--ci", action=argparse.BooleanOptionalAction, default=False, help="the cases of `ci`")
    parser.add_argument("--tree", type=Path, default=ROOT, help="the repository that --ci gates (default: this one)")
    options = parser.parse_args()
    if not sys.platform.startswith("linux"):
        parser.error("the CPU time of all processes of a gate is had on Linux alone")
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    by_name = {build.name: build for build in builds.chosen(options)}
    tree = options.tree.resolve() if options.ci else None
    kept = builds.RawData(options.out, {"ci": options.ci})
    kept.take(
        options.rounds, [(name,) for name in by_name], lambda who, number: one_gate(by_name[who[0]], number, tree)
    )
    first = kept.of(next(iter(by_name)))
    head = ["build", "wall", "÷ first", "CPU", "÷ first", "pairs of the slower", "of the others", "verdicts"]
    print(builds.markdown(head, [line(name, kept.of(name), first) for name in by_name]))


if __name__ == "__main__":
    main()
