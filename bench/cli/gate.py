"""`bench gate`: did this change make it slower?"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bench.cli import exit_codes
from bench.cli.gate_files import GateFiles, show
from bench.cli.options import WorkloadFiles, command_line, placeholder, say


class From(StrEnum):
    """The side whose workload files both sides run."""

    BASE = "base"
    HEAD = "head"


def gate(
    select: Annotated[
        list[str] | None,
        typer.Argument(
            metavar=placeholder("SELECT", many=True),
            help="Cases by key or glob; with --pytest or --asv arguments of that.",
        ),
    ] = None,
    base: Annotated[
        str,
        typer.Option(metavar="SIDE", help="Old side: branch, revision, ./folder, python=PATH (default: main)."),
    ] = "",
    head: Annotated[
        str, typer.Option(metavar="SIDE", help="New side, written the same way (default: the working tree).")
    ] = "",
    base_tip: Annotated[
        bool,
        typer.Option("--base-tip", help="Compare with a branch's tip (default: where the head left it)."),
    ] = False,
    setup: Annotated[
        str | None, typer.Option(metavar="CMD", help="Command to run in each side's tree first; kept by commit.")
    ] = None,
    preset: Annotated[str, typer.Option("--preset", "-p", help="Preset that the cases come from.")] = "ci",
    sets: Annotated[
        list[str] | None, typer.Option("--set", "-s", metavar="AXIS=V1,V2", help="Values for an axis; repeatable.")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", "-x", metavar="SELECT", help="Cases to leave out; repeatable.")
    ] = None,
    workloads: WorkloadFiles = None,
    pytest: Annotated[
        bool, typer.Option("--pytest", help="Compare pytest-benchmark tests; arguments go to pytest.")
    ] = False,
    asv: Annotated[bool, typer.Option("--asv", help="Compare time_* benchmarks of an asv suite.")] = False,
    workloads_from: Annotated[
        From | None,
        typer.Option(help="Side whose workload files both run where they differ (default: not compared)."),
    ] = None,
    budget: Annotated[str | None, typer.Option(help="Time by which the last round should end (5m).")] = None,
    max_pairs: Annotated[int, typer.Option(min=1, help="Most pairs of a case.")] = 60,
    pairs: Annotated[
        int | None, typer.Option(min=1, help="Exact number of pairs of a case, whatever they show.")
    ] = None,
    cold_pairs: Annotated[
        int,
        typer.Option(min=1, help="Pairs that begin with an empty compile cache, to compare compile times."),
    ] = 1,
    alpha: Annotated[
        float | None,
        typer.Option(min=1e-9, max=0.5, help="Chance of any false regression in the suite (default: 0.01)."),
    ] = None,
    slack: Annotated[
        float | None, typer.Option(min=0, max=1, help="Slow-down that still passes, as a share (default: 0.02).")
    ] = None,
    limit: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Slow-down that 'not slower' excludes, as a share (default: 0.05)."),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(help="Random seed (default: new for each run)."),
    ] = None,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Why each regression is slower, from profile pairs; minutes a case."),
    ] = False,
    explain_pairs: Annotated[
        int, typer.Option(min=12, max=100, help="Profile pairs of a case; 16 or more name functions.")
    ] = 18,
    replay: Annotated[
        str | None, typer.Option(metavar="RUN", help="Verdicts on the pairs of an earlier gate; nothing is measured.")
    ] = None,
    json: Annotated[Path | None, typer.Option(metavar="PATH", help="File for the verdicts as JSON.")] = None,
    markdown: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="File for a pull request's table; GITHUB_STEP_SUMMARY gets it too."),
    ] = None,
    junit: Annotated[Path | None, typer.Option(metavar="PATH", help="File for the verdicts as JUnit XML.")] = None,
    comment: Annotated[
        Path | None, typer.Option(metavar="PATH", help="File for a comment: Markdown of at most 60,000 characters.")
    ] = None,
    badge: Annotated[
        Path | None, typer.Option(metavar="PATH", help="File for a badge, as the endpoint of shields.io reads it.")
    ] = None,
    annotations: Annotated[
        bool, typer.Option("--annotations", help="Mark the lines of cases that fail, in a job of GitHub.")
    ] = False,
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            metavar="METRIC,…",
            help="What else fails it, such as graph_breaks,host_memory; docs/ci.md lists all.",
        ),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="TOML file of what may fail it (default: [tool.coursebench.gate])."),
    ] = None,
    bisect: Annotated[
        bool, typer.Option("--bisect", help="Exit code 125 where nothing can be said, for git bisect run.")
    ] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Remove old trees of sides, say which are kept, and end.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the run (default: results/<run id>).")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Compare two sides in lockstep pairs and say of each case: regressed, not slower, improved, or not resolved.

    A pair is a fresh process of either side; they take turns block by block. Pairs are added until every case is
    decided or hopeless. Ends with 1 where a case regressed or what the policy names grew, and for no other reason; with
    5 where base differed from a second copy of itself; with 4 where a case failed.

    \b
    bench gate                                  the working tree against the merge-base
    bench gate --base v1.2 --head main 'regression/*' --explain
    bench gate --base python=/opt/old/bin/python --head python=/opt/new/bin/python
    bench gate --pytest                         the repository's pytest-benchmark tests, unchanged
    bench gate --pytest -- tests/bench -k fast  words after -- are pytest's own
    bench gate --asv benchmarks 'Sort'          folder of the suite, then regular expressions
    bench gate --replay results/… --alpha 0.001
    """
    if prune:
        return show_pruned()
    from bench.cli.progress import Notes, PairLines
    from bench.jobs import gate_job
    from bench.runner.stop_request import Stop, Stopped

    files = GateFiles(json, markdown, junit, comment, badge, annotations)
    files.forget()
    stop = Stop()
    if replay is None:
        stop.listen()
    try:
        found = gate_job.gate(
            select or (),
            base=base,
            head=head,
            base_tip=base_tip,
            setup=setup,
            preset=preset,
            sets=sets or (),
            exclude=exclude or (),
            workloads=workloads or (),
            workloads_from=None if workloads_from is None else workloads_from.value,
            budget=budget,
            max_pairs=max_pairs,
            pairs=pairs,
            cold_pairs=cold_pairs,
            alpha=alpha,
            slack=slack,
            limit=limit,
            fail_on=fail_on or (),
            policy=policy,
            seed=seed,
            explain=explain,
            explain_pairs=explain_pairs,
            replay=replay,
            pytest=pytest,
            asv=asv,
            out=out,
            listener=Notes() if quiet else PairLines(),
            stop=stop,
            command=command_line(),
        )
    except Stopped:
        raise typer.Exit(exit_codes.stopped(stop.signal)) from None
    code = found.exit_code(bisect) if stop.signal is None else exit_codes.stopped(stop.signal)
    show(found, files, code)
    raise typer.Exit(code)


def show_pruned() -> None:
    """Prune the trees of sides, and say what is left."""
    from bench.jobs.pruning import prune

    say(prune())
