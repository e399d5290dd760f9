"""`bench run` as a function: choose, look, measure, seal, judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bench.jobs.arguments import (
    Paths,
    RunName,
    Sets,
    Span,
    Texts,
    call_text,
    name_of,
    new_folder,
    seconds_of,
)
from bench.jobs.choice import Choice, look, overrides
from bench.jobs.import_ahead import AFTER_A_RUN, imported_meanwhile
from bench.jobs.listener import SILENT, Listener
from bench.jobs.run_result import Run, closed
from bench.jobs.stopping import sealed_in, stop_or_own
from bench.records import Planned, Settings, UserError

if TYPE_CHECKING:
    from bench.plan.run_duration import Duration
    from bench.protocol import Hello
    from bench.runner.sealing import Ended
    from bench.runner.stop_request import Stop
    from bench.runner.worker_pool import WorkerPool


def run(
    select: Texts = (),
    *,
    preset: str | None = None,
    sets: Sets = (),
    exclude: Texts = (),
    workloads: Paths = (),
    out: str | Path | None = None,
    resume: RunName | None = None,
    launches: int | None = None,
    precision: float | None = None,
    budget: Span = None,
    timeout: Span = None,
    seed: int | None = None,
    listener: Listener = SILENT,
    stop: Stop | None = None,
    command: str | None = None,
) -> Run:
    """Measure cases in fresh processes, keep what was measured, and return it; prints nothing.

        run = bench.run("matmul/*", sets={"size": [64, 256]}, launches=6)

    select: keys of cases, or globs on names of workloads (default: all of the preset).
    preset: a name or a TOML file (default: the project's own, else `quick`).
    sets: values of axes, as a mapping or as `"size=64,256"`.
    exclude: keys and globs to leave out.
    workloads: files with workloads of your own.
    out: a new folder (default: `results/<run id>`).
    resume: a run to continue; only a budget may be given with it.
    launches: launches of each case (default: added until precise enough).
    precision: wanted half-width of the interval, as a share.
    budget: time after which no launch is added, in seconds or as `"5m"` (default: the preset's where it is named or
        chooses the cases, else none).
    timeout: silence after which a worker counts as hung.
    seed: seed for the data and for the order of cases.
    listener: receives what happens.
    stop: lets another thread end the run early.
    command: what `run.json` records in place of this call.

    Ctrl-C raises KeyboardInterrupt as usual; finished launches are sealed first, and a note in it says where.
    Raises `bench.records.UserError` for invalid arguments, before anything is written; `MachineUnfitError` if no worker
    can start; `Stopped` if `stop` was requested before anything was measured.
    """
    said = command or call_text(run, locals())
    if resume is not None:
        others = (select, preset, sets, exclude, workloads, out, launches, precision, timeout, seed)
        if any(bool(other) or other == 0 for other in others):
            raise UserError("resume continues the run with its own settings: only a budget may be given with it")
        with stop_or_own(stop) as own:
            return go_on(name_of(resume), budget, listener, own)
    chosen = Choice(select, preset, sets, exclude, workloads)
    settings = chosen.settings(overrides(launches, precision, budget, timeout, seed))
    folder = new_folder(out)
    with stop_or_own(stop) as own:
        return afresh(chosen, settings, folder, said, listener, own)


def afresh(chosen: Choice, settings: Settings, out: Path | None, command: str, listener: Listener, stop: Stop) -> Run:
    """Begin a run of the chosen cases and measure them."""
    from bench.plan.run_duration import late_note
    from bench.runner import run_description
    from bench.runner.worker_pool import WorkerPool
    from bench.store import runs

    with WorkerPool(stop) as pool:
        with imported_meanwhile(*AFTER_A_RUN):
            hello, plan = look(chosen, stop, pool)
        notes = (*plan.notes, *filter(None, [late_note(plan.planned, settings)]))
        for text in notes:
            listener.note(text)
        name = runs.new_id()
        folder = out or runs.RESULTS / name
        described = run_description.described(name, plan.planned, settings, hello, chosen.preset.name, command)
        run_description.begin(folder, described)
        ended = measured(folder, plan.planned, settings, hello, listener, stop, pool)
    return closed(folder, ended, notes, listener)


def go_on(resume: str, budget: Span, listener: Listener, stop: Stop) -> Run:
    """Measure what is left of a run. A budget starts again from zero."""
    from bench.runner import run_description
    from bench.runner.machine_probe import look as look_at_machine
    from bench.runner.worker_pool import WorkerPool
    from bench.store import runs

    folder = runs.locate(resume)
    begun = runs.read(folder)
    planned, settings = run_description.plan_of(begun)
    budget_s = seconds_of(budget)
    if budget_s is not None:
        settings = replace(settings, budget_s=budget_s)
    with WorkerPool(stop) as pool:
        with imported_meanwhile(*AFTER_A_RUN):
            hello = look_at_machine(planned, stop, pool=pool)
        run_description.refuse_changes(begun, planned, hello)
        ended = measured(folder, planned, settings, hello, listener, stop, pool)
    return closed(folder, ended, (), listener)


def measured(
    folder: Path,
    planned: Sequence[Planned],
    settings: Settings,
    hello: Hello,
    listener: Listener,
    stop: Stop,
    pool: WorkerPool,
) -> Ended:
    """Measure the pending cases of a run, and seal it."""
    from bench.runner import whole_run

    listener.begin(len(planned))
    try:
        with sealed_in(folder, f"continue with bench.run(resume={str(folder)!r})"):
            return whole_run.measure(folder, planned, settings, hello, stop, listener, pool)
    finally:
        listener.over()


@dataclass(frozen=True)
class Preview:
    """The cases of a run in order, and how long they may take."""

    cases: tuple[str, ...]
    estimate: Duration

    def json(self) -> str:
        """Both as one JSON object."""
        import json

        return json.dumps({"cases": self.cases, "estimate": asdict(self.estimate)})

    def __str__(self) -> str:
        from bench.present.words.units import seconds

        found = self.estimate
        count = "1 case" if len(self.cases) == 1 else f"{len(self.cases)} cases"
        span = f"about {seconds(found.likely_s)}, between {seconds(found.low_s)} and {seconds(found.high_s)}"
        basis = f"{found.measured} measured here before, {found.guessed} guessed"
        if found.guessed:
            basis += " as if their steps were short: long steps take more than this says"
        return "\n".join([*self.cases, f"{count}, {span} ({basis})"])


def preview(chosen: Choice, settings: Settings, listener: Listener, stop: Stop) -> Preview:
    """What a run of this choice would measure on this machine; nothing is measured or written."""
    from bench.plan.run_duration import estimate
    from bench.store import runs, tables

    hello, plan = look(chosen, stop)
    for text in plan.notes:
        listener.note(text)
    past = tables.past_costs(runs.RESULTS, runs.fingerprint(hello.facts))
    return Preview(tuple(item.case.key for item in plan.planned), estimate(plan.planned, settings, past))
