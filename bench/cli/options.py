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

from bench.records import UserError


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
        metavar="[RUN]...",
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
WorkloadFiles = Annotated[
    list[Path] | None,
    typer.Option("--workloads", "-w", metavar="FILE.py", help="File with workloads of your own; repeatable."),
]


def width() -> int:
    """Columns of the terminal; wide where output goes to a pipe, so that nothing is cut."""
    from bench.present.tables.table_formats import WIDE

    return shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDE


def colour() -> bool:
    """May stdout be coloured? Not where NO_COLOR is set (no-color.org) or it is no terminal."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def say(text: str) -> None:
    """Write a result to stdout.

    A reader that has gone (head, less) is no fault: the rest is thrown away in silence, and the exit code stays what it
    would have been. Raises `UserError` where stdout cannot be written (a full disk).
    """
    try:
        typer.echo(text)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains again as it ends
        raise UserError(f"stdout cannot be written: {error.strerror}") from None


def note(text: str) -> None:
    """Say something beside the result, on stderr."""
    typer.echo(text, err=True)


def command_line() -> str:
    """The command as it was typed, for `run.json`."""
    return shlex.join(["bench", *sys.argv[1:]])
