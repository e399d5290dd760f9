"""`bench check FILE`: hold an author's workloads to the contract."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli import exit_codes
from bench.cli.options import placeholder, say


def check(
    file: Annotated[Path, typer.Argument(help="A file with workloads of your own.")],
    names: Annotated[
        list[str] | None, typer.Argument(metavar=placeholder("NAME", many=True), help="Only these workloads of it.")
    ] = None,
) -> None:
    """Tell the author of a workload what is wrong with it.

    Each workload is built at its default values on the CPU and held to the rules every workload of the suite keeps: the
    answer is right, the check notices a wrong one, fifty calls later it is still right, one seed gives one answer,
    nothing is kept from call to call, the work is stated, the process is left as it was set, the docstring explains it.
    """
    from bench.jobs.contract_check import contract_check

    faults = 0
    with contract_check(file, names or ()) as contract:
        for item in contract.chosen:
            say(f"{item.name}")
            found = contract.check(item)
            for rule in found.passed:
                say(f"  ok     {rule}")
            if found.cannot_run:
                say(f"  skip   it cannot run here: {found.cannot_run}")
            for rule, text in found.faults:
                indented = text.replace("\n", "\n         ")
                say(f"  WRONG  {rule}\n         {indented}")
            faults += len(found.faults)
    count = len(contract.chosen)
    say(f"{faults} fault{'s' * (faults != 1)} in {count} workload{'s' * (count != 1)}")
    raise typer.Exit(exit_codes.NOTHING_MEASURED if faults else exit_codes.FINE)
