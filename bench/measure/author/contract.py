"""The contract that every workload keeps, checked on one case of it, for `bench check` and the tests of the suite."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

import numpy
import torch

from bench.measure.author.context import Skip
from bench.measure.author.handed_away import goes_on, pending
from bench.measure.author.import_workload import traceback_from
from bench.measure.author.subject import Subject, subject_of
from bench.measure.memory.high_water import heap_bytes
from bench.measure.settings.process_settings import changes, snapshot
from bench.measure.timing.background import disregard_living_children
from bench.protocol import Inspected
from bench.protocol.rows import Fault
from bench.records import Settings, Source

CANNOT_RUN = "it can run here"
"""The rule that a case breaks which is skipped on this machine: no fault of its author."""

CALLS = 50
"""Calls that are checked one by one; a workload that turns wrong only later is not found here."""

OFF_BY = 10.0
"""An answer that is off by this many tolerances must not pass its check."""


ROUNDS, ROUND_CALLS = 24, 20
"""Rounds of calls, and calls in a round. A DataLoader takes 9 to 13 rounds until the objects that each of its iterators
registers with the profiler no longer grow in number."""
KEPT_BLOCKS, KEPT_BYTES = 0.5, 128
"""Python objects and bytes that a call may leave behind on average: less than one object of any kind."""


class Broken(Exception):  # noqa: N818  # a rule that does not hold; it never leaves this module
    """A rule of the contract is broken; its text tells the author what to do."""


def inspect(key: str, source: Source, settings: Settings) -> Inspected:
    """Check each rule on the case `key`. The first rule that is broken ends the check: the later ones need it."""
    disregard_living_children()
    gc.collect()
    gc.freeze()  # as a session does: a collection then looks at what the workload makes, and not at all of torch
    try:
        return _inspected(key, source, settings)
    finally:
        gc.unfreeze()


def _inspected(key: str, source: Source, settings: Settings) -> Inspected:
    passed: list[str] = []
    try:
        subject = subject_of(key, source, settings)
    except Skip as reason:
        return Inspected(key, passed, [Fault(CANNOT_RUN, str(reason))])
    except Exception as error:  # whatever the author's code raises is what the author has to see
        return Inspected(key, passed, [Fault("it prepares", traceback_from(source.path, error))])
    passed.append("it prepares")
    for name, rule in RULES.items():
        try:
            rule(subject)
        except Broken as broken:
            return Inspected(key, passed, [Fault(name, str(broken))])
        except Exception as error:  # and so is what it raises here
            return Inspected(key, passed, [Fault(name, traceback_from(source.path, error))])
        passed.append(name)
    return Inspected(key, passed, [])


def returns_output(subject: Subject) -> None:
    """The step must return its output, or nothing can be checked."""
    output = subject.call()
    if output is None:
        raise Broken("step returns None: return what it computed, so that check can see the answer that was timed")
    if handed_over := pending(output):
        raise Broken(handed_over)


def answers_right(subject: Subject) -> None:
    """The answer of the step must pass its own check."""
    error = subject.prepared.check(subject.call())
    if not isinstance(error, int | float):
        raise Broken(f"check returns {type(error).__name__}: return ctx.relative_error(out, exact), a number")
    if not error <= subject.tolerance:
        said = f"relative error {error:.3g} is above the tolerance {subject.tolerance:.3g} of this case"
        raise Broken(said + subject.explain(subject.prepared, error))


def phases_return(subject: Subject) -> None:
    """Each phase must return its result, as the step does, and leave the answer of the next step right."""
    for name, phase in subject.prepared.phases.items():
        subject.reset()
        if phase() is None:
            raise Broken(f"phase {name!r} returns None: return what it computed, as the step does")
        error = subject.prepared.check(subject.call())
        if not error <= subject.tolerance:
            raise Broken(
                f"after phase {name!r} the relative error of the step is {error:.3g}: let the phase change "
                "nothing that the step reads, or give Prepared a reset that puts it back"
            )


def notices_wrong(subject: Subject) -> None:
    """The check must fail on a wrong answer."""
    output = spoilt(subject.call(), OFF_BY * subject.tolerance)
    if subject.prepared.check(output) <= subject.tolerance:
        raise Broken(f"check passes an output that is off by {OFF_BY:g} tolerances: compare with the exact answer")


def stays_right(subject: Subject) -> None:
    """The answer must be right in every call, since whole blocks are timed."""
    for call in range(1, CALLS + 1):
        error = subject.prepared.check(subject.call())
        if not error <= subject.tolerance:
            raise Broken(
                f"in call {call} the relative error is {error:.3g}: clear gradients in the step, "
                "or give Prepared a reset that puts the state back"
            )
        if CALLS - call in (ROUND_CALLS, 0):
            subject.readings.append(_living())


def waits_for_its_work(subject: Subject) -> None:
    """The step must not return before the work that it gives to others is done."""
    if said := goes_on(subject.call):
        closes(subject)  # so that it does not go on beside the next workload
        raise Broken(said)


def repeats(subject: Subject) -> None:
    """A case prepared twice under one seed must give one answer: launches measure the same data."""
    again = subject.prepare()
    if again.reset is not None:
        again.reset()
    error = subject.prepared.check(again.step())
    if not error <= subject.tolerance:
        raise Broken("prepared twice under one seed it gives two answers: draw from ctx.randn or ctx.generator")


def keeps_nothing(subject: Subject) -> None:
    """A step must keep nothing: a list of losses, or a graph that hangs on them, slows later steps and fills the
    memory.

    Caches fill and stop growing, a leak goes on: one quiet round is enough. Measured quiet: 0 to 2 bytes and 0 to 0.2
    blocks a call; a float that is kept is one block, a loss with its graph some thousand bytes.
    """
    readings: list[tuple[int, int]] = []
    for reading in islice(_rounds(subject), ROUNDS + 1):
        readings.append(reading)
        if len(readings) == 1:
            continue
        # Against every earlier reading: a figure of ten thousand objects makes single rounds noisy, either way.
        grown = [
            min(
                (readings[-1][kind] - then[kind]) / (ROUND_CALLS * (len(readings) - 1 - place))
                for place, then in enumerate(readings[:-1])
            )
            for kind in (0, 1)
        ]
        if grown[0] <= KEPT_BLOCKS and grown[1] <= KEPT_BYTES:
            return
    raise Broken(
        f"every call leaves {grown[0]:.1f} Python objects and {grown[1]:.0f} bytes behind: keep nothing from call to "
        "call, or let reset drop it"
    )


def _rounds(subject: Subject) -> Iterator[tuple[int, int]]:
    """Living objects and bytes, round by round: first as read while the answers were checked, then after more calls."""
    yield from subject.readings
    while True:
        for _ in range(ROUND_CALLS):
            subject.call()
        yield _living()


def _living() -> tuple[int, int]:
    """Memory blocks of Python's own allocator and bytes of the C heap that are in use."""
    gc.collect()
    return sys.getallocatedblocks(), heap_bytes() or 0


def states_work(subject: Subject) -> None:
    """The work must be stated: throughput and floor are computed from it."""
    work = subject.prepared.work
    if work.items is None:
        raise Broken("work has no items: say how many (rows, points, products) a step handles, for throughput")
    if work.flops is None and work.bytes is None:
        raise Broken("work has neither flops nor bytes: without either there is no floor to compare with")


def leaves_settings(subject: Subject) -> None:
    """The process must be set as it was: what a case changes is not in its key, and would be its neighbours' too."""
    if changed := changes(subject.found, snapshot()):
        told = "; ".join(f"{name} from {was} to {now}" for name, (was, now) in changed.items())
        raise Broken(
            f"it sets {told}, for the whole process: choose by an axis (threads=2, dtype=float64) or by an argument of "
            "the call, or let ctx.run_under call what sets it, which keeps it to this case"
        )


def closes(subject: Subject) -> None:
    """The case must close without an error; the last rule, since nothing works afterwards."""
    if subject.prepared.close is not None:
        subject.prepared.close()
    subject.watch.close()


RULES: Mapping[str, Callable[[Subject], None]] = {
    "its step returns what it computed": returns_output,
    "its answer is right": answers_right,
    "its phases return what they computed": phases_return,
    "its check notices a wrong answer": notices_wrong,
    f"it is still right after {CALLS} calls": stays_right,
    "it waits for the work that it gives to others": waits_for_its_work,
    "it repeats under one seed": repeats,
    "it keeps nothing from call to call": keeps_nothing,
    "it states its work": states_work,
    "it leaves its process as it was set": leaves_settings,
    "it closes": closes,
}


def spoilt(output: Any, share: float) -> Any:
    """`output` with every number off by `share` of the largest, and every text a character longer.

    Raises `Broken` where it holds neither.
    """
    match output:
        case torch.Tensor() if output.is_floating_point():
            exact = output.detach().double()
            return exact + share * max(exact.abs().max().item(), 1e-300 if exact.any() else 1.0)
        case torch.Tensor():
            return output + 1
        case bool():
            return not output
        case int() | float():
            return output + share * (abs(output) or 1.0)
        case Mapping():
            return {name: spoilt(item, share) for name, item in output.items()}
        case numpy.ndarray():
            return spoilt(torch.from_numpy(output), share).numpy()
        case numpy.number():
            return spoilt(output.item(), share)
        case str():
            return output + "?"
        case bytes():
            return output + b"?"
        case tuple() if hasattr(output, "_fields"):
            return type(output)(*(spoilt(item, share) for item in output))
        case tuple() | list():
            return type(output)(spoilt(item, share) for item in output)
        case _:
            raise Broken(f"step returns {type(output).__name__}, in which nothing can be spoilt to test check")
