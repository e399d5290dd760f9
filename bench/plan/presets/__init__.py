"""Presets: named choices of cases. The built-in ones are the TOML files beside this module."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from bench.plan.error_messages import near
from bench.plan.presets.checked_toml import Table, read_text
from bench.plan.presets.durations import parse_duration
from bench.plan.presets.preset_file import Exclusion, Preset, Rule, preset
from bench.records import UserError

__all__ = ["Defaults", "Exclusion", "Preset", "Rule", "builtin", "defaults", "load", "parse_duration"]


@dataclass(frozen=True)
class Defaults:
    """Defaults for every run in a project, from its `[tool.coursebench]`."""

    preset: str | None = None
    workloads: tuple[Path, ...] = ()


def builtin() -> tuple[str, ...]:
    """The names of the built-in presets."""
    return tuple(sorted(_builtin_files()))


def load(name: str, folder: Path) -> Preset:
    """Load the preset of that name, or in that file.

    A name with a slash or ending in `.toml` is a file, relative to `folder`. Any other is looked up in
    `[tool.coursebench.presets.NAME]` of the nearest pyproject.toml at or above `folder`, so that a project can have a
    `ci` of its own, then among the built-in ones. Raises `UserError` with file and line for any error in it.
    """
    if name.endswith(".toml") or "/" in name:
        path = folder / name
        return preset(path.stem, Table.parse(name, read_text(path)))
    project = _project(folder)
    own = project.table("presets") if project else None
    if own and name in own.data:
        return preset(name, own.table(name))
    ours = _builtin_files()
    if name in ours:
        return preset(name, Table.parse(ours[name].name, ours[name].read_text(encoding="utf-8")))
    raise UserError(f"there is no preset '{name}'{near(name, [*ours, *(own.data if own else ())])}")


def defaults(folder: Path) -> Defaults:
    """The `preset` and `workloads` of the nearest pyproject.toml at or above `folder`; files are relative to it."""
    path = _pyproject(folder)
    table = _project(folder)
    if path is None or table is None:
        return Defaults()
    return Defaults(
        preset=table.text("preset") or None,
        workloads=tuple(path.parent / item for item in table.texts("workloads")),
    )


def _builtin_files() -> dict[str, Traversable]:
    return {item.name.removesuffix(".toml"): item for item in files(__name__).iterdir() if item.name.endswith(".toml")}


def _pyproject(folder: Path) -> Path | None:
    here = folder.absolute()
    return next((path for each in (here, *here.parents) if (path := each / "pyproject.toml").is_file()), None)


def _project(folder: Path) -> Table | None:
    """The `[tool.coursebench]` of the nearest pyproject.toml, its keys checked; None if there is no such file."""
    path = _pyproject(folder)
    if path is None:
        return None
    table = Table.parse(str(path), read_text(path)).table("tool").table("coursebench")
    table.only(("preset", "workloads", "presets", "gate"))
    return table
