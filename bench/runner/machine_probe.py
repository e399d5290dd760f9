"""The check before a run: facts about the machine, and whether the workload files import. Nothing is written yet."""

from __future__ import annotations

from collections.abc import Sequence

from bench.protocol import Hello, Import, Imported
from bench.records import Planned, UserError
from bench.runner.starter import Starter, can_fork, has_gpu
from bench.runner.stop_request import Stop
from bench.runner.worker import HERE, START_TIMEOUT_S, SideCode, Worker, WorkerLostError
from bench.runner.worker_pool import WorkerPool

STRANGERS = "modules were loaded that are not of this side's tree, so that both sides would run the same code"


def look(
    planned: Sequence[Planned],
    stop: Stop,
    side: SideCode = HERE,
    pool: WorkerPool | None = None,
    starter: Starter | None = None,
) -> Hello:
    """The hello of a fresh worker of a side, once it has imported every planned workload file.

    pool: keeps that worker for the first launch. starter: forks it, in the side's interpreter.
    Raises `UserError` with the traceback of a file that does not import, and `MachineUnfitError`.
    """
    worker, kept = Worker(1, stop, side=side, starter=starter), False
    try:
        reply = worker.ask(Import([item.source for item in planned]), START_TIMEOUT_S)
        assert isinstance(reply, Imported)
        if reply.errors:
            text = "\n\n".join(f"{path} does not import:\n{error}" for path, error in reply.errors.items())
            raise UserError(text)
        if reply.strangers:
            listed = "\n".join(f"  {name}: {where}" for name, where in reply.strangers.items())
            raise UserError(f"{STRANGERS}:\n{listed}")
        hello = worker.greet()
        if pool is not None:
            pool.can_fork = can_fork(cuda=has_gpu(hello.capabilities))
            pool.put(1, worker)
            kept = True
        return hello
    except WorkerLostError as lost:
        files = ", ".join(sorted({item.source.path for item in planned}))
        raise UserError(f"importing {files} ended the process: {lost}\n{lost.log}".rstrip()) from None
    finally:
        if not kept:
            worker.end()
