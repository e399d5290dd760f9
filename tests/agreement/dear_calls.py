"""What does a gate say of a step that is dear in every k-th call, and whose dear calls got a fifth dearer? Simulated.

    python -m tests.agreement.dear_calls [--gates 100] [--seed 0]

The worker's session, the pairs and the rule of a gate are the real ones: opening, warm-up, n, blocks in turns with what
is skipped before them, the number of block pairs, the data of a pair, the evidence. Time is simulated: a call costs a
step, in every k-th call m steps on the base and 1.2 m on the head; calls vary by 2 %, processes by 0.5 %. m = 1
is a step whose every k-th call alone got dearer. Taken are those k and m whose mean is slower by more than 6 %; the
gate has ten cases, and gives up after thirty pairs. For comparison the same gates with the median alone.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import math
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from bench.measure.author.import_workload import module_of
from bench.measure.dispatcher import Dispatcher
from bench.plan.catalog import find
from bench.protocol import BlockTimed, Reply, Request
from bench.records import (
    BASE,
    HEAD,
    SIDES,
    Block,
    BlockPair,
    Case,
    CaseLaunch,
    ComparedCase,
    Outcome,
    Planned,
    Settings,
)
from bench.runner.launches.schedule import Assignment
from bench.runner.pairs import pair
from bench.runner.pairs.gate_rounds import UntilDecided
from bench.runner.pairs.pair_context import PairContext
from bench.runner.pairs.pair_loop import Pace
from bench.runner.stop_request import Stop
from bench.runner.worker import SideCode
from bench.stats.coverage_simulation import exact_bounds
from bench.stats.gate_rule import NOT_SLOWER, REGRESSED, Rule
from bench.stats.pairs import PairData
from tests.simulated import SimulatedClock

FILE = Path(__file__).parents[1] / "workload_files" / "periodic.py"
KEY = Case.of("periodic/periodic", {}).key

DEARER = 1.2
"""Cost of a dear call on the head, in such calls of the base."""
PERIODS, FACTORS = (2, 3, 4, 5, 8, 12, 16), (1, 5, 10)
STEPS_S = (300e-6, 2e-3, 6e-3)
LEAST = 0.06
"""Smallest slow-down of the mean that is taken: the limit of a gate is 5 %."""
CALL_SD, PROCESS_SD = 0.02, 0.005
CASES, PAIRS = 10, 30


@dataclass(frozen=True)
class Step:
    """A step that costs `step_s`, and `factor` times as much in every `period`-th call."""

    step_s: float
    period: int
    factor: float

    @property
    def slower(self) -> float:
        """How much slower the mean of the head is, as a share."""
        return (DEARER - 1) * self.factor / (self.factor + self.period - 1)


STEPS = [step for step in itertools.starmap(Step, itertools.product(STEPS_S, PERIODS, FACTORS)) if step.slower > LEAST]


class SimulatedSide:
    """A side whose workers are simulated: its own copy of the workload file, with costs of its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        shutil.copy(FILE, folder)
        (self.source,) = [item.source for item in find([folder / FILE.name], installed=False).values()]
        self.costs: Any = module_of(self.source).COSTS
        self.code = SideCode(root=folder)

    def begin(self, step: Step, dearer: float, rng: np.random.Generator) -> Dispatcher:
        """A fresh process, whose dear calls cost `dearer` times as much."""
        clock = SimulatedClock(cost_ns=20, noise=CALL_SD, seed=int(rng.integers(2**31)))
        self.costs.clock, self.costs.calls = clock, 0
        self.costs.step_ns = step.step_s * 1e9 * math.exp(rng.normal(0, PROCESS_SD))
        self.costs.period, self.costs.factor = step.period, step.factor * dearer
        return Dispatcher(lambda stage: None, clock)


class SimulatedWorker:
    """What a pair needs of a worker. The CPU time of a simulated step means nothing: none is told."""

    process, started_s = "simulated", 0.0

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._reply: Reply | None = None

    def begin(self, request: Request) -> None:
        self._reply = self._dispatcher.answer(request)

    def answer(self, silence_s: float) -> Reply:
        assert self._reply is not None
        return self._reply

    def ask(self, request: Request, silence_s: float, on_stage: object = None) -> Reply:
        reply = self._dispatcher.answer(request)
        return BlockTimed(reply.key, reply.steps, reply.total_ns) if isinstance(reply, BlockTimed) else reply

    def end(self, tidy_s: float = 0.0) -> None:
        """Nothing to end."""


class Kept:
    """Takes the pairs to the queue, and keeps their data."""

    def __init__(self, queue: UntilDecided) -> None:
        self._queue = queue
        self.data = PairData()

    def spawned(self, seconds: float) -> None:
        """Nothing started."""

    def entered(self, key: str, stage: str, launch: int) -> None:
        """Nobody listens."""

    def paired(self, block_pairs: Sequence[BlockPair]) -> None:
        self._queue.add(block_pairs)
        self.data.add(block_pairs)

    def ended(self, record: CaseLaunch, blocks: Sequence[Block]) -> None:
        assert record.outcome == Outcome.OK, record


def gate(step: Step, sides: dict[str, SimulatedSide], rng: np.random.Generator, dearer: float = DEARER) -> PairData:
    """The pairs of one gate, until it is decided or given up; dearer: of a dear call on the head."""
    case = Case.from_key(KEY)
    compared = ComparedCase(*(Planned(case, sides[side].source) for side in SIDES))
    queue = UntilDecided([compared], Rule(cases=CASES), PAIRS, Pace(None))
    kept = Kept(queue)
    context = PairContext(
        sides={side: sides[side].code for side in SIDES},
        settings=Settings(seed=int(rng.integers(2**31))),
        stop=Stop(),
        threads=lambda symbolic: 1,
        caches=Path(),
        listener=kept,
    )
    context = dataclasses.replace(
        context, pair_settings=dataclasses.replace(context.pair_settings, count=False, memory=False)
    )
    by_code = {sides[side].code: side for side in SIDES}

    def worker(threads: int, stop: Stop, cache: object, code: SideCode, starter: object) -> SimulatedWorker:
        side = by_code[code]
        return SimulatedWorker(sides[side].begin(step, dearer if side == HEAD else 1.0, rng))

    with mock.patch.object(pair, "Worker", worker):
        for number in range(PAIRS):
            if not queue.pending():
                break
            pair.Pair(Assignment(number, 1, (compared,), compiled=False), context).run()
    context.stop.close()
    return kept.data


def gates(count: int, seed: int) -> Iterator[tuple[Step, PairData]]:
    """Gates of steps drawn at random."""
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as name:
        sides = {side: SimulatedSide(Path(name, side)) for side in (BASE, HEAD)}
        for _ in range(count):
            step = STEPS[int(rng.integers(len(STEPS)))]
            yield step, gate(step, sides, rng)


def main() -> None:
    """Simulate the gates, and print what they say, by period and in all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gates", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rule, said, of_medians = Rule(cases=CASES), Counter[str](), Counter[str]()
    print("| step | every | times | mean slower | verdict | pairs | median | mean |")
    print("| ---: | ---: | ---: | ---: | --- | ---: | ---: | ---: |")
    for step, data in gates(options.gates, options.seed):
        median, mean = (math.expm1(float(np.median(each))) for each in (data.medians, data.means))
        verdict = rule.verdict(data.medians, data.means)
        said[verdict] += 1
        of_medians[rule.verdict(data.medians)] += 1
        print(
            f"| {step.step_s * 1e3:g} ms | {step.period} | {step.factor:g} | {step.slower:.1%} | {verdict} | "
            f"{len(data.medians)} | {median:+.1%} | {mean:+.1%} |",
            flush=True,
        )
    for what in (REGRESSED, NOT_SLOWER):
        low, high = exact_bounds(said[what], options.gates)
        print(
            f"{what}: {said[what]} of {options.gates} [{low:.0%}, {high:.0%}]; by the median alone {of_medians[what]}"
        )


if __name__ == "__main__":
    main()
