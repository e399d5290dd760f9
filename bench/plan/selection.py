"""Chooses the cases of a run: what the preset proposes, narrowed and changed by what the user asked for."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace

from bench.plan import case_grids
from bench.plan.axis_values import Assign
from bench.plan.case_grids import Grid
from bench.plan.case_order import place
from bench.plan.case_patterns import Pattern, has_axis, values_for
from bench.plan.catalog import Catalog, Workload
from bench.plan.error_messages import near
from bench.plan.presets import Preset
from bench.records import UNIVERSAL_AXES, Case, Planned, UserError, Value, value_from_text


@dataclass(frozen=True)
class Plan:
    """The cases of a run in the order they are listed, and notes for the user about the choice."""

    planned: tuple[Planned, ...]
    notes: tuple[str, ...]


def choose(
    catalog: Catalog,
    preset: Preset,
    select: Sequence[str] = (),
    sets: Sequence[str] = (),
    exclude: Sequence[str] = (),
    devices: Sequence[str] = ("cpu",),
) -> Plan:
    """Make the plan of a run.

    select: keys, whole or in part, names of workloads, and globs on them; empty means all that the preset proposes.
    sets: `axis=v1,v2`, in place of the values of the chosen cases, for each workload that has the axis. A workload that
        has none of the set axes is left out.
    exclude: globs and keys, whole or in part, to leave out, in addition to the preset's own.
    devices: those of this machine, used if neither the preset nor the user names any; a rule that `needs` another
        device is left out.
    Raises `UserError` for unknown names, axes and values, and if no case is left.
    """
    notes: list[str] = []
    assigned = _assigned(sets, catalog)
    rules = [rule for rule in preset.rules if not rule.needs or rule.needs in devices]
    chosen = _selected(catalog, replace(preset, rules=tuple(rules)), select)
    kept = _with_axes(chosen, assigned, notes)
    cases = {case.key: case for grid in kept for case in grid.cases(devices)}
    if not cases:
        raise UserError("there is nothing to run: no device was given")
    asked = {case.key for grid in kept if grid.asked for case in grid.cases(devices)}
    theirs = [Pattern.parse(item.pattern, item.origin) for item in preset.exclude]
    left = _without(cases.values(), theirs, catalog, spared=asked)
    yours = [Pattern.parse(text, "--exclude: ") for text in exclude]
    left = _without(left, yours, catalog, notes=notes)
    ordered = sorted(left, key=lambda case: place(case, catalog[case.workload]))
    return Plan(tuple(Planned(case, catalog[case.workload].source) for case in ordered), tuple(notes))


def _assigned(sets: Sequence[str], catalog: Catalog) -> list[Assign]:
    """The `--set` arguments; the values of an axis given twice are put together."""
    values: dict[str, list[Value]] = {}
    texts: dict[str, str] = {}
    for text in sets:
        axis, _, given = (part.strip() for part in text.partition("="))
        words = [word.strip() for word in given.split(",")]
        if not axis or not all(words):
            raise UserError(f"--set {text}: give an axis and its values, as in --set size=64,256")
        known = dict.fromkeys([*(own for each in catalog.values() for own in each.axes), *UNIVERSAL_AXES])
        if axis not in known:
            raise UserError(f"--set {text}: no workload has an axis '{axis}'{near(axis, known)}")
        values.setdefault(axis, []).extend(value_from_text(word) for word in words)
        texts[axis] = f"{texts[axis]},{given}" if axis in texts else f"--set {axis}={given}"
    return [Assign(axis, tuple(values[axis]), f"{texts[axis]}: ") for axis in values]


def _selected(catalog: Catalog, preset: Preset, select: Sequence[str]) -> list[Grid]:
    if not catalog:
        raise UserError("there is nothing to run: no workload was found")
    if not select:
        found = [grid for rule in preset.rules for grid in case_grids.of_rule(rule, preset, catalog)]
        if not found:
            raise UserError(f"there is nothing to run: preset '{preset.name}' chooses no case")
        return found
    return [grid for text in select for grid in _of_select(Pattern.parse(text), catalog, preset)]


def _of_select(pattern: Pattern, catalog: Catalog, preset: Preset) -> list[Grid]:
    workloads = pattern.chosen(catalog)
    if pattern.stated is not None:
        return [case_grids.of_key(pattern, workload) for workload in workloads]
    found: list[Grid] = []
    for workload in workloads:
        # Rules about other workloads are not read here, so an error in them does not matter.
        about = [rule for rule in preset.rules if workload in catalog.matching(Pattern.parse(rule.select).name)]
        proposed = [grid for rule in about for grid in case_grids.of_rule(rule, preset, catalog)]
        found += [grid for grid in proposed if grid.workload is workload] or [case_grids.of_quick(workload)]
    return found


def _with_axes(chosen: Sequence[Grid], assigned: Sequence[Assign], notes: list[str]) -> list[Grid]:
    """The grids with each assigned axis where the workload has it.

    Workloads that have none of the axes are left out, and named in a note: to set an axis is to ask for the cases that
    have it. Raises `UserError` for an axis that no workload has.
    """
    own = [assign.axis for assign in assigned if assign.axis not in UNIVERSAL_AXES]
    kept = [grid for grid in chosen if not own or any(has_axis(grid.workload, axis) for axis in own)]
    for assign in assigned:
        if not any(has_axis(grid.workload, assign.axis) for grid in chosen):
            nothing = "" if kept else "there is nothing to run: "
            raise UserError(
                f"{nothing}no chosen workload has the axis '{assign.axis}' of --set; "
                f"chosen: {', '.join(_names(grid.workload for grid in chosen))}"
            )
    if lacking := _names(grid.workload for grid in chosen if grid not in kept):
        count = "1 workload" if len(lacking) == 1 else f"{len(lacking)} workloads"
        axes = "the axis" if len(own) == 1 else "any of the axes"
        notes.append(f"{count} without {axes} {', '.join(map(repr, own))} left out: {', '.join(lacking)}")
    return [grid.but([each for each in assigned if has_axis(grid.workload, each.axis)]) for grid in kept]


def _without(
    cases: Iterable[Case],
    patterns: Sequence[Pattern],
    catalog: Catalog,
    spared: Container[str] = (),
    notes: list[str] | None = None,
) -> list[Case]:
    """The cases no pattern excludes, or whose key is spared; a pattern that excludes nothing gets a note."""
    left = list(cases)
    for pattern in patterns:
        excluded = _stated_by_workload(pattern, catalog)
        before = len(left)
        left = [case for case in left if case.key in spared or not _agrees(case, excluded.get(case.workload))]
        if not left:
            which = "the one case" if before == 1 else f"all {before} cases"
            raise UserError(f"there is nothing to run: {pattern.origin}'{pattern.text}' excludes {which} left")
        if len(left) == before and notes is not None:
            notes.append(f"{pattern.origin}'{pattern.text}' excludes nothing that was chosen")
    return left


def _stated_by_workload(pattern: Pattern, catalog: Catalog) -> dict[str, dict[str, tuple[Value, ...]]]:
    """For each workload that the pattern matches, the axis values a case must have to be excluded."""
    workloads = pattern.workloads(catalog)
    axes = list(pattern.stated or {})
    fitting = [each for each in workloads if all(has_axis(each, axis) for axis in axes)]
    if not fitting:
        for axis in axes:
            origin = f"{pattern.origin}'{pattern.text}': "
            values_for(workloads[0], Assign(axis, ((pattern.stated or {})[axis],), origin))
    return {workload.name: pattern.literal(workload) for workload in fitting}


def _agrees(case: Case, stated: dict[str, tuple[Value, ...]] | None) -> bool:
    return stated is not None and all(case[axis] in values for axis, values in stated.items())


def _names(workloads: Iterable[Workload]) -> list[str]:
    return sorted({workload.name for workload in workloads})
