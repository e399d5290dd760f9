"""`bench check FILE`: hold an author's workloads to the contract."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli import codes
from bench.cli.options import say

if TYPE_CHECKING:
    from bench.plan.workload_source import Workload


def check(
    file: Annotated[Path, typer.Argument(help="A file with workloads of your own.")],
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Only these workloads of it.")] = None,
) -> None:
    """Tell the author of a workload what is wrong with it.

    Each workload is built at its default values on the CPU and held to the rules every workload of the suite keeps: the
    answer is right, the check notices a wrong one, fifty calls later it is still right, one seed gives one answer,
    nothing is kept from call to call, the work is stated, the docstring explains it.
    """
    from bench.plan import catalog
    from bench.protocol import Import, Imported, Inspect, Inspected
    from bench.records import Case, Settings, UserError
    from bench.runner.stop import Stop
    from bench.runner.worker import START_TIMEOUT_S, Worker, WorkerDiedError, WorkerSilentError

    found = catalog.find([file], installed=False)
    chosen = [found.get(f"{file.stem}/{name.rpartition('/')[2]}") for name in names or []] or list(found.values())
    settings = Settings()
    faults = 0
    stop = Stop()
    worker = Worker(1, stop)
    try:
        imported = worker.ask(Import([chosen[0].source]), START_TIMEOUT_S)
        assert isinstance(imported, Imported)
        if imported.errors:
            raise UserError(f"{file} does not import:\n{imported.errors[chosen[0].source.path]}")
        for item in chosen:
            say(f"{item.name}")
            key = Case.of(item.name, item.defaults).key
            try:
                answer = worker.ask(Inspect(key, item.source, settings), settings.timeout_s)
                if not isinstance(answer, Inspected):
                    raise TypeError(f"a question about a contract was answered by {answer!r}")
                passed, broken = answer.passed, [(fault.rule, fault.message) for fault in answer.faults]
            except (WorkerDiedError, WorkerSilentError) as death:
                passed, broken = [], [("it leaves its process alive", f"{death}\n{getattr(death, 'log', '')}".rstrip())]
                worker.end()
                worker = Worker(1, stop)
            undocumented = docstring_faults(item)
            for rule in passed:
                say(f"  ok     {rule}")
            if [rule for rule, _ in broken] == ["it can run here"]:
                say(f"  skip   it cannot run here: {broken.pop()[1]}")
            for rule, text in [*broken, *undocumented]:
                indented = text.replace("\n", "\n         ")
                say(f"  WRONG  {rule}\n         {indented}")
            faults += len(broken) + len(undocumented)
    finally:
        worker.end()
    say(f"{faults} fault{'s' * (faults != 1)} in {len(chosen)} workload{'s' * (len(chosen) != 1)}")
    raise typer.Exit(codes.NOTHING_MEASURED if faults else codes.FINE)


def docstring_faults(item: Workload) -> list[tuple[str, str]]:
    """What `bench list NAME` could not print."""
    if not item.summary:
        return [("its docstring explains it", "no docstring: say in one line what is computed, with shapes")]
    missing = [name for name in ("Answer", "Work") if name not in item.sections]
    return [("its docstring explains it", f"no section '{name}:'") for name in missing]
