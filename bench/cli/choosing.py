"""What `bench run` is to measure: the user's words, the presets, and the machine's devices, turned into a plan."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.cli.options import TableFormat
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
        select: list[str],
        preset: str | None,
        sets: list[str],
        exclude: list[str],
        workloads: list[Path],
        moved: Callable[[Path], Path] | None = None,
    ) -> None:
        """moved: where another tree has a file or a folder of this one."""
        from bench.plan import catalog, presets

        here = Path.cwd()
        defaults = presets.defaults(here)
        self.select, self.sets, self.exclude = select, sets, exclude
        self.catalog: Catalog = catalog.find([*workloads, *defaults.workloads], moved=moved or catalog.where_it_lies)
        self.preset: Preset = presets.load(preset or defaults.preset or "quick", here)

    def plan(self, devices: tuple[str, ...]) -> Plan:
        """The cases, for a machine with these devices. Raises `UserError` for a selection that makes no sense."""
        from bench.plan.selection import choose

        return choose(self.catalog, self.preset, self.select, self.sets, self.exclude, devices)

    def settings(self, changes: dict[str, Any]) -> Settings:
        """Defaults, changed by the preset, changed by the command line."""
        return Settings(**{**self.preset.overrides, **changes})


def overrides(
    launches: int | None, precision: float | None, budget: str | None, timeout: str | None, seed: int | None
) -> dict[str, Any]:
    """The settings that the command line changes. A precision asks for as many launches as it takes."""
    from bench.plan.presets import parse_duration

    changes: dict[str, Any] = {
        "launches": launches,
        "precision": precision,
        "budget_s": parse_duration(budget) if budget else None,
        "timeout_s": parse_duration(timeout) if timeout else None,
        "seed": seed,
    }
    changes = {name: value for name, value in changes.items() if value is not None}
    return {"launches": None, **changes} if "precision" in changes and "launches" not in changes else changes


def look(chosen: Choice, stop: Stop) -> tuple[Hello, Plan]:
    """Choose for the devices this machine has; files that do not import are found before anything is written."""
    from bench.runner.machine_probe import look as look_at_machine

    draft = chosen.plan(("cpu",))
    hello = look_at_machine(draft.planned, stop)
    devices = tuple(name for name in ("cpu", "cuda") if not hello.capabilities[name])
    return hello, chosen.plan(devices)


def preview(plan: Plan, settings: Settings, hello: Hello, format_: TableFormat) -> str:
    """The cases in order, and how long they may take; as one JSON object where that is asked for."""
    import json
    from dataclasses import asdict

    from bench.plan.run_duration import estimate
    from bench.present.words.units import seconds
    from bench.store import runs, tables

    found = estimate(plan.planned, settings, tables.past_costs(runs.RESULTS, runs.fingerprint(hello.facts)))
    cases = [item.case.key for item in plan.planned]
    if format_ is TableFormat.JSON:
        return json.dumps({"cases": cases, "estimate": asdict(found)})
    count = "1 case" if len(cases) == 1 else f"{len(cases)} cases"
    span = f"about {seconds(found.likely_s)}, between {seconds(found.low_s)} and {seconds(found.high_s)}"
    basis = f"{found.measured} measured here before, {found.guessed} guessed"
    if found.guessed:
        basis += " as if their steps were short: long steps take more than this says"
    return "\n".join([*cases, f"{count}, {span} ({basis})"])
