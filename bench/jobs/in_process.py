"""`bench run KEY --in-process`: the worker's work in this process, so that a debugger can be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.jobs.endings import NothingMeasuredError
from bench.jobs.listener import SILENT, Listener
from bench.plan.selection import Plan
from bench.protocol import Close, Closed, Open, Opened, Refused, Reply, Request, Stage, Visit, Visited
from bench.records import Settings, UserError

if TYPE_CHECKING:
    from bench.measure.dispatcher import Dispatcher


def debug(plan: Plan, settings: Settings, listener: Listener = SILENT) -> str:
    """Open, visit once and close the one case of `plan`, and return a summary. No number is kept.

    listener: is called at the start of each stage, since a breakpoint may stop in any of them. An exception of the
    workload ends in a traceback here, as a user of a debugger expects, not in an outcome. Raises `UserError` for more
    than one case, and `NothingMeasuredError` for a case that is refused.
    """
    if len(plan.planned) != 1:
        keys = "\n  ".join(item.case.key for item in plan.planned[:5])
        raise UserError(f"--in-process takes one case; this selects {len(plan.planned)}:\n  {keys}")
    # These import torch, so only after the check above.
    from bench.measure.dispatcher import Dispatcher
    from bench.measure.settings.shared_process import as_before

    def report(reply: Reply) -> None:
        if isinstance(reply, Stage):
            listener.entered(reply.key, reply.stage, 0)

    planned = plan.planned[0]
    key = planned.case.key
    with as_before():
        dispatcher = Dispatcher(report)
        opened = ask(dispatcher, Open(key, planned.source, settings))
        assert isinstance(opened, Opened)
        visited = ask(dispatcher, Visit(key))
        assert isinstance(visited, Visited)
        closed = ask(dispatcher, Close(key))
        assert isinstance(closed, Closed)
    changed = closed.facts.get("changed_settings", {})
    told = "; ".join(f"{name} from {was} to {now}" for name, (was, now) in changed.items())
    return (
        f"{key}: prepared, right (relative error {closed.facts['error_after']:.2g}), "
        f"timed in {len(visited.blocks)} blocks and closed. One process is not a measurement: no number is kept. "
        f"Nothing held it to a core: it might run on CPUs {closed.facts['condition']['cpus']}."
        + (f" It set {told}, for the whole process; that is put back." if told else "")
    )


def ask(dispatcher: Dispatcher, request: Request) -> Reply:
    """The answer of the dispatcher. Raises `NothingMeasuredError` with the traceback of a refusal."""
    reply = dispatcher.answer(request)
    if isinstance(reply, Refused):
        raise NothingMeasuredError(f"{reply.outcome}: {reply.reason}\n{reply.detail}")
    return reply
