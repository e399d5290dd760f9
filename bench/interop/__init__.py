"""Files of other tools: one module a format, its reader beside its writer.

    for execution in interop.read(Path("0001_abc.json")):
        print(execution.commit, len(execution.benchmarks))

A format module has `NAME`, `is_it(path)` and `read(path)`. To add one, write it and put it into `FORMATS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from bench.interop import asv, github_action, pyperf, pytest_benchmark, tidy
from bench.interop.foreign import Execution
from bench.records import UserError


class Format(Protocol):
    """What a module of a format offers."""

    NAME: str

    def is_it(self, path: Path) -> bool:
        """Does this look like one of its files or folders?"""

    def read(self, path: Path) -> list[Execution]:
        """Its executions. Raises `UserError` where it is damaged or something else."""


FORMATS: Mapping[str, Format] = {item.NAME: item for item in (pytest_benchmark, pyperf, asv, github_action, tidy)}


def read(
    path: Path, tool: str | None = None, *, unit: str = "", higher_is_better: bool = False
) -> list[Execution]:  # fmt: skip
    """The executions in a file or folder of another tool; its kind is found out where `tool` does not name it.

    unit, higher_is_better: of the values of a plain CSV. Raises `UserError` where there is no such file, where it is
    none that can be read, or where it is damaged.
    """
    if not path.exists():
        raise UserError(f"{path} is not there")
    if tool is not None and tool not in FORMATS:
        raise UserError(f"no format '{tool}'; there are: {', '.join(FORMATS)}")
    chosen = FORMATS[tool] if tool else next((item for item in FORMATS.values() if item.is_it(path)), None)
    if chosen is tidy:
        return tidy.read(path, unit, higher_is_better)
    if chosen is not None and (path.is_file() or chosen is asv):
        return chosen.read(path)
    if path.is_dir():
        return _read_folder(path, tool, unit, higher_is_better)
    raise UserError(f"{path} is no file of {', '.join(FORMATS)}; name its kind with --from, if it is one after all")


def _read_folder(path: Path, tool: str | None, unit: str, higher_is_better: bool) -> list[Execution]:
    """All files of one kind below a folder, by their names: `.benchmarks/` of pytest-benchmark is such a one."""
    files = [each for each in sorted(path.rglob("*")) if each.is_file()]
    if tool is None:
        files = [each for each in files if any(item.is_it(each) for item in FORMATS.values())]
    if not files:
        raise UserError(f"{path} holds no file of {', '.join(FORMATS)}")
    return [
        found for each in files for found in read(each, tool, unit=unit, higher_is_better=higher_is_better)
    ]  # fmt: skip
