"""Files of other tools: one module a format, its reader beside its writer.

    for execution in interop.read(Path("0001_abc.json")):
        print(execution.commit, len(execution.benchmarks))

A format module has `NAME`, `is_it(path)` and `read(path)`. To add one, write it and put it into `FORMATS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bench.interop import (
    asv,
    csv_parquet,
    github_action,
    pyperf,
    pytest_benchmark,
)
from bench.interop.execution import Execution
from bench.records import UserError
from bench.store.runs import exists


class Format(Protocol):
    """What a module of a format offers."""

    NAME: str

    def is_it(self, path: Path) -> bool:
        """Does this look like one of its files or folders?"""

    def read(self, path: Path) -> list[Execution]:
        """Its executions. Raises `UserError` where it is damaged or something else."""


FORMATS: Mapping[str, Format] = {
    item.NAME: item for item in (pytest_benchmark, pyperf, asv, github_action, csv_parquet)
}


@dataclass(frozen=True)
class TableHints:
    """What the columns of a plain CSV do not tell by themselves."""

    unit: str = ""
    higher_is_better: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    """Names of columns by role (`columns.ROLES`), and by `value` the one series."""


NO_HINTS = TableHints()


def read(path: Path, tool: str | None = None, plain: TableHints = NO_HINTS) -> list[Execution]:
    """The executions in a file or folder of another tool; its kind is found out where `tool` does not name it.

    plain: about a plain CSV. Raises `UserError` where there is no such file, or it cannot be read.
    """
    if not exists(path):
        raise UserError(f"{path} is not there")
    if ((path if path.is_dir() else path.parent) / "run.json").exists():
        raise UserError(f"{path} is a run of coursebench, which every command reads as it is")
    if tool is not None and tool not in FORMATS:
        raise UserError(f"no format '{tool}'; there are: {', '.join(FORMATS)}")
    chosen = FORMATS[tool] if tool else next((item for item in FORMATS.values() if item.is_it(path)), None)
    if path.is_dir() and chosen is not asv:
        return _read_folder(path, tool, plain)
    if chosen is csv_parquet:
        return csv_parquet.read(path, plain.unit, plain.higher_is_better, plain.columns)
    if chosen is not None:
        return chosen.read(path)
    raise UserError(f"{path} is no file of {', '.join(FORMATS)}; name its kind with --from, if it is one after all")


def _read_folder(path: Path, tool: str | None, plain: TableHints) -> list[Execution]:
    """All files of one kind below a folder, by their names: `.benchmarks/` of pytest-benchmark is such a one."""
    files = [each for each in sorted(path.rglob("*")) if each.is_file()]
    kinds = [FORMATS[tool]] if tool else list(FORMATS.values())
    files = [each for each in files if any(item.is_it(each) for item in kinds)]
    if not files:
        raise UserError(f"{path} holds no file of {', '.join(FORMATS)}")
    return [found for each in files for found in read(each, tool, plain)]
