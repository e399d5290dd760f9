"""Checks an author's workloads against the contract that every workload of the suite keeps."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.jobs.stopping import stop_or_own
from bench.records import Case, Settings, UserError

if TYPE_CHECKING:
    from bench.plan.workload_parser import Workload
    from bench.runner.stop_request import Stop
    from bench.runner.worker import Worker

CANNOT_RUN = "it can run here"
"""The rule whose breach is not the author's fault."""


@dataclass(frozen=True)
class Checked:
    """The result of checking one workload."""

    name: str
    passed: tuple[str, ...]
    """Rules that it keeps."""
    faults: tuple[tuple[str, str], ...]
    """Rules that it breaks, each with what happened."""
    cannot_run: str = ""
    """Why it could not be checked on this machine."""


@contextlib.contextmanager
def contract_check(file: Path, names: Sequence[str] = (), stop: Stop | None = None) -> Iterator[ContractCheck]:
    """A worker that has imported the workloads of a file, for the time of the checks.

    names: only these workloads of the file. Raises `UserError` for a missing file or name, and with the traceback for a
    file that does not import.
    """
    from bench.plan import catalog
    from bench.protocol import Import, Imported
    from bench.runner.worker import START_TIMEOUT_S, Worker

    found = catalog.find([file], installed=False)
    chosen = [found.get(f"{file.stem}/{name.rpartition('/')[2]}") for name in names] or list(found.values())
    with stop_or_own(stop) as own:
        check = ContractCheck(chosen, Worker(1, own), own)
        try:
            source = chosen[0].source
            imported = check.worker.ask(Import([source]), START_TIMEOUT_S)
            assert isinstance(imported, Imported)
            if imported.errors:
                raise UserError(f"{file} does not import:\n{imported.errors[source.path]}")
            yield check
        finally:
            check.worker.end()


@dataclass
class ContractCheck:
    """Checks workloads against the contract, one after the other."""

    chosen: Sequence[Workload]
    worker: Worker
    """The worker; a new one after a workload that ended it."""
    stop: Stop

    def check(self, item: Workload) -> Checked:
        """Build a workload at its default values on the CPU and check every rule."""
        from bench.protocol import Inspect, Inspected
        from bench.runner.worker import Worker, WorkerDiedError, WorkerSilentError

        key, settings = Case.of(item.name, item.defaults).key, Settings()
        try:
            answer = self.worker.ask(Inspect(key, item.source, settings), settings.timeout_s)
            if not isinstance(answer, Inspected):
                raise TypeError(f"a question about a contract was answered by {answer!r}")
            passed, broken = tuple(answer.passed), [(each.rule, each.message) for each in answer.faults]
        except (WorkerDiedError, WorkerSilentError) as death:
            passed, broken = (), [("it leaves its process alive", f"{death}\n{getattr(death, 'log', '')}".rstrip())]
            self.worker.end()
            self.worker = Worker(1, self.stop)
        cannot_run = ""
        if [rule for rule, _ in broken] == [CANNOT_RUN]:
            cannot_run = broken.pop()[1]
        return Checked(item.name, passed, (*broken, *docstring_faults(item)), cannot_run)


def docstring_faults(item: Workload) -> list[tuple[str, str]]:
    """Sections of the docstring that `bench list NAME` needs and that are missing."""
    if not item.summary:
        return [("its docstring explains it", "no docstring: say in one line what is computed, with shapes")]
    missing = [name for name in ("Answer", "Work") if name not in item.sections]
    return [("its docstring explains it", f"no section '{name}:'") for name in missing]
