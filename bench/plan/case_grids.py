"""Grids: a workload with the values of each axis, whose product is cases. Made by preset rules and by selections."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bench.plan.axis_values import Assign
from bench.plan.case_patterns import Pattern, has_axis, values_for
from bench.plan.catalog import Catalog, Workload
from bench.plan.error_messages import near
from bench.plan.presets import Preset, Rule
from bench.records import UNIVERSAL_AXES, Case, UserError, Value

_UNIVERSAL = {axis: (value,) for axis, value in UNIVERSAL_AXES.items() if axis != "device"}


@dataclass(frozen=True)
class Grid:
    """The values of each axis of one workload. Without `device`, it covers every device of the machine."""

    workload: Workload
    values: Mapping[str, tuple[Value, ...]]
    asked: bool = False
    """Whether the user named this case; then the exclusions of the preset do not apply."""

    def but(self, sets: Sequence[Assign]) -> Grid:
        """The same grid with the values of some axes replaced."""
        changed = {each.axis: values_for(self.workload, each) for each in sets}
        return replace(self, values={**self.values, **changed})

    def cases(self, devices: Sequence[str]) -> Iterator[Case]:
        """The product of the values."""
        values = {"device": tuple(devices), **self.values}
        for chosen in itertools.product(*values.values()):
            yield Case.of(self.workload.name, dict(zip(values, chosen, strict=True)))


def of_key(pattern: Pattern, workload: Workload) -> Grid:
    """The one case of a key: missing axes have their defaults, the device too."""
    values = {**_defaults(workload), **_UNIVERSAL, "device": (UNIVERSAL_AXES["device"],), **pattern.literal(workload)}
    return Grid(workload, values, asked=True)


def of_quick(workload: Workload) -> Grid:
    """The quick sweep of a workload, for presets that say nothing about it."""
    return Grid(workload, {**workload.quick, **_UNIVERSAL})


def of_rule(rule: Rule, preset: Preset, catalog: Catalog) -> list[Grid]:
    """The grids of one `[[cases]]` table, without the workloads that lack an axis it sets.

    Raises `UserError` if it selects nothing, or sets an axis that none of its workloads has.
    """
    pattern = Pattern.parse(rule.select, rule.origin)
    workloads = pattern.chosen(catalog)
    for assign in rule.sets:
        if not any(has_axis(workload, assign.axis) for workload in workloads):
            known = dict.fromkeys(axis for workload in workloads for axis in (*workload.axes, *UNIVERSAL_AXES))
            which = f"no workload of '{rule.select}' has" if len(workloads) > 1 else f"{workloads[0].name} has no"
            raise UserError(f"{assign.origin}{which} axis '{assign.axis}'{near(assign.axis, known)}")
    fitting = [each for each in workloads if all(has_axis(each, assign.axis) for assign in rule.sets)]
    return [_in_rule(pattern, workload, preset.sweep).but(rule.sets) for workload in fitting]


def _in_rule(pattern: Pattern, workload: Workload, sweep: str) -> Grid:
    if pattern.stated is not None:
        return Grid(workload, {**_defaults(workload), **_UNIVERSAL, **pattern.literal(workload)})
    return Grid(workload, {**(workload.axes if sweep == "all" else workload.quick), **_UNIVERSAL})


def _defaults(workload: Workload) -> dict[str, tuple[Value, ...]]:
    return {axis: (value,) for axis, value in workload.defaults.items()}
