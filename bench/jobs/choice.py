"""What is to be measured: the user's words, the presets, and the machine's devices, turned into a plan."""

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
    from bench.runner.stop import Stop


class Choice:
    """What the user asked to measure, before the machine was looked at."""

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

        select: keys of cases, or globs on names of workloads; all of the preset where empty. moved: where another tree
        has a file or a folder of this one. Raises `UserError` for a preset or a file that cannot be read.
        """
        from bench.plan import catalog, presets

        here = Path.cwd()
        defaults = presets.defaults(here)
        self.select, self.sets, self.exclude = texts(select), assignments(sets), texts(exclude)
        files = [*paths(workloads), *defaults.workloads]
        self.catalog: Catalog = catalog.find(files, moved=moved or catalog.where_it_lies)
        self.preset: Preset = presets.load(preset or defaults.preset or "quick", here)

    def plan(self, devices: tuple[str, ...]) -> Plan:
        """The cases, for a machine with these devices. Raises `UserError` for a selection that makes no sense."""
        from bench.plan.selection import choose

        return choose(self.catalog, self.preset, self.select, self.sets, self.exclude, devices)

    def settings(self, changes: dict[str, Any]) -> Settings:
        """Defaults, changed by the preset, changed by the user."""
        return Settings(**{**self.preset.overrides, **changes})


def overrides(
    launches: int | None = None,
    precision: float | None = None,
    budget: Span = None,
    timeout: Span = None,
    seed: int | None = None,
) -> dict[str, Any]:
    """The settings that the user changes. A precision asks for as many launches as it takes.

    Raises `UserError` for what no run can have.
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


def look(chosen: Choice, stop: Stop) -> tuple[Hello, Plan]:
    """Choose for the devices this machine has; files that do not import are found before anything is written."""
    from bench.runner.machine_probe import look as look_at_machine

    draft = chosen.plan(("cpu",))
    hello = look_at_machine(draft.planned, stop)
    return hello, chosen.plan(devices_of(hello))


def devices_of(hello: Hello) -> tuple[str, ...]:
    """The devices that a machine has."""
    return tuple(name for name in ("cpu", "cuda") if not hello.capabilities[name])
