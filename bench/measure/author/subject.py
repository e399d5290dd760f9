"""What the contract is checked on: one case of a workload, prepared here as a session prepares it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bench.measure.author.answers import Judge
from bench.measure.author.context import CaseContext
from bench.measure.author.import_workload import make_of
from bench.measure.author.seeding import seed_everything
from bench.measure.author.step_watch import StepWatch
from bench.measure.author.tolerance import tolerance_of
from bench.measure.author.usable import usable_dtype, usable_mode
from bench.measure.devices import device_for
from bench.measure.settings.process_settings import Snapshot, snapshot
from bench.measure.timing.clocks import wall
from bench.records import Case, Settings, Source
from bench.workload import Prepared


@dataclass
class Subject:
    """The case that is checked: how to prepare it, and the result of preparing it once."""

    prepare: Callable[[], Prepared]
    prepared: Prepared
    tolerance: float
    explain: Callable[[Prepared, float], str] = lambda prepared, error: ""
    """What explains a relative error that is too large; empty where nothing does."""
    watch: StepWatch = field(default_factory=StepWatch)
    """Awaits the steps of coroutines."""
    found: Snapshot = field(default_factory=snapshot)
    """What the process was set to before, and what the case declares to run under."""
    readings: list[tuple[int, int]] = field(default_factory=list, init=False)
    """Living objects and bytes before and after the last `ROUND_CALLS` calls whose answers were checked."""

    def reset(self) -> None:
        """Do what comes before each step and each phase."""
        if self.prepared.reset is not None:
            self.prepared.reset()

    def call(self) -> Any:
        """One step, after its reset."""
        self.reset()
        return self.prepared.step()


def subject_of(key: str, source: Source, settings: Settings) -> Subject:
    """Prepare the case once. Raises what its code raises, and `Skip` where it cannot run here."""
    case, found = Case.from_key(key), snapshot()
    make, declared = make_of(source)
    device = device_for(str(case["device"]), wall)
    dtype, mode = usable_dtype(case, declared), usable_mode(case, declared)
    own_axes = {axis: value for axis, value in case.params if axis in declared.axes}

    def prepare() -> Prepared:
        seed_everything(settings.seed, case.workload)
        made = make(CaseContext(device.torch_device, dtype, mode, settings.seed, key, runs_under), **own_axes)
        if not isinstance(made, Prepared):
            raise TypeError(f"a workload returns Prepared(step=…, check=…, work=…), not {type(made).__name__}")
        return watch.ready(made, mode)

    watch, runs_under = StepWatch(), dict[str, Any]()
    prepared, judge = prepare(), Judge(dtype, device, mode, own_axes)
    tolerance = tolerance_of(dtype, prepared.compute_dtype)
    return Subject(prepare, prepared, tolerance, judge.what_to_declare, watch, {**found, **runs_under})
