"""`bench run KEY --in-process`: the worker's work in this very process, so that a debugger gets in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from bench.cli import codes
from bench.cli.options import note
from bench.plan.selection import Plan
from bench.protocol import Close, Closed, Open, Opened, Refused, Reply, Request, Stage, Visit, Visited
from bench.records import Settings, UserError

if TYPE_CHECKING:
    from bench.measure.dispatcher import Dispatcher


def debug(plan: Plan, settings: Settings) -> None:
    """Open, visit once and close the one case of `plan`. Raises `UserError` for more than one.

    Exceptions of the workload end in their traceback here, as a debugger's user expects, not in an outcome.
    """
    if len(plan.planned) != 1:
        keys = "\n  ".join(item.case.key for item in plan.planned[:5])
        raise UserError(f"--in-process takes one case; this selects {len(plan.planned)}:\n  {keys}")
    from bench.measure.dispatcher import (
        Dispatcher,  # and with it torch, which nobody is to wait for who asked for several cases
    )

    planned = plan.planned[0]
    key = planned.case.key
    desk = Dispatcher(tell)
    opened = ask(desk, Open(key, planned.source, settings))
    assert isinstance(opened, Opened)
    visited = ask(desk, Visit(key))
    assert isinstance(visited, Visited)
    closed = ask(desk, Close(key))
    assert isinstance(closed, Closed)
    note(
        f"{key}: prepared, right (relative error {closed.facts['error_after']:.2g}), "
        f"timed in {len(visited.blocks)} blocks and closed. One process is no measurement: no number is kept."
    )


def ask(desk: Dispatcher, request: Request) -> Reply:
    """The answer of the desk; a refusal shows its traceback and ends the command."""
    reply = desk.answer(request)
    if isinstance(reply, Refused):
        note(f"{reply.outcome}: {reply.reason}\n{reply.detail}")
        raise typer.Exit(codes.NOTHING_MEASURED)
    return reply


def tell(reply: Reply) -> None:
    """Say which stage begins: a breakpoint may stop in any of them."""
    if isinstance(reply, Stage):
        note(f"{reply.stage} …")
