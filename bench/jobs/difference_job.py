"""`bench profile --diff` as a function: the parts of a difference between two sides."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from bench.jobs.arguments import Paths, RunName, Sets, Span, call_text, name_of, new_folder, refuse_outside, seconds_of
from bench.jobs.endings import NothingMeasuredError
from bench.jobs.explanations import explain_cases, explanations
from bench.jobs.listener import SILENT, Listener
from bench.jobs.profile_job import of_one
from bench.jobs.profile_result import CaseDifference, difference_in
from bench.jobs.stopping import stop_or_own
from bench.jobs.two_sides import SidedChoice, TwoSides, two_sides
from bench.records import SIDES, Settings, UserError

if TYPE_CHECKING:
    from bench.runner.stop_request import Stop


def difference(
    case: str | None = None,
    *,
    base: str | Path = "",
    head: str | Path = "",
    setup: str | None = None,
    pairs: int = 18,
    sets: Sets = (),
    rung: str | None = None,
    workloads: Paths = (),
    from_run: RunName | None = None,
    out: str | Path | None = None,
    timeout: Span = None,
    seed: int = 0,
    listener: Listener = SILENT,
    stop: Stop | None = None,
    command: str | None = None,
) -> CaseDifference:
    """Take profile pairs of one case on two sides, and return the parts of their difference; prints nothing.

        why = bench.difference("mine/softmax", workloads="mine.py", base="main")

    base, head, setup: as in `bench.gate`.
    pairs: 12 to 100; 16 or more name functions.
    from_run: an earlier difference; nothing is measured.
    case, sets, rung, workloads, out, timeout, seed, listener, stop, command: as in `bench.profile`, which raises the
    same errors.
    """
    from bench.store import runs

    said = command or call_text(difference, locals())
    if (case is None) == (from_run is None):
        raise UserError("bench profile takes a case; bench list names the workloads")
    if from_run is not None:
        return difference_in(runs.locate(name_of(from_run)))
    refuse_outside(12, 100, pairs=pairs)
    new = new_folder(out)
    chosen = SidedChoice([of_one(str(case))], "quick", sets, (), workloads)
    settings = Settings(seed=seed, timeout_s=seconds_of(timeout) or Settings.timeout_s)
    with stop_or_own(stop) as own, two_sides(chosen, base, head, setup, own) as both:
        both.refuse_broken()
        return difference_in(taken(both, settings, pairs, rung, new, said, listener, own))


def taken(
    both: TwoSides,
    settings: Settings,
    pairs: int,
    rung: str | None,
    out: Path | None,
    command: str,
    listener: Listener,
    stop: Stop,
) -> Path:
    """Take the pairs, and return their folder. Nothing is kept if they end badly.

    Raises `UserError` for a workload that differs itself and for several cases, `NothingMeasuredError`, `Stopped`.
    """
    from bench.runner import run_description
    from bench.store import profile_pair_tables, runs

    keys = [item.case.key for item in both.sided.coupled]
    if both.sided.changed:
        raise UserError(f"the workload {both.sided.changed[0]} itself differs between the sides")
    if not keys:
        raise UserError("the sides have no case in common")
    if len(keys) != 1:
        raise UserError(
            f"a difference is of one case; this selects {len(keys)}, narrow it with -s:\n  " + "\n  ".join(keys[:8])
        )
    name = runs.new_id()
    folder = out or runs.RESULTS / name
    explain_cases(folder, both.sided.coupled, both, settings, pairs, rung, listener, stop)
    if ended := explanations(folder).ended:
        shutil.rmtree(folder / profile_pair_tables.FOLDER)
        raise NothingMeasuredError(next(iter(ended.values())))
    run = run_description.described(name, [], settings, both.hello, "profile", command, both.sided.coupled)
    sides = {side: both.provenance[side] for side in SIDES}
    runs.write(folder, {**run, "difference": {"sides": sides, "libraries": both.libraries}})
    return folder
