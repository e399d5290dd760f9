"""What to measure: a plan from the user's arguments, the presets and the machine's devices."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.jobs.arguments import Paths, Sets, Span, Texts, assignments, paths, refuse_outside, seconds_of, texts
from bench.records import Settings

if TYPE_CHECKING:
    from bench.plan.catalog import Catalog
    from bench.plan.presets import Preset
    from bench.plan.selection import Plan
    from bench.protocol import Hello
    from bench.runner.stop_request import Stop
    from bench.runner.worker_pool import WorkerPool


class Choice:
    """What the user asked to measure, before the devices of the machine are known."""

    def __init__(
        self,
        select: Texts = (),
        preset: str | None = None,
        sets: Sets = (),
        exclude: Texts = (),
        workloads: Paths = (),
        moved: Callable[[Path], Path] | None = None,
    ) -> None:
        """Read the catalog and the preset.

        select: keys of cases, or globs on names of workloads; empty means all of the preset. moved: maps a file or
        folder of this tree to another tree. Raises `UserError` for a preset or a file that cannot be read.
        """
        from bench.plan import catalog, presets

        here = Path.cwd()
        defaults = presets.defaults(here)
        self.select, self.sets, self.exclude = texts(select), assignments(sets), texts(exclude)
        files = [*paths(workloads), *defaults.workloads]
        self.catalog: Catalog = catalog.find(files, moved=moved or catalog.where_it_lies)
        self.preset: Preset = presets.load(preset or defaults.preset or "quick", here)
        self._budgeted = preset is not None or not self.select

    def plan(self, devices: tuple[str, ...]) -> Plan:
        """The cases for a machine with these devices. Raises `UserError` for an invalid selection."""
        from bench.plan.selection import choose

        return choose(self.catalog, self.preset, self.select, self.sets, self.exclude, devices)

    def settings(self, changes: dict[str, Any]) -> Settings:
        """The default settings, changed by the preset, then by the user.

        The budget of a preset is meant for the cases that it proposes: cases that the user selects without naming a
        preset have none.
        """
        preset = {name: value for name, value in self.preset.overrides.items() if self._budgeted or name != "budget_s"}
        return Settings(**{**preset, **changes})


def overrides(
    launches: int | None = None,
    precision: float | None = None,
    budget: Span = None,
    timeout: Span = None,
    seed: int | None = None,
) -> dict[str, Any]:
    """The settings that the user changes. With a precision, launches are added until it is reached.

    Raises `UserError` for values that no run can have.
    """
    refuse_outside(1, launches=launches)
    refuse_outside(0.0001, 1, precision=precision)
    changes: dict[str, Any] = {
        "launches": launches,
        "precision": precision,
        "budget_s": seconds_of(budget),
        "timeout_s": seconds_of(timeout),
        "seed": seed,
    }
    changes = {name: value for name, value in changes.items() if value is not None}
    return {"launches": None, **changes} if "precision" in changes and "launches" not in changes else changes


def look(chosen: Choice, stop: Stop, pool: WorkerPool | None = None) -> tuple[Hello, Plan]:
    """Choose cases for the devices of this machine. Files that do not import are found before anything is written.

    pool: keeps the worker that looked, for the first launch.
    """
    from bench.runner.machine_probe import look as look_at_machine

    draft = chosen.plan(("cpu",))
    hello = look_at_machine(draft.planned, stop, pool=pool)
    return hello, chosen.plan(devices_of(hello))


def devices_of(hello: Hello) -> tuple[str, ...]:
    """The devices that a machine has."""
    from bench.plan.axis_values import DEVICES

    return tuple(name for name in DEVICES if hello.capabilities.get(name) == "")
