"""An author's workloads held to the contract that every workload of the suite keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from bench.jobs.stopping import stop_or_own
from bench.records import Case, Settings, UserError

if TYPE_CHECKING:
    from bench.plan.workload_source import Workload
    from bench.runner.stop import Stop

CANNOT_RUN = "it can run here"
"""The rule whose breach is no fault of the author's."""


@dataclass(frozen=True)
class Checked:
    """What was found of one workload."""

    name: str
    passed: tuple[str, ...]
    """Rules that it keeps."""
    faults: tuple[tuple[str, str], ...]
    """Rules that it breaks, each with what happened."""
    cannot_run: str = ""
    """Why it could not be held to any rule on this machine."""


class ContractCheck:
    """A worker that holds the workloads of one file to the contract, one after the other."""

    def __init__(self, file: Path, names: Sequence[str] = (), stop: Stop | None = None) -> None:
        """names: only these of the file. Raises `UserError` for a file or a name that is not there."""
        from bench.plan import catalog

        self.file = file
        found = catalog.find([file], installed=False)
        self.chosen: list[Workload] = [found.get(f"{file.stem}/{name.rpartition('/')[2]}") for name in names] or list(
            found.values()
        )
        self._settings = Settings()
        self._holds = stop_or_own(stop)

    def __enter__(self) -> Self:
        """Start the worker and import the file. Raises `UserError` with the traceback of one that does not import."""
        from bench.protocol import Import, Imported
        from bench.runner.worker import START_TIMEOUT_S, Worker

        self._stop = self._holds.__enter__()
        self._worker = Worker(1, self._stop)
        try:
            source = self.chosen[0].source
            imported = self._worker.ask(Import([source]), START_TIMEOUT_S)
            assert isinstance(imported, Imported)
            if imported.errors:
                raise UserError(f"{self.file} does not import:\n{imported.errors[source.path]}")
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._worker.end()
        self._holds.__exit__(kind, error, trace)

    def check(self, item: Workload) -> Checked:
        """Build a workload at its default values on the CPU and hold it to every rule."""
        from bench.protocol import Inspect, Inspected
        from bench.runner.worker import Worker, WorkerDiedError, WorkerSilentError

        key = Case.of(item.name, item.defaults).key
        try:
            answer = self._worker.ask(Inspect(key, item.source, self._settings), self._settings.timeout_s)
            if not isinstance(answer, Inspected):
                raise TypeError(f"a question about a contract was answered by {answer!r}")
            passed, broken = tuple(answer.passed), [(each.rule, each.message) for each in answer.faults]
        except (WorkerDiedError, WorkerSilentError) as death:
            passed, broken = (), [("it leaves its process alive", f"{death}\n{getattr(death, 'log', '')}".rstrip())]
            self._worker.end()
            self._worker = Worker(1, self._stop)
        cannot_run = ""
        if [rule for rule, _ in broken] == [CANNOT_RUN]:
            cannot_run = broken.pop()[1]
        return Checked(item.name, passed, (*broken, *docstring_faults(item)), cannot_run)


def docstring_faults(item: Workload) -> list[tuple[str, str]]:
    """What `bench list NAME` could not print."""
    if not item.summary:
        return [("its docstring explains it", "no docstring: say in one line what is computed, with shapes")]
    missing = [name for name in ("Answer", "Work") if name not in item.sections]
    return [("its docstring explains it", f"no section '{name}:'") for name in missing]
