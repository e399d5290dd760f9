"""`bench import`: files of other tools become sealed runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.files import Columns, plain
from bench.cli.options import note, say
from bench.records import UserError


def import_files(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files or folders of another tool.")],
    from_: Annotated[
        str | None,
        typer.Option(
            "--from", help="pytest-benchmark, pyperf, asv, github-action-benchmark or csv; found out without it."
        ),
    ] = None,
    unit: Annotated[str, typer.Option(help="Unit of the columns of a plain CSV: s, ms, us or ns.")] = "",
    column: Columns = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for the runs; results/ without it.")] = None,
) -> None:
    """Read files of other tools into runs, and print the folder of each.

    A file keeps what it has: rounds of one process are one launch, without an interval; a statistic is one block.
    Times alone have a place in a run; what is left out is said. `bench history` reads the files as they are.

    \b
    bench import .benchmarks/Linux-CPython-3.11-64bit/0001_abc.json
    bench import --from asv .asv/results -o nightly/
    """
    from bench import interop
    from bench.interop import sealed_run
    from bench.store import runs

    executions = [found for path in paths for found in interop.read(path, from_, plain(unit, column))]
    refused = [f"{item.source}: {why}" for item in executions if (why := sealed_run.why_not(item))]
    if len(refused) == len(executions):
        raise UserError(refused[0] if refused else f"{', '.join(map(str, paths))}: nothing was measured there")
    lost: dict[str, int] = {}
    # All of them before the first is written: a fault in the last leaves nothing behind.
    made = [sealed_run.as_run(item, out or runs.RESULTS) for item in executions if not sealed_run.why_not(item)]
    for data, left_out in made:
        say(str(sealed_run.write(data)))
        for name in left_out:
            lost[name] = lost.get(name, 0) + 1
    for text in [*refused, *(f"{name} is no time, in {times} files" for name, times in lost.items())]:
        note(f"left out: {text}")
