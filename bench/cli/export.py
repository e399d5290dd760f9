"""`bench export`: a run as files of other tools."""

from __future__ import annotations

import io
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli.options import RunNames, note, say
from bench.records import UserError

if TYPE_CHECKING:
    import pandas as pd

    from bench.interop.launch_times import LaunchTimes
    from bench.store.tables import RunData


class Target(StrEnum):
    """What a run can be written as."""

    PYTEST_BENCHMARK = "pytest-benchmark"
    GITHUB_ACTION_BENCHMARK = "github-action-benchmark"
    CSV = "csv"
    PARQUET = "parquet"
    RUN = "run"


def export(
    run: RunNames = None,
    to: Annotated[Target, typer.Option("--to", help="The kind of file.")] = Target.CSV,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="The file, of a run the folder; else stdout, if it is text."),
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
    from bench.interop import github_action, pytest_benchmark
    from bench.store import anonymised, runs, tables

    names: Sequence[str | None] = run or [None]
    batch = [tables.read(runs.locate(name)) for name in names]
    if len(batch) > 1 and to not in (Target.CSV, Target.PARQUET):
        raise UserError(f"a file of {to.value} holds one run: name one; csv and parquet take several")
    if to is Target.RUN:
        if out is None:
            raise UserError("a run is no text: name a folder with --out")
        anonymised.copy(batch[0], out)
        note(f"wrote {out}")
        return
    times = [_timed(data) for data in batch]
    match to:
        case Target.PYTEST_BENCHMARK:
            content = pytest_benchmark.written(times[0]).encode()
        case Target.GITHUB_ACTION_BENCHMARK:
            page = out if out is not None and out.suffix == ".js" else None
            content = (github_action.written(times[0], page) if page else github_action.listed(times[0])).encode()
        case Target.CSV:
            content = _tidy(times).to_csv(index=False).encode()
        case Target.PARQUET:
            buffer = io.BytesIO()
            _tidy(times).to_parquet(buffer, index=False)
            content = buffer.getvalue()
    _write(content, out, to)


def _timed(data: RunData) -> LaunchTimes:
    """What has a time; how many cases have none is told."""
    from bench.interop.launch_times import launch_times

    times, planned = launch_times(data), len(data.run["plan"])
    if lost := planned - len({case.key for case in times.cases}):
        note(f"{lost} of {planned} cases have no time and are left out")
    return times


def _tidy(times: Sequence[LaunchTimes]) -> pd.DataFrame:
    """The rows of all of them, each with its machine."""
    import pandas as pd

    from bench.interop import csv_parquet

    return pd.concat([csv_parquet.frame(each) for each in times], ignore_index=True)


def _write(content: bytes, out: Path | None, to: Target) -> None:
    """To the file as a whole or not at all, or to stdout. Raises `UserError` where that cannot be."""
    from bench.store import runs

    if out is None and to is Target.PARQUET:
        raise UserError("Parquet is no text: name a file with --out")
    if out is None:
        say(content.decode().rstrip())
        return
    if out.is_dir():
        raise UserError(f"{out} is a folder; name a file with --out")
    runs.make_folder(out.absolute().parent)
    try:
        runs.replace_whole(out, content)
    except OSError as error:
        raise UserError(f"{out} cannot be written: {error.strerror or error}") from None
    note(f"wrote {out}")
