"""`bench gate`: did this change make it slower?"""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli import codes
from bench.cli.options import WorkloadFiles, colour, note, say, width
from bench.cli.wanted import Wanted
from bench.records import UserError

if TYPE_CHECKING:
    from bench.analyse.gate.verdicts import GateResult


class FailOn(StrEnum):
    """What, besides a regression, is not to pass."""

    NOT_RESOLVED = "not_resolved"


class From(StrEnum):
    """The side whose workload files both sides run."""

    BASE = "base"
    HEAD = "head"


def gate(
    select: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SELECT]...", help="Case keys, or globs on workload names; all of the preset without."),
    ] = None,
    base: Annotated[
        str,
        typer.Option(
            metavar="SIDE", help="A revision, a ./folder, python=PATH, or both; the merge-base with the default branch."
        ),
    ] = "",
    head: Annotated[
        str, typer.Option(metavar="SIDE", help="Likewise; the working tree as it lies there without.")
    ] = "",
    setup: Annotated[
        str | None, typer.Option(metavar="CMD", help="A command to run in each side's tree first; kept by commit.")
    ] = None,
    preset: Annotated[str, typer.Option("--preset", "-p", help="Where the cases come from.")] = "ci",
    sets: Annotated[
        list[str] | None, typer.Option("--set", "-s", metavar="AXIS=V1,V2", help="Give an axis these values.")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", "-x", metavar="SELECT", help="Leave cases out; repeatable.")
    ] = None,
    workloads: WorkloadFiles = None,
    workloads_from: Annotated[
        From | None,
        typer.Option(help="Where a workload itself differs, both sides run this one's; without it, no comparison."),
    ] = None,
    budget: Annotated[str | None, typer.Option(help="Begin no round that would end after this time (5m).")] = None,
    max_pairs: Annotated[int, typer.Option(min=1, help="At most so many pairs a case.")] = 60,
    pairs: Annotated[
        int | None, typer.Option(min=1, help="Exactly so many pairs a case, whatever they show: to record them.")
    ] = None,
    cold_pairs: Annotated[
        int,
        typer.Option(
            min=1, help="So many pairs of a compiled case begin with an empty cache: to compare what compiling takes."
        ),
    ] = 1,
    alpha: Annotated[
        float | None, typer.Option(min=1e-9, max=0.5, help="Chance that a suite has a false regression (0.01).")
    ] = None,
    slack: Annotated[
        float | None, typer.Option(min=0, max=1, help="A slow-down up to this share is no regression (0.02).")
    ] = None,
    limit: Annotated[
        float | None, typer.Option(min=0, max=1, help="'Not slower' excludes a slow-down of this share (0.05).")
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(help="Of all coins and orders; drawn afresh without it, or they would fall alike each time."),
    ] = None,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Take profile pairs of what regressed, and say why: some minutes a case."),
    ] = False,
    explain_pairs: Annotated[
        int, typer.Option(min=12, max=100, help="So many profile pairs a case; below 16 few functions can be told.")
    ] = 18,
    replay: Annotated[
        str | None, typer.Option(metavar="RUN", help="Judge the pairs of an earlier gate again; measure nothing.")
    ] = None,
    json: Annotated[Path | None, typer.Option(metavar="PATH", help="Write the verdicts as JSON.")] = None,
    markdown: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Write a table for a pull request; GITHUB_STEP_SUMMARY gets it too."),
    ] = None,
    junit: Annotated[Path | None, typer.Option(metavar="PATH", help="Write a JUnit file.")] = None,
    fail_on: Annotated[FailOn | None, typer.Option(help="End with 3 where a case was not resolved.")] = None,
    bisect: Annotated[
        bool, typer.Option("--bisect", help="For git bisect run: end with 125 where nothing can be said.")
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Put the run into this folder.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Compare two sides in lockstep pairs and say of each case: regressed, not slower, improved, or not resolved.

    A pair is a fresh process of either side; they take turns block by block. Pairs are added until every case is
    decided or hopeless. Ends with 1 where a case regressed, and for no other reason; with 5 where base differed from a
    second copy of itself; with 4 where a case failed.

    \b
    bench gate                                  the working tree against the merge-base
    bench gate --base v1.2 --head main 'regression/*' --explain
    bench gate --base python=/opt/old/bin/python --head python=/opt/new/bin/python
    bench gate --replay results/… --alpha 0.001
    """
    from bench.analyse.gate import verdicts as analysis
    from bench.cli.explaining import beside_verdicts, page_of
    from bench.cli.gating import GateSettings, measured
    from bench.cli.sides import BrokenSideError
    from bench.present.tables import difference_table
    from bench.present.tables import gate_report as present
    from bench.runner.stop import Stop, Stopped
    from bench.store import runs, tables

    if replay is not None and explain:
        raise UserError("--explain takes pairs of profiles, and --replay measures nothing; what was explained it tells")
    stop = Stop()
    rule = {"alpha": alpha, "slack": slack, "limit": limit}
    try:
        if replay is not None:
            folder = runs.locate(replay)
        else:
            wanted = Wanted(select or [], preset, sets or [], exclude or [], workloads or [], workloads_from)
            wish = GateSettings(
                base=base,
                head=head,
                setup=setup,
                budget=budget,
                most_pairs=max_pairs,
                pairs=pairs,
                cold_pairs=cold_pairs,
                rule=rule,
                seed=seed,
                explain=explain_pairs if explain else None,
            )
            folder = measured(wanted, wish, out, quiet, stop)
    except Stopped:
        raise typer.Exit(codes.stopped(stop.signal)) from None
    except BrokenSideError as broken:
        note(str(broken))
        raise typer.Exit(codes.CANNOT_BISECT if bisect else codes.NOTHING_MEASURED) from None
    data = tables.read(folder)
    judged = analysis.judge(data, **rule)
    explained, ended = beside_verdicts(folder)
    for_a_pull_request = present.markdown(judged) + "".join(
        f"\n{difference_table.markdown(each)}" for each in explained
    )
    written = {
        json: present.as_json(judged, data.run, [difference_table.as_object(each) for each in explained]),
        markdown: for_a_pull_request,
        junit: present.junit(judged, data.run, {each.key: difference_table.lines(each)[0] for each in explained}),
    }
    for path, text in written.items():
        if path is not None:
            runs.make_folder(path.parent)
            runs.replace_whole(path, text.encode())
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        try:
            with open(summary, "a", encoding="utf-8") as file:
                file.write(for_a_pull_request)
        except OSError as error:
            note(f"warning: the summary of the job cannot be written: {error}")
    say(present.text(judged, width=width(), color=colour()).rstrip())
    for each in explained:
        say("\n" + difference_table.text(each, width=width(), color=colour()).rstrip())
    for key, reason in ended.items():
        say(f"\nNot explained: {key}: {reason}")
    if explained or ended:
        page = page_of(folder, {case.key: present.sentence(case) for case in judged.cases})
        note(f"\nwhy, as a page: {page}")
    note(f"\nkept in {folder}; judge it again with: bench gate --replay {folder}")
    if stop.signal is not None:
        raise typer.Exit(codes.stopped(stop.signal))
    raise typer.Exit(code_of(judged, fail_on, bisect))


def code_of(judged: GateResult, fail_on: FailOn | None, bisect: bool) -> int:
    """The exit code: 5 for a canary that fired, then 1 for a regression, 4 for what failed, 3 where it is asked for."""
    verdicts = [case.verdict for case in judged.cases]
    if judged.canary.fired:
        return codes.CANNOT_BISECT if bisect else codes.MACHINE_UNFIT
    if "regressed" in verdicts:
        return codes.REGRESSED
    if judged.failed or not any(case.pairs for case in judged.cases):
        return codes.CANNOT_BISECT if bisect else codes.NOTHING_MEASURED
    if "not_resolved" in verdicts and (bisect or fail_on is FailOn.NOT_RESOLVED):
        return codes.CANNOT_BISECT if bisect else codes.NOT_RESOLVED
    return codes.FINE
