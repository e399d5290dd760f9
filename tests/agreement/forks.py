"""Are forks of one starter as unlike as processes are? A nested design: starters, their forks, visits of five steps.

    python -m tests.agreement.forks [--rounds 3] [--starters 8] [--forks 8] [--visits 6] [--move] [--out forks.json]

A starter is a fresh process that imports torch and forks. In a round there are several at a time, and the forks of all
of them come in one random order, so that drift falls on all alike. Printed are the standard deviations of visits,
forks and starters (a component that comes out below 0 is marked by a minus), the p of a permutation of forks over
starters, the variance of starters ÷ that of a fork's mean with its interval, and by what factor an interval from six
forks of one starter is too narrow, which forks of six starters do not have to fear. With --move each fork first draws
where its tensors will lie; without, all forks of a starter find the same heap.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from tests.agreement import builds, nested
from tests.agreement.builds import Turn

STARTER = Path(__file__).with_name("fork_starter.py")
CLOCKS = ("wall", "cpu")
LAUNCHES = 6

Starter = subprocess.Popen[str]


def asked(starter: Starter, line: str = "") -> str:
    """What a starter answers to a line; without one, what it says first. Raises `RuntimeError` where it has died."""
    assert starter.stdin is not None
    assert starter.stdout is not None
    if line:
        starter.stdin.write(line + "\n")
        starter.stdin.flush()
    answer = starter.stdout.readline()
    if not answer:
        raise RuntimeError(f"a starter died with exit code {starter.wait()}")
    return answer


@contextlib.contextmanager
def starters(number: int, visits: int) -> Iterator[list[Starter]]:
    """Starters that are ready, one started after the other."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    running: list[Starter] = []
    try:
        for _ in range(number):
            words = [sys.executable, str(STARTER), str(visits)]
            running.append(
                subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
            )
            asked(running[-1])
        yield running
    finally:
        for each in running:
            each.kill()
            each.wait()


def one_round(number: int, many: int, forks: int, visits: int, move: bool) -> Turn:
    """All forks of fresh starters, in random order; `seen` has starter, fork, step, visit, wall_ns, cpu_ns."""
    order = [(starter, fork) for starter in range(many) for fork in range(forks)]
    random.Random(number).shuffle(order)
    seen = []
    with starters(many, visits) as running:
        for starter, fork in order:
            place = f"{number}-{starter}-{fork}" if move else "as-is"
            seen += [[starter, fork, *each] for each in json.loads(asked(running[starter], place))]
    return {"seen": seen}


def logs(rounds: Sequence[Turn], shape: tuple[int, int, int]) -> dict[tuple[str, str], nested.Logs]:
    """By step and clock the (rounds, starters, forks, visits) logs."""
    found: dict[tuple[str, str], nested.Logs] = {}
    for number, turn in enumerate(rounds):
        for starter, fork, step, visit, *times in turn["seen"]:
            for clock, time_ns in zip(CLOCKS, times, strict=True):
                into = found.setdefault((step, clock), np.full((len(rounds), *shape), math.nan))
                into[number, starter, fork, visit] = math.log(time_ns)
    return found


def line(step: str, clock: str, seen: nested.Logs) -> list[str]:
    """What was found of a step on a clock."""
    found = nested.analyse(seen)
    sds = [
        f"{'-' if each < 0 else ''}{math.sqrt(abs(each)):.2%}" for each in (found.visits, found.forks, found.starters)
    ]
    missed = found.missed(LAUNCHES).text(".2f")
    return [step, clock, *sds, f"{found.p:.3f}", found.starters_within.text(".2f"), missed]


def main() -> None:
    """Measure, and print the table."""
    parser = builds.parser(__doc__, rounds=3, builds=False)
    for name, default in (("starters", 8), ("forks", 8), ("visits", 6)):
        parser.add_argument(f"--{name}", type=int, default=default, help="of each round, starter or fork (%(default)s)")
    parser.add_argument("--move", action="store_true", help="let each fork draw where its tensors lie")
    options = parser.parse_args()
    shape = options.starters, options.forks, options.visits
    kept = builds.RawData(options.out, {"starters, forks, visits": shape, "move": options.move})
    kept.take(options.rounds, [("forks",)], lambda _, number: one_round(number, *shape, options.move))
    head = ["step", "clock", "sd of visits", "of forks", "of starters", "p", "starters ÷ fork's mean", "too narrow by"]
    seen = logs(kept.of("forks"), shape)
    print(builds.markdown(head, [line(*key, seen[key]) for key in seen]))


if __name__ == "__main__":
    main()
