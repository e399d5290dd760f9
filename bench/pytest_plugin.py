"""Cases of coursebench as tests of pytest-benchmark: `pytest --bench-preset quick --benchmark-json=x.json`.

Each case is prepared, checked, warmed up and calibrated as a worker does it, timed by pytest-benchmark in rounds of n
steps with the device drained at both ends, and checked again. All of this happens in pytest's own process, so rounds
are not launches, and `bench import` says so. A session that does not ask for it imports and changes nothing.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from bench.plan.selection import Plan
    from bench.records import Planned, Settings

OURS = "coursebench"
"""The entry of pytest-benchmark's JSON for what it has no place for itself."""

_MACHINE = pytest.StashKey[dict[str, Any]]()
"""Name, fingerprint and placement, taken before any case: some cases change torch's settings for the whole process."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, in a group of their own."""
    group = parser.getgroup(OURS, "cases of an introductory PyTorch course, timed by pytest-benchmark")
    group.addoption(
        "--bench-preset",
        metavar="NAME",
        help="time the cases of this preset (quick, ci, lecture, full); without paths, these are the only tests",
    )
    group.addoption(
        "--bench-select", metavar="SELECT", action="append", default=[], help="only matching cases; repeatable"
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
        "--bench-rounds", metavar="N", type=int, default=20, help="rounds per case, after one that is left out"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Turn timing on where a project turns it off, and have idle threads sleep, if torch is not imported yet.

    Without paths the cases are the only tests; with paths the tests there are collected as well.
    """
    if _asked(config) is None:
        for option in ("--bench-select", "--bench-workloads"):
            if config.getoption(option):
                raise pytest.UsageError(f"{option} needs --bench-preset: it chooses among the cases of a preset")
        return
    _have_own_package()
    if not config.pluginmanager.hasplugin("benchmark"):
        raise pytest.UsageError("--bench-preset needs pytest-benchmark: pip install pytest-benchmark")
    if config.getoption("--bench-rounds") < 1:
        raise pytest.UsageError("--bench-rounds must be at least 1")
    if "--benchmark-disable" not in config.invocation_params.args:
        config.option.benchmark_enable = True  # overrides addopts of a project that only tests its benchmarks
    if "torch" not in sys.modules:
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args[:] = []


def _have_own_package() -> None:
    """Import our `bench`, not what a project or the folder of the session has of that name.

    Raises `UsageError` where that was imported already.
    """
    own = Path(__file__).resolve().parent
    sys.path.insert(0, str(own.parent))
    try:
        import bench
    finally:
        sys.path.remove(str(own.parent))
    if Path(bench.__file__ or "").resolve().parent != own:
        raise pytest.UsageError(
            f"--bench-preset needs coursebench's own `bench`, but {bench.__file__} was imported under that name"
        )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add a test for each case, before other plugins run, so that `-k` and plugins that shuffle see them."""
    if _asked(config) is not None:
        items += Cases.from_parent(session, path=Path(__file__), nodeid=OURS).collect()


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_machine_info(config: pytest.Config, machine_info: dict[str, Any]) -> None:
    """Add the machine's name and fingerprint and where the process may run, as in `run.json`."""
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
        """A test for each case. Raises `UsageError` for an invalid preset or selection."""
        from bench.records import UserError

        try:
            plan, settings = _chosen(self.config)
        except UserError as error:
            raise pytest.UsageError(str(error)) from None
        from bench.analyse.findings.placement import unheld
        from bench.measure.machine.facts import facts
        from bench.protocol.placement import Placement
        from bench.store import runs

        found = facts()
        self.config.stash[_MACHINE] = {
            "machine": runs.machine_name(found),
            "fingerprint": runs.fingerprint(found),
            "placement": found["placement"],
        }
        for said in unheld(Placement.of(found)):
            self.warn(PlacementWarning(said))
        made: list[pytest.Item] = []
        for item in plan.planned:
            test = pytest.Function.from_parent(self, name=item.case.key, callobj=_test(item, settings))
            test.add_marker(pytest.mark.benchmark(group=item.case.workload, timer=drained_counter, disable_gc=True))
            made.append(test)
        return made


def _chosen(config: pytest.Config) -> tuple[Plan, Settings]:
    from bench.jobs.choice import Choice

    chosen = Choice(config.getoption("--bench-select"), _asked(config), [], [], config.getoption("--bench-workloads"))
    chosen.plan(("cpu",))  # an invalid choice is refused at once, not after torch is imported
    from bench.measure.devices import available

    devices = tuple(name for name, why_not in available().items() if not why_not)
    return chosen.plan(devices), chosen.settings({})


def _nothing() -> None:
    """Drain nothing: no device is in use."""


_drain: Callable[[], None] = _nothing
"""Drains the device whose case is being timed."""


def drained_counter() -> float:
    """Read `time.perf_counter` once the device is idle: both ends of a round are synchronised."""
    from time import perf_counter

    _drain()
    return perf_counter()


def _test(planned: Planned, settings: Settings) -> Callable[..., None]:
    """The test of a case: a new function, whose only fixture is pytest-benchmark's."""

    def test(benchmark: Any, request: pytest.FixtureRequest) -> None:
        others = [item for item in request.session.items if isinstance(item.parent, Cases) and _compiles(item.name)]
        if _compiles(planned.case.key) and len(others) > 1:
            pytest.skip("a compiled case needs a process of its own: use `bench run`, or -k with this case alone")
        _time(benchmark, planned, settings, request.config.getoption("--bench-rounds"))

    return test


def _compiles(key: str) -> bool:
    from bench.measure.modes import NEEDS_COMPILER
    from bench.records import Case

    return Case.from_key(key)["mode"] in NEEDS_COMPILER


def _time(benchmark: Any, planned: Planned, settings: Settings, rounds: int) -> None:
    """Open the case as a worker does, let pytest-benchmark time it, and check its answer once more."""
    global _drain
    from bench.measure.case_session import Session
    from bench.measure.settings.case_settings import CaseSettings
    from bench.measure.settings.process_settings import snapshot
    from bench.measure.settings.shared_process import as_before
    from bench.measure.timing.clocks import wall
    from bench.measure.timing.garbage_collector import quiet_garbage, settle_garbage
    from bench.protocol import Open
    from bench.series import STEP, Series

    key = planned.case.key
    with as_before(), _outcomes():
        _set_threads(planned.case["threads"])
        own = CaseSettings(snapshot())
        session = Session(Open(key, planned.source, settings, count=False), wall, lambda stage: None)
        own.expect(session.declared)
        try:
            session.open()
            settle_garbage()
            steps, prepared = session.timer.steps[Series(STEP, "wall")], session.prepared
            _drain = session.device.drain
            reset = _returning_nothing(prepared.reset) if prepared.reset else None
            with quiet_garbage():
                benchmark.pedantic(prepared.step, setup=reset, rounds=rounds, iterations=steps, warmup_rounds=1)
            learned = session.finish()
            own.look()
            benchmark.extra_info[OURS] = {
                "key": key,
                "relative_error": learned["error_after"],
                "threads": learned["threads"],
                "cpus": learned["condition"]["cpus"],
                **own.facts(),
            }
            _warn_of(own.facts(), key)
        except BaseException:
            # The times of a wrong answer, or of some of the rounds, must be neither printed nor written.
            benchmark.has_error = True
            if benchmark.stats is not None:
                benchmark.stats.stats.data.clear()
            raise
        finally:
            _drain = _nothing
            session.release()


class PlacementWarning(pytest.PytestWarning):
    """Where the process may run makes the times of its cases doubtful: nothing holds it, as a worker is held."""


class LeakySettingsWarning(pytest.PytestWarning):
    """A case set something for its whole process, and was timed so; it is put back after it."""


def _warn_of(facts: dict[str, Any], key: str) -> None:
    """Warn of what a case set for its process."""
    for name, (was, now) in facts.get("changed_settings", {}).items():
        said = f"{key} set {name} from {was} to {now}, for the whole process, and was timed so; it is put back"
        warnings.warn(LeakySettingsWarning(said), stacklevel=2)


def _returning_nothing(call: Callable[[], Any]) -> Callable[[], None]:
    """`call` without its result, which pytest-benchmark would pass to the step as arguments."""

    def called() -> None:
        call()

    return called


def _set_threads(wanted: Any) -> None:
    import torch

    from bench.measure.machine.cores import physical_cores

    torch.set_num_threads(physical_cores() if wanted == "physical" else int(wanted))


@contextmanager
def _outcomes() -> Iterator[None]:
    """Turn what a case raises into pytest's outcomes: skipped, or failed without a traceback if the answer is wrong."""
    from bench.measure.dispatcher import outcome_of
    from bench.records import Outcome

    try:
        yield
    except Exception as error:  # the user's code may raise anything; each error becomes a named outcome
        outcome, reason = outcome_of(error)
        if outcome is Outcome.SKIPPED:
            pytest.skip(reason)
        if outcome in (Outcome.WRONG, Outcome.OOM):
            pytest.fail(f"{outcome.value}: {reason}", pytrace=False)
        raise
