"""Our cases as tests of pytest-benchmark: `pytest --bench-preset quick --benchmark-json=x.json`.

Each case is prepared, checked, warmed up and calibrated as a worker does it, timed by pytest-benchmark in rounds of n
steps with the device drained at both ends, and checked again. All of it happens in pytest's own process: rounds are no
launches, and `bench import` says so. Nothing is imported, and nothing changes, in a session that does not ask for it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from bench.plan.selection import Plan
    from bench.records import Planned, Settings

OURS = "coursebench"
"""Where what pytest-benchmark has no place for lies in its JSON."""


_MACHINE = pytest.StashKey[dict[str, str]]()
"""Name and fingerprint, as they were before any case: some set how torch computes for the whole process."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, in a group of their own."""
    group = parser.getgroup(OURS, "cases of an introductory PyTorch course, timed by pytest-benchmark")
    group.addoption(
        "--bench-preset",
        metavar="NAME",
        help="time the cases of this preset (quick, ci, lecture, full); without paths, these are the only tests",
    )
    group.addoption(
        "--bench-select", metavar="SELECT", action="append", default=[], help="only cases that fit; repeatable"
    )
    group.addoption(
        "--bench-workloads",
        metavar="FILE.py",
        action="append",
        type=Path,
        default=[],
        help="add the workloads of a file of your own; repeatable",
    )
    group.addoption(
        "--bench-rounds", metavar="N", type=int, default=20, help="rounds a case, one more is timed first and left out"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Ask for timing where a project has it off by default, and for waiting threads while torch is not imported yet.

    Without paths the cases are the only tests; with paths those are collected as well.
    """
    if _asked(config) is None:
        for option in ("--bench-select", "--bench-workloads"):
            if config.getoption(option):
                raise pytest.UsageError(f"{option} wants --bench-preset: it chooses among the cases of a preset")
        return
    if not config.pluginmanager.hasplugin("benchmark"):
        raise pytest.UsageError("--bench-preset needs pytest-benchmark: pip install pytest-benchmark")
    if config.getoption("--bench-rounds") < 1:
        raise pytest.UsageError("--bench-rounds: at least 1")
    if "--benchmark-disable" not in config.invocation_params.args:
        config.option.benchmark_enable = True  # over an addopts, as a project has it that only tests its benchmarks
    if "torch" not in sys.modules:
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args[:] = []


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add a test a case. First of all, so that `-k` and plugins that shuffle see them."""
    if _asked(config) is not None:
        items += Cases.from_parent(session, path=Path(__file__), nodeid=OURS).collect()


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_machine_info(config: pytest.Config, machine_info: dict[str, Any]) -> None:
    """Name the machine and what makes it comparable, as a run of ours would."""
    if (found := config.stash.get(_MACHINE, None)) is not None:
        machine_info[OURS] = found


def _asked(config: pytest.Config) -> str | None:
    found: str | None = config.getoption("--bench-preset")
    return found


class Cases(pytest.Module):
    """The cases of the preset, in the order of the plan."""

    def _getobj(self) -> Any:
        return sys.modules[__name__]

    def collect(self) -> list[pytest.Item]:
        """A test a case. Raises `UsageError` for a preset or a selection that makes no sense."""
        from bench.records import UserError

        try:
            plan, settings = _chosen(self.config)
        except UserError as error:
            raise pytest.UsageError(str(error)) from None
        from bench.measure.machine.facts import facts
        from bench.store import runs

        found = facts()
        self.config.stash[_MACHINE] = {"machine": runs.machine_name(found), "fingerprint": runs.fingerprint(found)}
        made: list[pytest.Item] = []
        for item in plan.planned:
            test = pytest.Function.from_parent(self, name=item.case.key, callobj=_test(item, settings))
            test.add_marker(pytest.mark.benchmark(group=item.case.workload, timer=drained_counter, disable_gc=True))
            made.append(test)
        return made


def _chosen(config: pytest.Config) -> tuple[Plan, Settings]:
    from bench.jobs.choice import Choice

    chosen = Choice(config.getoption("--bench-select"), _asked(config), [], [], config.getoption("--bench-workloads"))
    chosen.plan(("cpu",))  # what makes no sense is refused at once, and not after the import of torch
    from bench.measure.devices import available

    devices = tuple(name for name, why_not in available().items() if not why_not)
    return chosen.plan(devices), chosen.settings({})


def _nothing() -> None:
    """No device has anything left to do."""


_drain: Callable[[], None] = _nothing
"""Of the device whose case is being timed."""


def drained_counter() -> float:
    """`time.perf_counter` once the device has nothing left to do: both ends of a round are synchronised."""
    from time import perf_counter

    _drain()
    return perf_counter()


def _test(planned: Planned, settings: Settings) -> Callable[..., None]:
    """The test of a case; a function of its own, whose only fixture is pytest-benchmark's."""

    def test(benchmark: Any, request: pytest.FixtureRequest) -> None:
        others = [item for item in request.session.items if isinstance(item.parent, Cases) and _compiles(item.name)]
        if _compiles(planned.case.key) and len(others) > 1:
            pytest.skip("a compiled case wants a process of its own: `bench run`, or -k with this case alone")
        _time(benchmark, planned, settings, request.config.getoption("--bench-rounds"))

    return test


def _compiles(key: str) -> bool:
    from bench.measure.modes import NEEDS_COMPILER
    from bench.records import Case

    return Case.from_key(key)["mode"] in NEEDS_COMPILER


def _time(benchmark: Any, planned: Planned, settings: Settings, rounds: int) -> None:
    """Open the case as a worker does, let pytest-benchmark time it, hold it to its answer once more."""
    global _drain
    from bench.measure.case_session import Session
    from bench.measure.timing.clocks import wall
    from bench.measure.timing.garbage_collector import quiet_garbage, settle_garbage
    from bench.protocol import Open
    from bench.series import STEP, Series

    key = planned.case.key
    with _as_before(), _outcomes():
        _set_threads(planned.case["threads"])
        session = Session(Open(key, planned.source, settings, count=False), wall, lambda stage: None)
        try:
            session.open()
            settle_garbage()
            steps, prepared = session.timer.steps[Series(STEP, "wall")], session.prepared
            _drain = session.device.drain
            reset = _returning_nothing(prepared.reset) if prepared.reset else None
            with quiet_garbage():
                benchmark.pedantic(prepared.step, setup=reset, rounds=rounds, iterations=steps, warmup_rounds=1)
            learned = session.finish()
            benchmark.extra_info[OURS] = {
                "key": key,
                "relative_error": learned["error_after"],
                "threads": session.facts["threads"],
            }
        except BaseException:
            # What was timed of a wrong answer, or of part of the rounds, is no time: neither printed nor written.
            benchmark.has_error = True
            if benchmark.stats is not None:
                benchmark.stats.stats.data.clear()
            raise
        finally:
            _drain = _nothing
            session.release()


@contextmanager
def _as_before() -> Iterator[None]:
    """Give the process back as it was: other tests share its threads, its dice, its collector and torch's settings."""
    import gc
    import random

    import numpy as np
    import torch

    threads, collects, tf32 = torch.get_num_threads(), gc.isenabled(), torch.backends.cudnn.allow_tf32
    dice = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        yield
    finally:
        gc.unfreeze()
        (gc.enable if collects else gc.disable)()
        torch.set_num_threads(threads)
        torch.backends.cudnn.allow_tf32 = tf32
        random.setstate(dice[0])
        np.random.set_state(dice[1])
        torch.set_rng_state(dice[2])


def _returning_nothing(call: Callable[[], Any]) -> Callable[[], None]:
    """pytest-benchmark would hand on what a setup returns as the arguments of the step."""

    def called() -> None:
        call()

    return called


def _set_threads(wanted: Any) -> None:
    import torch

    from bench.measure.machine.cores import physical_cores

    torch.set_num_threads(physical_cores() if wanted == "physical" else int(wanted))


@contextmanager
def _outcomes() -> Iterator[None]:
    """What a case raises, as pytest's own outcomes: skipped, failed without a traceback where it is wrong."""
    from bench.measure.dispatcher import outcome_of
    from bench.records import Outcome

    try:
        yield
    except Exception as error:  # the user's code may raise anything; each kind becomes a named outcome
        outcome, reason = outcome_of(error)
        if outcome is Outcome.SKIPPED:
            pytest.skip(reason)
        if outcome in (Outcome.WRONG, Outcome.OOM):
            pytest.fail(f"{outcome.value}: {reason}", pytrace=False)
        raise
