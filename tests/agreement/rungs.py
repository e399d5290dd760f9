"""What does it cost to look at a step, by each rung?

    python -m tests.agreement.rungs [--processes 6] [--seconds 0.5] [--cases KEY ...]

A row a case and rung: a step with it ÷ one without, over fresh processes. In each the rungs come in random order, every
loop with a rung is compared with the two without around it, and the datum is the median of four. The last column is
how many samples a second came from the steps.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
from pathlib import Path

from bench.plan.catalog import find
from bench.present.words import units
from bench.protocol import Hello
from bench.protocol.rungs import PY_SPY, PYINSTRUMENT, SAMPLING_THREAD
from bench.records import Case, Planned, Settings
from bench.runner import machine_probe
from bench.runner.launches.schedule import is_compiled
from bench.runner.profiling.case_profiler import CaseProfiler, CompileCache, SampledLoops
from bench.runner.stop_request import Stop
from bench.stats import intervals

CASES = (
    "matmul/square[size=1024]",
    "regression/train_step[rows=800]",
    "dataloader/epoch[loader=dataloader,batch=800,workers=2,pin=False]",
)
PROFILER = "torch.profiler"
RUNGS = (PY_SPY, PYINSTRUMENT, SAMPLING_THREAD, PROFILER)
ROUNDS = 4


def ratios(
    planned: Planned, hello: Hello, stop: Stop, seconds: float, dice: random.Random
) -> tuple[float, dict[str, tuple[float, float]]]:
    """Seconds a step in one process, and by rung the ratio and the samples a second."""
    found: dict[str, tuple[float, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        cache = CompileCache("cold", Path(folder)) if is_compiled(planned) else None
        profiler = CaseProfiler(planned, Settings(), hello, stop, cache)
        try:
            profiler.open()
            plain_s = []
            for rung in dice.sample(RUNGS, len(RUNGS)):
                if rung == PROFILER:
                    profile = profiler.profile_steps().profile
                    without = statistics.median([*profile["before_ns"], *profile["after_ns"]])
                    found[rung] = (statistics.median(profile["profiled_ns"]) / without, 0.0)
                    continue
                loops, rounds = SampledLoops(rung), []
                profiler.loop_plain(seconds, loops)
                before = 0  # where the blocks of the loop ahead begin
                for _ in range(ROUNDS):
                    after, sampled = len(loops.plain_ns), len(loops.sampled_ns)
                    profiler.loop_sampled(seconds, loops)
                    profiler.loop_plain(seconds, loops)
                    around = statistics.median(loops.plain_ns[before:])
                    before = after
                    rounds.append(statistics.median(loops.sampled_ns[sampled:]) / around)
                rate = loops.stacks.samples / (sum(loops.sampled_ns) / 1e9)
                found[rung] = (statistics.median(rounds), rate)
                plain_s.append(statistics.median(loops.plain_ns) / loops.steps / 1e9)
            profiler.close()
        finally:
            profiler.end()
    return statistics.median(plain_s), found


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--processes", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--cases", nargs="*", default=list(CASES))
    options = parser.parse_args()
    stop, dice, catalog = Stop(), random.Random(0), find()
    hello = machine_probe.look([], stop)
    print("| case | a step | rung | with it ÷ without | samples a second |\n| --- | ---: | --- | --- | ---: |")
    for key in options.cases:
        case = Case.from_key(key)
        planned = Planned(case, catalog[case.workload].source)
        taken = [ratios(planned, hello, stop, options.seconds, dice) for _ in range(options.processes)]
        step = units.seconds(statistics.median(step_s for step_s, _ in taken))
        for rung in RUNGS:
            found = intervals.median([by[rung][0] for _, by in taken], of="processes")
            rate = statistics.median(by[rung][1] for _, by in taken)
            ratio = units.ratio(found.value, found.low, found.high)
            print(f"| `{key}` | {step} | {rung} | {ratio} | {round(rate) or '–'} |", flush=True)


if __name__ == "__main__":
    main()
