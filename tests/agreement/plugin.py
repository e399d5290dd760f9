"""Do medians of the pytest plugin agree with those of a worker of `bench run`? Both take turns, round by round.

    python -m tests.agreement.plugin FOLDER [--rounds 12] [--seed 0]

A round is a fresh session of pytest with our plugin, and for each case a fresh worker with the same case open, both on
one core. Ahead of each round of pytest-benchmark, or after it, as a coin says, the worker times a block of as many
steps; both run a block that is not timed first. Minutes in which this machine is slow, by up to 1.8 times, fall on both
alike. A row a case: over rounds the median of what pytest-benchmark reports ÷ the median of the worker's blocks, with
its interval. What is there already is not measured again.

The second half of this file is loaded by that session of pytest: `-p tests.agreement.plugin`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.cold_blocks import cold_blocks
from bench.present.tables.gate_report import short
from bench.series import STEP, Series
from bench.stats import intervals

KEYS = (
    "matmul/square[size=256]", "matmul/square[size=1000]", "regression/train_step[rows=32]",
    "regression/train_step[rows=800]", "torchscript/inference[batch=800]", "autograd/polynomial",
)  # fmt: skip
"""Steps from 50 µs to 30 ms."""

TIMED = Series(STEP, "wall")

BLOCKS = 60
"""Rounds of pytest-benchmark a case and session, and blocks of the worker beside them."""


def measured(folder: Path, seed: int) -> dict[str, tuple[float, float]]:
    """Seconds per step of each case, by pytest-benchmark and by the worker."""
    plugin, beside = folder / "plugin.json", folder / "beside.json"
    if not beside.exists():
        folder.mkdir(parents=True, exist_ok=True)
        words = [
            "-m",
            "pytest",
            "--bench-preset",
            "quick",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "tests.agreement.plugin",
        ]
        words += [f"--benchmark-json={plugin}", f"--bench-rounds={BLOCKS}"]
        words += [word for key in KEYS for word in ("--bench-select", key)]
        environ = {**os.environ, "BESIDE": str(beside), "BESIDE_SEED": str(seed)}
        subprocess.run([sys.executable, *words], cwd=folder, env=environ, check=True, capture_output=True)
    content: Any = json.loads(plugin.read_text())
    blocks = json.loads(beside.read_text())
    return {
        item["name"]: (item["stats"]["median"], statistics.median(blocks[item["name"]][-BLOCKS:]) / 1e9)
        for item in content["benchmarks"]
    }


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0, help="Of the coins.")
    options = parser.parse_args()
    found: dict[str, list[tuple[float, float]]] = {}
    for number in range(options.rounds):
        for key, both in measured(options.folder.resolve() / str(number), options.seed + number).items():
            found.setdefault(short(key), []).append(both)
    print("| case | time per step | plugin ÷ worker | rounds |\n| --- | ---: | --- | ---: |")
    for key, rounds in sorted(found.items()):
        ratio = intervals.paired_ratio([plugin for plugin, _ in rounds], [worker for _, worker in rounds], "round")
        step = statistics.median(worker for _, worker in rounds)
        interval = f"{ratio.value:.3f} [{ratio.low:.3f}, {ratio.high:.3f}]"
        print(f"| `{key}` | {step * 1e6:,.0f} µs | {interval} | {len(rounds)} |")


# --- within the session of pytest -------------------------------------------------------------------------------------


class Beside:
    """The timer of pytest-benchmark, which has the worker time a block ahead of each round, or after it."""

    def __init__(self) -> None:
        self.dice = random.Random(os.environ["BESIDE_SEED"])
        self.blocks_ns: dict[str, list[float]] = {}
        self.session: Any = None
        self.worker: Any = None
        self.running = self.ahead = False

    def enter(self, session: Any) -> None:
        """A case is open in this process: open it in a worker too."""
        from bench.protocol import Open, Opened
        from bench.runner.stop_request import Stop
        from bench.runner.worker import Worker

        self.leave()
        self.session, self.worker = session, Worker(1, Stop())
        request = session._request
        steps = {TIMED: session.timer.steps[TIMED]}
        reply = self.worker.ask(Open(session.key, request.source, session.settings, steps, count=False), 120)
        assert isinstance(reply, Opened), reply

    def leave(self) -> None:
        """No case is open here any more."""
        if self.worker is not None:
            self.worker.end()
        self.session = self.worker = None

    def counter(self) -> float:
        """`pytest_plugin.drained_counter`; at the start of a round what was cold is warm again first."""
        if self.session is None:
            return time.perf_counter()
        self.running = not self.running
        if not self.running:
            now = self._drained()
            if not self.ahead:
                self._block()
            return now
        self.ahead = self.dice.random() < 0.5
        if self.ahead:
            self._block()
        timer, reset = self.session.timer, self.session.prepared.reset
        for _ in range(cold_blocks(timer.time(TIMED, timer.steps[TIMED])) - 1):
            timer.time(TIMED, timer.steps[TIMED])
        if reset is not None:
            reset()
        return self._drained()

    def _drained(self) -> float:
        self.session.device.drain()
        return time.perf_counter()

    def _block(self) -> None:
        from bench.protocol import BlockTimed, TimeBlock

        reply = self.worker.ask(TimeBlock(self.session.key, "wall"), 120)
        assert isinstance(reply, BlockTimed), reply
        self.blocks_ns.setdefault(self.session.key, []).append(reply.total_ns / reply.steps)


def pytest_configure() -> None:
    """Put the worker beside whatever the plugin opens, and both on one core."""
    if "BESIDE" not in os.environ:
        return
    from bench import pytest_plugin
    from bench.measure.case_session import Session

    beside = Beside()
    os.sched_setaffinity(0, {beside.dice.choice(sorted(os.sched_getaffinity(0)))})
    opened, finished = Session.open, Session.finish

    def open_(session: Session) -> None:
        opened(session)
        beside.enter(session)

    def finish(session: Session) -> dict[str, Any]:
        Path(os.environ["BESIDE"]).write_text(json.dumps(beside.blocks_ns))
        beside.leave()
        return finished(session)

    Session.open = open_  # type: ignore[method-assign, assignment]  # the harness has no other seam
    Session.finish = finish  # type: ignore[method-assign, assignment]  # likewise
    pytest_plugin.drained_counter = beside.counter


if __name__ == "__main__":
    main()
