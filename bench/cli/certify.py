"""`bench certify`: is this harness right, on this machine?"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli import codes
from bench.cli.options import Format, TableFormat, colour, note, say, width
from bench.cli.progress import pair_lines
from bench.records import UserError

if TYPE_CHECKING:
    from bench.analyse.certificate import CertificateLine
    from bench.runner.stop import Stop
    from bench.store.tables import RunData


WARM_CAP_S = 0.3
"""Each turn of a pair is warmed up again anyway: on a busy machine the usual second would be most of its time."""


def certify(
    quick: Annotated[bool, typer.Option("--quick", help="In two minutes instead of twenty.")] = False,
    pairs: Annotated[
        int | None,
        typer.Option(min=2, help="Pairs a comparison; 6 with --quick, 30 without."),
    ] = None,
    again: Annotated[
        str | None,
        typer.Option("--from", metavar="RUN", help="Judge the pairs of an earlier certificate again; measure nothing."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the page; reports/<run id> without it.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of everything that is random.")] = 0,
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
    from bench.analyse import certificate as analysis
    from bench.present.tables import certificate_report
    from bench.runner.stop import Stop, Stopped
    from bench.store import runs, tables

    if format_ not in (TableFormat.TABLE, TableFormat.JSON):
        raise UserError("bench certify writes --format table or json")
    stop = Stop()
    try:
        folder = runs.locate(again) if again is not None else measured(quick, pairs, seed, quiet, stop)
    except Stopped:  # before anything was measured, so there is nothing to seal
        raise typer.Exit(codes.stopped(stop.signal)) from None
    data = tables.read(folder)
    lines = judged(data, quiet)
    report = out or Path("reports") / str(data.run["run"])
    runs.make_folder(report)
    runs.replace_whole(report / "certificate.html", certificate_report.page(lines, data.run).encode())
    runs.replace_whole(report / "certificate.json", certificate_report.as_json(lines, data.run).encode())
    if format_ is TableFormat.JSON:
        say(certificate_report.as_json(lines, data.run).rstrip())
    else:
        say(certificate_report.text(lines, data.run, width=width(), color=colour()).rstrip())
        note(f"\nkept in {folder}; the page: {report / 'certificate.html'}")
    raise typer.Exit(codes.MACHINE_UNFIT if analysis.verdict(lines) == analysis.NOT_HELD else codes.FINE)


def measured(quick: bool, pairs: int | None, seed: int, quiet: bool, stop: Stop) -> Path:
    """Measure the pairs of a certificate, and return the folder of the run."""
    from bench.plan import catalog
    from bench.plan.certificate_cases import FULL, LINEARITY, QUICK, SAME, about, comparisons
    from bench.records import Settings
    from bench.runner import run_description
    from bench.runner.machine_probe import look
    from bench.runner.pairs import pair_loop
    from bench.runner.pairs.pair_context import PairSettings
    from bench.store import runs

    extent = QUICK if quick else FULL
    # A number of pairs that was asked for is not cut short.
    settings = Settings(visits=4, warm_cap_s=WARM_CAP_S, budget_s=None if pairs else extent.budget_s, seed=seed)
    found = catalog.find()
    stop.listen()
    hello = look([each for item in comparisons(found, extent) for each in (item.coupled.base, item.coupled.head)], stop)
    wanted = comparisons(found, extent, gpu=not hello.capabilities["cuda"])
    coupled = [item.coupled for item in wanted]
    name = runs.new_id()
    folder = runs.RESULTS / name
    command = shlex.join(["bench", *sys.argv[1:]])
    told = run_description.described(name, [], settings, hello, "certify", command, coupled)
    run_description.begin(folder, told, about(extent, wanted))
    if not quiet:
        end = "" if pairs else f", about {extent.budget_s / 60:.0f} min"
        note(f"{len(wanted)} comparisons, at most {pairs or extent.pairs} pairs each{end} …")
    asked = {item.coupled.case.key: pairs or item.pairs for item in wanted}
    judge = pair_loop.FixedPairs(coupled, asked.__getitem__)
    conduct = PairSettings(
        couples_s=extent.couples_s,
        couples_most_s=extent.couples_s,
        alone={item.coupled.case.key for item in wanted if item.purpose in (LINEARITY, SAME)},
        rivals={item.coupled.case.key for item in wanted if item.purpose == SAME},
        rival_couples=extent.rival_couples,
        count=False,
    )
    ended = pair_loop.measure(folder, judge, settings, hello, stop, pair_lines(quiet), conduct=conduct)
    if stop.signal is not None:
        note(f"{ended.status}; what was measured is kept in {folder}")
        raise typer.Exit(codes.stopped(stop.signal))
    return folder


def judged(data: RunData, quiet: bool) -> list[CertificateLine]:
    """The lines of a certificate: what was measured, and the coverage of intervals, which is simulated here."""
    import numpy as np

    from bench.analyse.certificate import lines
    from bench.records import Settings
    from bench.stats.coverage_simulation import FAMILIES, simulate
    from bench.stats.stopping import NarrowTwice

    told = data.run.get("certificate")
    if told is None:
        raise UserError(f"{data.folder} is no run of bench certify")
    settings = Settings(**data.run["settings"])
    if not quiet:
        note(f"simulating {told['repetitions']:,} measurements of each of {len(FAMILIES)} families …")

    def rule() -> NarrowTwice:
        return NarrowTwice(settings.min_launches, settings.max_launches, settings.precision)

    coverages = [
        simulate(family, rule, told["repetitions"], np.random.default_rng([settings.seed, place]))
        for place, family in enumerate(FAMILIES)
    ]
    return lines(data, coverages)
