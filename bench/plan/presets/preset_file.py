"""Turns the TOML of a preset into a `Preset`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bench.plan.axis_values import DEVICES, Assign
from bench.plan.presets.checked_toml import Table
from bench.plan.presets.durations import parse_duration
from bench.records import Settings, UserError

Setting = int | float

_RULE_KEYS = ("select", "set", "needs")
_SWEEPS = ("quick", "all")


@dataclass(frozen=True)
class Rule:
    """One `[[cases]]` table: which workloads, and the values of some of their axes."""

    select: str
    sets: tuple[Assign, ...] = ()
    origin: str = ""
    """The beginning of an error about it: `mine.toml:7: `."""
    needs: str = ""
    """The device that the rule needs; on other machines it is ignored, instead of listing each case as skipped."""


@dataclass(frozen=True)
class Exclusion:
    """One item of `exclude`, and its place in the file."""

    pattern: str
    origin: str = ""


@dataclass(frozen=True)
class Preset:
    """A named choice of cases, and settings to run them with."""

    name: str
    title: str = ""
    sweep: str = "quick"
    """Values of an axis that no rule sets: its `quick` ones, or `all`."""
    settings: Mapping[str, Setting] | None = None
    """Replacements for fields of `records.Settings`."""
    rules: tuple[Rule, ...] = (Rule("*"),)
    exclude: tuple[Exclusion, ...] = ()
    path: str = ""
    """The file it was read from."""

    @property
    def overrides(self) -> dict[str, Any]:
        """The settings, ready for `dataclasses.replace(Settings(), **preset.overrides)`."""
        return dict(self.settings or {})


def preset(name: str, table: Table) -> Preset:
    """Read the preset of a table; without `[[cases]]` it takes every workload. Raises `UserError` with the line."""
    table.only(("title", "sweep", *_SETTINGS, "exclude", "cases"))
    sweep = table.text("sweep", _SWEEPS[0])
    if sweep not in _SWEEPS:
        raise table.fault(f"sweep must be 'quick' or 'all', not {sweep!r}", "sweep")
    rules = tuple(_rule(each) for each in table.tables("cases"))
    return Preset(
        name=name,
        title=table.text("title"),
        sweep=sweep,
        settings=_settings(table),
        rules=rules or (Rule("*", origin=table.origin()),),
        exclude=tuple(Exclusion(item, table.origin("exclude")) for item in table.texts("exclude")),
        path=table.label,
    )


def _rule(table: Table) -> Rule:
    table.only(_RULE_KEYS)
    select = table.text("select")
    if not select:
        raise table.fault("a [[cases]] table needs 'select': a glob such as 'matmul/*', or a key", "select")
    chosen = table.table("set")
    sets = tuple(Assign(axis, chosen.values(axis), chosen.origin(axis)) for axis in chosen.data)
    needs = table.text("needs")
    if needs and needs not in DEVICES:
        raise table.fault(f"needs names a device ({', '.join(DEVICES)}), not {needs!r}", "needs")
    return Rule(select, sets, table.origin("select"), needs)


def _settings(table: Table) -> dict[str, Setting]:
    settings: dict[str, Setting] = {}
    for key, (field, read) in _SETTINGS.items():
        if key in table.data:
            try:
                settings[field] = read(table.data[key])
            except UserError as error:
                raise table.fault(f"'{key}': {error}", key) from None
    # A missing key keeps its default, which the other key must agree with.
    low = settings.get("min_launches", Settings.min_launches)
    high = settings.get("max_launches", Settings.max_launches)
    if low > high:
        key = "min_launches" if "min_launches" in settings else "max_launches"
        raise table.fault(f"min_launches is {low}, above max_launches, which is {high}: set both", key)
    return settings


def _whole(least: int) -> Callable[[object], Setting]:
    def read(value: object) -> Setting:
        if type(value) is not int or value < least:
            raise UserError(f"a whole number from {least} up, not {value!r}")
        return value

    return read


def _share(value: object) -> Setting:
    if not isinstance(value, float) or not 0 < value < 1:
        raise UserError(f"a number between 0 and 1, as 0.02 for ±2 %, not {value!r}")
    return value


def _seconds(value: object) -> Setting:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UserError(f'a duration such as "90s" or a number of seconds, not {value!r}')
    return parse_duration(value if isinstance(value, str) else f"{value:f}" if isinstance(value, float) else str(value))


_SETTINGS: Mapping[str, tuple[str, Callable[[object], Setting]]] = {
    "launches": ("launches", _whole(1)),
    "min_launches": ("min_launches", _whole(1)),
    "max_launches": ("max_launches", _whole(1)),
    "precision": ("precision", _share),
    "visits": ("visits", _whole(1)),
    "blocks": ("blocks", _whole(2)),  # the first block of a visit is left out: with one there would be none
    "timeout": ("timeout_s", _seconds),
    "budget": ("budget_s", _seconds),
}
"""Key of a preset → the field of `records.Settings` it sets, and how its value is read."""
