"""`bench export`: a run as files of other tools."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bench.cli.options import RunNames, note, say
from bench.records import UserError


class Target(StrEnum):
    """What a run can be written as."""

    PYTEST_BENCHMARK = "pytest-benchmark"
    GITHUB_ACTION_BENCHMARK = "github-action-benchmark"
    CSV = "csv"
    PARQUET = "parquet"
    RUN = "run"


def export(
    run: RunNames = None,
    to: Annotated[Target, typer.Option("--to", help="Kind of file.")] = Target.CSV,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FILE", help="The file, or the run's folder (default: stdout, if it is text)."
        ),
    ] = None,
) -> None:
    """Write the times of a run for another tool. Cases without a time are left out, and counted on stderr.

    pytest-benchmark: a round for each launch, so that its spread is that of processes. github-action-benchmark: a
    `data.js` is added to as a push; another file gets the list for `tool: customSmallerIsBetter`. csv and parquet: a
    row a case, clock and launch, which `bench history` and `bench import` read again. run: the whole run in a folder of
    its own, without the paths of this machine, for others to read.

    \b
    bench export --to pytest-benchmark -o head.json && pytest-benchmark compare base.json head.json
    bench export --to github-action-benchmark -o data.js
    bench export results/… --to run -o results/reference/laptop
    """
    from bench.cli.progress import Notes
    from bench.jobs import foreign_files

    if to is Target.RUN:
        if out is None:
            raise UserError("a run is no text: name a folder with --out")
        foreign_files.copy_run(run or (), out)
        note(f"wrote {out}")
        return
    if out is None and to is Target.PARQUET:
        raise UserError("Parquet is no text: name a file with --out")
    content = foreign_files.exported(run or (), to.value, out, Notes())
    if out is None:
        say(content.decode().rstrip())
        return
    foreign_files.write(content, out)
    note(f"wrote {out}")
