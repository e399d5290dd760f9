"""Files of other tools: one module for each format, with its reader and writer.

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
    """The functions of a format module."""

    NAME: str

    def is_it(self, path: Path) -> bool:
        """Whether this looks like a file or folder of this format."""

    def read(self, path: Path) -> list[Execution]:
        """Read its executions. Raises `UserError` if it is damaged or of another format."""


FORMATS: Mapping[str, Format] = {
    item.NAME: item for item in (pytest_benchmark, pyperf, asv, github_action, csv_parquet)
}


@dataclass(frozen=True)
class TableHints:
    """What a plain CSV does not state about its columns."""

    unit: str = ""
    higher_is_better: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    """Names of columns by role (`table_columns.ROLES`); under `value` that of the only series."""


NO_HINTS = TableHints()


def read(path: Path, tool: str | None = None, plain: TableHints = NO_HINTS) -> list[Execution]:
    """Read the executions in a file or folder of another tool, whose format is recognised unless `tool` names it.

    plain: hints for a plain CSV. Raises `UserError` if there is no such file, or if it cannot be read.
    """
    if not exists(path):
        raise UserError(f"{path} is not there")
    if ((path if path.is_dir() else path.parent) / "run.json").exists():
        raise UserError(f"{path} is a run of coursebench, which every command reads without import")
    if tool is not None and tool not in FORMATS:
        raise UserError(f"no format '{tool}'; there are: {', '.join(FORMATS)}")
    chosen = FORMATS[tool] if tool else next((item for item in FORMATS.values() if item.is_it(path)), None)
    if path.is_dir() and chosen is not asv:
        return _read_folder(path, tool, plain)
    if chosen is csv_parquet:
        return csv_parquet.read(path, plain.unit, plain.higher_is_better, plain.columns)
    if chosen is not None:
        return chosen.read(path)
    raise UserError(f"{path} is not a file of {', '.join(FORMATS)}; if it is one, name its format with --from")


def _read_folder(path: Path, tool: str | None, plain: TableHints) -> list[Execution]:
    """Read all files of one format below a folder, ordered by name, such as `.benchmarks/` of pytest-benchmark."""
    files = [each for each in sorted(path.rglob("*")) if each.is_file()]
    kinds = [FORMATS[tool]] if tool else list(FORMATS.values())
    files = [each for each in files if any(item.is_it(each) for item in kinds)]
    if not files:
        raise UserError(f"{path} holds no file of {', '.join(FORMATS)}")
    return [found for each in files for found in read(each, tool, plain)]
