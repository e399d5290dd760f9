"""`bench doctor`: what this machine can do, how noisy it is, and what to do about it."""

from __future__ import annotations

from typing import Annotated

import typer

from bench.cli.options import Format, TableFormat, note, say
from bench.records import UserError


def doctor(
    seconds: Annotated[float, typer.Option(min=0.5, max=600, help="Seconds to listen to the machine's noise.")] = 10.0,
    format_: Format = TableFormat.TABLE,
) -> None:
    """Tell what this machine can measure and how well: facts, capabilities, a noise reading, and advice."""
    from bench.jobs.machine_reading import read_machine

    if format_ not in (TableFormat.TABLE, TableFormat.JSON):
        raise UserError("bench doctor writes --format table or json")
    note(f"listening for {seconds:g} s …")
    found = read_machine(seconds)
    if format_ is TableFormat.JSON:
        import json

        say(json.dumps(found.as_object()))
    else:
        say(str(found))
