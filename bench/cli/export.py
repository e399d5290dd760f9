"""`bench export`: a run as files of other tools."""

from __future__ import annotations

import io
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bench.cli.options import RunName, note, say
from bench.records import UserError


class Target(StrEnum):
    """What a run can be written as."""

    PYTEST_BENCHMARK = "pytest-benchmark"
    GITHUB_ACTION_BENCHMARK = "github-action-benchmark"
    CSV = "csv"
    PARQUET = "parquet"
    RUN = "run"


def export(
    run: RunName = None,
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
    from bench.interop import github_action, pytest_benchmark, tidy
    from bench.interop.ours import kept
    from bench.store import runs, shared, tables

    data = tables.read(runs.locate(run))
    if to is Target.RUN:
        if out is None:
            raise UserError("a run is no text: name a folder with --out")
        shared.copy(data, out)
        note(f"wrote {out}")
        return
    times = kept(data)
    if lost := len(data.run["plan"]) - len({case.key for case in times.cases}):
        note(f"{lost} of {len(data.run['plan'])} cases have no time and are left out")
    match to:
        case Target.PYTEST_BENCHMARK:
            content = pytest_benchmark.written(times).encode()
        case Target.GITHUB_ACTION_BENCHMARK:
            page = out is not None and out.suffix == ".js"
            content = (github_action.written(times, out) if page and out else github_action.listed(times)).encode()
        case Target.CSV:
            content = tidy.frame(times).to_csv(index=False).encode()
        case Target.PARQUET:
            buffer = io.BytesIO()
            tidy.frame(times).to_parquet(buffer, index=False)
            content = buffer.getvalue()
    _write(content, out, to)


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
