"""`bench certify`: is this harness right, on this machine?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli import exit_codes
from bench.cli.options import Format, TableFormat, colour, command_line, note, say, width


def certify(
    quick: Annotated[bool, typer.Option("--quick", help="Two minutes instead of twenty.")] = False,
    pairs: Annotated[
        int | None,
        typer.Option(min=2, help="Pairs of each comparison; at most 9 with --quick, 30 without."),
    ] = None,
    from_run: Annotated[
        str | None,
        typer.Option("--from", metavar="RUN", help="Verdicts on an earlier certificate's pairs; nothing is measured."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the page (default: reports/<run id>).")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed for the order and for what is simulated.")] = 0,
    format_: Format = TableFormat.TABLE,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Measure work whose time is known, and real cases against themselves; write what came out as one page.

    Each line names its source (simulated, replayed, live), what it rests on, and whether its bound held, did not hold,
    or could not be decided. Exit code 5 where one did not hold.

    \b
    bench certify --quick
    bench certify --from results/…
    """
    from bench.analyse.certificate import NOT_HELD
    from bench.cli.progress import Notes, PairLines
    from bench.jobs import certificate_job
    from bench.jobs.certificate_result import refuse_format
    from bench.runner.stop_request import Stop, Stopped

    refuse_format(format_.value)
    stop = Stop()
    if from_run is None:
        stop.listen()
    try:
        found = certificate_job.certify(
            quick,
            pairs=pairs,
            from_run=from_run,
            out=out,
            seed=seed,
            listener=Notes() if quiet else PairLines(),
            stop=stop,
            command=command_line(),
        )
    except Stopped:
        raise typer.Exit(exit_codes.stopped(stop.signal)) from None
    say(found.text(format_.value, width=width(), color=colour()))
    if format_ is not TableFormat.JSON:
        note(f"\nkept in {found.folder}; the page: {found.page}")
    raise typer.Exit(exit_codes.MACHINE_UNFIT if found.verdict == NOT_HELD else exit_codes.FINE)
