"""The end of a run: its journal becomes tables, however it ends."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.runner.compile_caches import CACHES
from bench.runner.stop_request import Stopped
from bench.runner.time_account import SessionAccount, account
from bench.store.journal import Journal


@dataclass(frozen=True)
class Ended:
    """The end of a run. `status`: `complete`, `interrupted` or `out of budget`; `problems`: unreadable lines of its
    journal.
    """

    status: str
    wall_s: float
    problems: list[str]


def until_sealed(folder: Path, journal: Journal, spending: SessionAccount, work: Callable[[], str]) -> Ended:
    """Do `work`, which returns the run's status, and seal the run however it ends."""
    status = "interrupted"
    try:
        status = work()
    except Stopped:
        pass  # the status says so
    finally:
        wall_s = spending.sum_up()
        problems = seal(folder, status)
        journal.close()  # only now: until the run is sealed no other process may go on with it
    return Ended(status, wall_s, problems)


def seal(folder: Path, status: str) -> list[str]:
    """Turn the journal into tables and drop the compile caches. Returns the unreadable lines of the journal."""
    from bench.store import tables  # pandas: a run does without it until it is sealed

    shutil.rmtree(folder / CACHES, ignore_errors=True)
    data = tables.read(folder)
    records, _ = tables.records_of(data)
    tables.seal(data, {"status": status, "time": account(records, data.sessions)})
    return data.problems
