"""Does it change a verdict whether warnings are shown? Every workload against itself, shown on one side and hidden.

    python -m tests.agreement.warnings_shown [--forks 1] [--minutes 20] [--select 'checkpoints/save'] [--bare]

A fork opens one case as a worker does, and takes the data of fourteen pairs: each is 16 block pairs, fewer of a long
step. Before a block of the base Python is told to ignore warnings, before one of the head to write each into a file, as
`PYTHONWARNINGS=ignore` and `always` do; the harness hides torch's own notices on both sides, as it does in every
worker. Both sides share a process, so that where its memory lies is the same for both. The rule is that of the gate,
over all cases at once.

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
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from functools import partial
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

EVERY = "*"
TORCHSCRIPT = (
    "checkpoints/save[what=torchscript]",
    "checkpoints/load[what=torchscript]",
    "torchscript/inference[mode=script,batch=32]",
    "torchscript/inference[mode=trace,batch=32]",
)
"""What the course does with TorchScript, of which torch gives notices."""

DATA = 14
"""Data that a fork takes of its case."""
DATUM_S = 0.1
"""Seconds that the blocks of a datum may take, unless a single block pair takes longer."""
MOST_S = 300
"""Seconds after which a fork is given up."""


class EndedBadlyError(Exception):
    """A fork did not measure its case; the text says why."""


def filters(action: str, bare: bool) -> None:
    """Let Python ignore or write all warnings; torch's own notices are hidden unless `bare`."""
    warnings.resetwarnings()
    warnings.simplefilter(action)  # type: ignore[arg-type]  # one of the words that it takes
    if not bare:
        hide()


def quick_cases(*select: str) -> list[Planned]:
    """The cases of the quick preset that a fork can open: compiled ones need a process each."""
    planned = Choice(select, "quick").plan(("cpu",)).planned
    return [item for item in planned if item.case["mode"] not in NEEDS_COMPILER]


def chosen(select: Sequence[str]) -> list[Planned]:
    """All cases of a selection; without one the first of each workload, and those of TorchScript."""
    if select:
        return quick_cases(*select)
    first = {item.case.workload: item for item in reversed(quick_cases(EVERY))}
    return list({item.case.key: item for item in [*first.values(), *quick_cases(*TORCHSCRIPT)]}.values())


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
        with os.fdopen(writing, "w") as pipe:
            pipe.write(json.dumps(told))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        text = answer.read()
    _, status = os.waitpid(child, 0)
    if not text:
        raise EndedBadlyError(f"its fork ended with {os.waitstatus_to_exitcode(status)}")
    found = json.loads(text)
    if "error" in found:
        raise EndedBadlyError(found["error"])
    return found["made"]


def measured(item: Planned, seed: int, bare: bool) -> dict[str, Any]:
    """The block pairs of all data of a fork, and how many warnings two steps give, torch's notices among them."""
    torch.set_num_threads(1)
    key, settings = item.case.key, Settings(warm_s=0.02, warm_cap_s=1.0, seed=seed)
    dispatcher, dice = Dispatcher(lambda stage: None), random.Random(f"{key}:{seed}")
    reply = dispatcher.answer(Open(key, item.source, settings, count=False, memory=False))
    if isinstance(reply, Refused):
        raise EndedBadlyError(f"{reply.outcome}: {reply.reason}")
    assert isinstance(reply, Opened)
    with tempfile.TemporaryFile("w") as log:
        sys.stderr = log
        pair_s = 4 * timed(dispatcher, key, BASE, bare).total_ns / 1e9  # each block has one before it, to be warm
        couples = max(1, min(FEWEST_BLOCK_PAIRS, int(DATUM_S / pair_s)))
        data = [[vars(couple(dispatcher, key, dice, bare)) for _ in range(couples)] for _ in range(DATA)]
        session = dispatcher._sessions[key]
        with warnings.catch_warnings(record=True) as caught:
            filters("always", bare=True)
            session._call()
            session._call()
        dispatcher.answer(Close(key))
    return {"data": data, "warned": len(caught)}


def couple(dispatcher: Dispatcher, key: str, dice: random.Random, bare: bool) -> BlockPair:
    """A block of either side, in an order that a coin decides."""
    order = dice.sample(SIDES, 2)
    by_side = {side: timed(dispatcher, key, side, bare) for side in order}
    base, head = by_side[BASE], by_side[HEAD]
    return BlockPair(
        key, 0, BASE, WALL, 0, order[0], base.steps, base.total_ns, head.total_ns, None, False, base.cpu_ns,
        head.cpu_ns, base.thread_ns, head.thread_ns, base.preempted, head.preempted, base.waited, head.waited,
    )  # fmt: skip


def timed(dispatcher: Dispatcher, key: str, side: str, bare: bool) -> BlockTimed:
    """A block under the filters of a side. Raises `EndedBadlyError`."""
    filters({BASE: "ignore", HEAD: "always"}[side], bare)
    reply = dispatcher.answer(TimeBlock(key, WALL))
    if not isinstance(reply, BlockTimed):
        raise EndedBadlyError(f"a block was not timed: {reply}")
    return reply


def main() -> None:
    """Measure, and print a line a case and the count of regressions."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--forks", type=int, default=1, help="forks of a case (%(default)s)")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no fork after so long")
    parser.add_argument("--select", action="append", default=[], help="cases, as of bench run (default: all workloads)")
    parser.add_argument("--bare", action="store_true", help="leave torch's own notices to Python")
    options = parser.parse_args()
    ends, cases = time.monotonic() + 60 * options.minutes, chosen(options.select)
    for source in {item.source.path: item.source for item in cases}.values():
        module_of(source)
    data, warned, failed = dict[str, PairData](), dict[str, int](), dict[str, str]()
    for number, item in itertools.product(range(options.forks), cases):
        key = item.case.key
        if key in failed or time.monotonic() > ends:
            continue
        try:
            found = in_a_fork(partial(measured, item, number, options.bare))
        except EndedBadlyError as error:
            failed[key] = str(error)
            continue
        warned[key] = found["warned"]
        for rows in found["data"]:
            data.setdefault(key, PairData()).add([BlockPair(**row) for row in rows])
        print(f"fork {number} {key}", file=sys.stderr, flush=True)
    report(data, warned, {item.case.key: failed.get(item.case.key, "no time was left") for item in cases})


def report(data: dict[str, PairData], warned: dict[str, int], why_not: dict[str, str]) -> None:
    """Print the verdicts; ends with 1 where a case regressed."""
    rule, verdicts = Rule(len(data)), dict[str, str]()
    for key, reason in why_not.items():
        if key not in data:
            print(f"{key}: {reason}")
            continue
        seen = data[key]
        verdicts[key] = rule.verdict(seen.medians, seen.means)
        least = rule.smallest_seen(seen.medians, seen.means)
        print(f"{key}: {verdicts[key]} {math.exp(statistics.median(seen.medians)):.4f}, {len(seen.medians)} data, "
              f"{warned[key]} warnings in two steps, "
              f"least that would be regressed: {'none' if least is None else f'{least:.1%}'}")  # fmt: skip
    bad = [key for key, verdict in verdicts.items() if verdict == REGRESSED]
    workloads = {key.partition("[")[0] for key in verdicts}
    print(f"{len(verdicts)} cases of {len(workloads)} workloads, {len(why_not) - len(verdicts)} not measured; "
          f"{len(bad)} regressed at alpha {rule.alpha} (which takes {rule.fewest_pairs(REGRESSED)} data at least): "
          f"{', '.join(bad) or 'none'}")  # fmt: skip
    raise SystemExit(1 if bad else 0)


if __name__ == "__main__":
    main()
