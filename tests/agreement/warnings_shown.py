"""Does it change a verdict whether warnings are shown? Every workload against itself, shown on one side and hidden.

    python -m tests.agreement.warnings_shown [--pairs 14] [--minutes 20] [--select 'checkpoints/*'] [--bare]

For each pair a fork opens one case as a worker does, and times 16 block pairs of it. Before a block of the base Python
is told to ignore warnings, before one of the head to write each into a file, as `PYTHONWARNINGS=ignore` and `always`
do; the harness hides torch's own notices on both sides, as it does in every worker. The rule is that of the gate, over
all cases at once. The cases: of each workload the first of the quick preset, and those of TorchScript, of which torch
warns; of other selections the first of each workload, and those whose step warns.

`--bare` leaves the notices to Python: then the head pays for them, which is the fault that the harness keeps away.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import random
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch._dynamo  # torch.optim imports it when it is first used

from bench.jobs.choice import Choice
from bench.measure.author.import_workload import module_of
from bench.measure.author.torch_notices import hide
from bench.measure.dispatcher import Dispatcher
from bench.measure.modes import NEEDS_COMPILER
from bench.protocol import BlockTimed, Close, Open, Opened, Refused, TimeBlock
from bench.records import BASE, HEAD, SIDES, BlockPair, Planned, Settings
from bench.runner.pairs.pair_context import FEWEST_BLOCK_PAIRS
from bench.series import WALL
from bench.stats.gate_rule import REGRESSED, Rule
from bench.stats.pairs import PairData

EVERY = (
    "*",
    "checkpoints/save[what=torchscript]",
    "checkpoints/load[what=torchscript]",
    "torchscript/inference[mode=script]",
    "torchscript/inference[mode=trace]",
)
"""Every workload, and what the course does with TorchScript, in whose steps torch gives notices."""

SETTINGS = Settings(warm_s=0.02, warm_cap_s=1.0)
MOST_S = 120
"""Seconds after which a fork is given up."""


class EndedBadlyError(Exception):
    """A fork did not measure its case; the text says why."""


def filters(action: str, bare: bool) -> None:
    """Let Python ignore or write all warnings; torch's own notices are hidden unless `bare`."""
    warnings.resetwarnings()
    warnings.simplefilter(action)  # type: ignore[arg-type]  # one of the words that it takes
    if not bare:
        hide()


def quick_cases(select: Sequence[str]) -> list[Planned]:
    """The cases of the quick preset that a fork can open: compiled ones need a process each."""
    planned = Choice(select, "quick").plan(("cpu",)).planned
    return [item for item in planned if item.case["mode"] not in NEEDS_COMPILER]


def in_a_fork(work: Callable[[], Any]) -> Any:
    """What `work` returns in a fork of this process, through JSON. Raises `EndedBadlyError`."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        signal.alarm(MOST_S)
        try:
            told: Any = {"made": work()}
        except EndedBadlyError as error:
            told = {"error": str(error)}
        except BaseException as error:  # it must not go on in the loop of its parent
            told = {"error": f"{type(error).__name__}: {error}"}
        os.write(writing, json.dumps(told).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    if not answer:
        raise EndedBadlyError(f"its fork ended with {os.waitstatus_to_exitcode(status)}")
    found = json.loads(answer)
    if "error" in found:
        raise EndedBadlyError(found["error"])
    return found["made"]


def opened(item: Planned, seed: int) -> Dispatcher:
    """A dispatcher with the case open, and one thread. Raises `EndedBadlyError`."""
    torch.set_num_threads(1)
    settings = Settings(**{**vars(SETTINGS), "seed": seed})
    dispatcher = Dispatcher(lambda stage: None)
    reply = dispatcher.answer(Open(item.case.key, item.source, settings, count=False, memory=False))
    if isinstance(reply, Refused):
        raise EndedBadlyError(f"{reply.outcome}: {reply.reason}")
    assert isinstance(reply, Opened)
    return dispatcher


def warned(item: Planned) -> int:
    """How many warnings two steps give, torch's notices among them."""
    session = opened(item, 0)._sessions[item.case.key]
    with warnings.catch_warnings(record=True) as caught:
        filters("always", bare=True)
        for _ in range(2):
            session._call()
    return len(caught)


def pair(item: Planned, number: int, bare: bool) -> list[dict[str, Any]]:
    """The block pairs of one pair."""
    dice, key = random.Random(f"{item.case.key}:{number}"), item.case.key
    with tempfile.TemporaryFile("w") as log:
        sys.stderr = log
        dispatcher = opened(item, number)
        made = []
        for place in range(FEWEST_BLOCK_PAIRS):
            order, timed = dice.sample(SIDES, 2), dict[str, BlockTimed]()
            for side in order:
                filters({BASE: "ignore", HEAD: "always"}[side], bare)
                reply = dispatcher.answer(TimeBlock(key, WALL))
                if not isinstance(reply, BlockTimed):
                    raise EndedBadlyError(f"a block was not timed: {reply}")
                timed[side] = reply
            base, head = timed[BASE], timed[HEAD]
            made.append(
                BlockPair(
                    key, number, BASE, WALL, place, order[0], base.steps, base.total_ns, head.total_ns,
                    None, False, base.cpu_ns, head.cpu_ns, base.thread_ns, head.thread_ns, base.preempted,
                    head.preempted, base.waited, head.waited,
                )
            )  # fmt: skip
        dispatcher.answer(Close(key))
    return [vars(each) for each in made]


def chosen(select: Sequence[str]) -> Iterator[tuple[Planned, int | str]]:
    """The cases to gate, each with the warnings of its steps, or with why it cannot be opened."""
    seen = set[str]()
    for item in quick_cases(select):
        try:
            found: int | str = in_a_fork(partial(warned, item))
        except EndedBadlyError as error:
            found = str(error)
        if item.case.workload not in seen or (isinstance(found, int) and found):
            yield item, found
        seen.add(item.case.workload)


def main() -> None:
    """Measure, and print a line a case and the count of regressions."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=14, help="pairs of a case (%(default)s)")
    parser.add_argument(
        "--select", action="append", help="cases, as of bench run; repeatable (default: every workload)"
    )
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no pair after so long")
    parser.add_argument("--bare", action="store_true", help="leave torch's own notices to Python")
    parser.add_argument("--out", type=Path, help="file for the data")
    options = parser.parse_args()
    select, ends = options.select or EVERY, time.monotonic() + 60 * options.minutes
    for source in {item.source.path: item.source for item in quick_cases(select)}.values():
        module_of(source)
    cases, data = list(chosen(select)), dict[str, PairData]()
    measured = {item.case.key: item for item, found in cases if isinstance(found, int)}
    failed = {item.case.key: found for item, found in cases if isinstance(found, str)}
    for number, item in itertools.product(range(options.pairs), measured.values()):
        key = item.case.key
        if key in failed or time.monotonic() > ends:
            continue
        try:
            rows = in_a_fork(partial(pair, item, number, options.bare))
        except EndedBadlyError as error:
            failed[key] = str(error)
            continue
        data.setdefault(key, PairData()).add([BlockPair(**row) for row in rows])
        print(f"pair {number} {key}", file=sys.stderr, flush=True)
        if options.out:
            options.out.write_text(json.dumps({key: vars(each) for key, each in data.items()}))
    rule, verdicts = Rule(len(data)), dict[str, str]()
    for item, found in cases:
        key = item.case.key
        if key not in data:
            print(f"{key}: {failed.get(key, 'no time was left')}")
            continue
        seen = data[key]
        verdicts[key] = rule.verdict(seen.medians, seen.means)
        ratio = math.exp(sorted(seen.medians)[len(seen.medians) // 2])
        least = rule.smallest_seen(seen.medians, seen.means)
        print(f"{key}: {verdicts[key]} {ratio:.4f}, {len(seen.medians)} pairs, {found} warnings in two steps, least "
              f"that would be regressed: {'none' if least is None else f'{least:.1%}'}")  # fmt: skip
    bad = [key for key, verdict in verdicts.items() if verdict == REGRESSED]
    print(f"{len(verdicts)} cases of {len({key.partition('[')[0] for key in verdicts})} workloads, "
          f"{len(cases) - len(verdicts)} not measured; {len(bad)} regressed at alpha {rule.alpha} (a regression takes "
          f"{rule.fewest_pairs(REGRESSED)} pairs at least): {', '.join(bad) or 'none'}")  # fmt: skip
    raise SystemExit(1 if bad else 0)


if __name__ == "__main__":
    main()
