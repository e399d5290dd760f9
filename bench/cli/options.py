"""Options that several commands share, and the terminal they write to."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperArgument

from bench.records import UserError


def placeholder(name: str, *, many: bool = False, required: bool = False) -> str:
    """What stands for an argument in the usage line: `[NAME]...` for any number of it, or none.

    Typer 0.29 puts the brackets and dots around a name itself, and would do so twice; 0.16 shows the text as it is.
    """
    if hasattr(TyperArgument, "display_name_raw"):
        return name
    return (name if required else f"[{name}]") + "..." * many


class TableFormat(StrEnum):
    """How a table is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MD = "md"


Format = Annotated[TableFormat, typer.Option("--format", "-f", help="Form of the output.")]
RunNames = Annotated[
    list[str] | None,
    typer.Argument(
        metavar=placeholder("RUN", many=True),
        help="Runs by folder, id or reference:NAME (default: the latest); never pooled.",
    ),
]
Versus = Annotated[
    str | None,
    typer.Option(
        "--vs",
        help="Speed-ups against cases with this axis=value (mode=eager), or one case key.",
    ),
]


class StatisticName(StrEnum):
    """What stands for the blocks of a launch."""

    MEDIAN = "median"
    MEAN = "mean"
    MIN = "min"


Statistics = Annotated[StatisticName, typer.Option("--statistic", help="What stands for the blocks of a launch.")]
Clock = Annotated[
    str | None,
    typer.Option("--clock", help="Times on this clock alone: wall, cpu, latency, device."),
]
WorkloadFiles = Annotated[
    list[Path] | None,
    typer.Option("--workloads", "-w", metavar="FILE.py", help="File with workloads of your own; repeatable."),
]


def width() -> int:
    """Columns of the terminal; a wide value where output goes to a pipe, so that nothing is cut off."""
    from bench.present.tables.table_formats import WIDE

    return shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDE


def colour() -> bool:
    """Whether stdout may be coloured: not if NO_COLOR is set (no-color.org), nor if it is not a terminal."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def say(text: str) -> None:
    """Write a result to stdout.

    If the reader has closed the pipe (head, less), the rest is discarded silently and the exit code does not change.
    Raises `UserError` where stdout cannot be written (a full disk).
    """
    try:
        typer.echo(text)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains again as it ends
        raise UserError(f"stdout cannot be written: {error.strerror}") from None


def note(text: str) -> None:
    """Write a remark to stderr, apart from the result."""
    typer.echo(text, err=True)


def command_line() -> str:
    """The command as it was typed, for `run.json`."""
    return shlex.join(["bench", *sys.argv[1:]])
