"""Lists the tests of a suite in the trees of both sides, each by the side's own tool, at the same time."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass

from bench.protocol import Collect, Collected, Hello
from bench.runner.stop_request import Stop
from bench.runner.worker import SideCode, Worker, WorkerLostError
from bench.suites import Suite

COLLECT_S = 600.0
"""Longest collection: it imports every test file that the tool is asked for."""


@dataclass(frozen=True)
class SideTests:
    """What a worker of a side said."""

    hello: Hello
    found: Collected


def collect(suites: Mapping[str, Suite], sides: Mapping[str, SideCode], stop: Stop) -> dict[str, SideTests]:
    """Collect the suite of each side. Raises `Stopped`, `MachineUnfitError`."""
    with contextlib.ExitStack() as stack:
        workers = {}
        for name in suites:
            workers[name] = Worker(1, stop, side=sides[name])
            stack.callback(workers[name].end)
        for name, worker in workers.items():
            worker.begin(Collect(suites[name]))
        return {name: _answered(worker) for name, worker in workers.items()}


def _answered(worker: Worker) -> SideTests:
    try:
        reply = worker.answer(COLLECT_S)
    except WorkerLostError as lost:
        reply = Collected([], [], 0, {}, f"{lost}\n{lost.log}".rstrip())
    assert isinstance(reply, Collected)
    return SideTests(worker.greet(), reply)
