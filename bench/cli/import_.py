"""`bench import`: files of other tools become sealed runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.files import Columns, plain
from bench.cli.options import note, placeholder, say


def import_files(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar=placeholder("PATH", many=True, required=True), help="Files or folders of another tool."),
    ],
    from_: Annotated[
        str | None,
        typer.Option(
            "--from", help="Kind: pytest-benchmark, pyperf, asv, github-action-benchmark or csv (default: recognised)."
        ),
    ] = None,
    unit: Annotated[str, typer.Option(help="Unit of a plain CSV's columns: s, ms, us or ns.")] = "",
    column: Columns = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for the runs (default: results/).")] = None,
) -> None:
    """Read files of other tools into runs, and print the folder of each.

    A file keeps what it has: rounds of one process are one launch, without an interval; a statistic is one block.
    Times alone have a place in a run; what is left out is said. `bench history` reads the files as they are.

    \b
    bench import .benchmarks/Linux-CPython-3.11-64bit/0001_abc.json
    bench import --from asv .asv/results -o nightly/
    """
    from bench.jobs import foreign_files

    found = foreign_files.import_files(paths, from_, plain(unit, column), out)
    for folder in found.folders:
        say(str(folder))
    for text in found.left_out:
        note(f"left out: {text}")
