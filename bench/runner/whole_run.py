"""A run from its first launch to its seal: the story of the program; its chapters are the modules beside it."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from bench import records
from bench.protocol import Hello
from bench.records import Block, Case, CaseLaunch, ComparedCase, Planned, Settings, Source, UserError, Value
from bench.runner import git
from bench.runner.launches.budget import Budget
from bench.runner.launches.launch import Launch, LaunchContext
from bench.runner.launches.ledger import Ledger
from bench.runner.launches.schedule import assignments
from bench.runner.listener import RunListener
from bench.runner.stop import Stop, Stopped
from bench.runner.time_account import SessionAccount, account, now
from bench.store import journal, runs, schema

CACHES = "cache"
"""The folder of compile caches inside a run; removed when the run is sealed."""


@dataclass(frozen=True)
class Ended:
    """How a run ended: `complete`, `interrupted` or `out of budget`, and which lines of its journal were unreadable."""

    status: str
    wall_s: float
    problems: list[str]


def begin(folder: Path, told: Mapping[str, Any], about: Mapping[str, Any] | None = None) -> None:
    """Make the folder of a run and its `run.json`. Raises `UserError` where it cannot be written.

    told: as `described` gives it; about: more entries of `run.json`, for whoever reads it.
    """
    runs.create(folder, {**told, "status": "running", **(about or {})})


def described(
    run: str,
    planned: Sequence[Planned],
    settings: Settings,
    hello: Hello,
    preset: str,
    command: str,
    coupled: Sequence[ComparedCase] = (),
) -> dict[str, Any]:
    """What `run.json` says of a run, whatever it measures.

    run: its id; preset, command: what the user gave, for the record; coupled: what is measured in lockstep.
    """
    return {
        "schema": schema.VERSION,
        "run": run,
        "status": "complete",
        "created": now(),
        "coursebench": metadata.version("coursebench"),
        "command": command,
        "preset": preset,
        "code": code([*planned, *(item.base for item in coupled), *(item.head for item in coupled)]),
        "machine": runs.machine_name(hello.facts),
        "fingerprint": runs.fingerprint(hello.facts),
        "git": git.state(),
        "settings": dataclasses.asdict(settings),
        "plan": [_told(item) for item in planned],
        "coupled": [{"base": _told(item.base), "head": _told(item.head)} for item in coupled],
        "environment": hello.facts,
        "capabilities": hello.capabilities,
        "sessions": [],
    }


def _told(item: Planned) -> dict[str, Any]:
    return {"key": item.case.key, "source": dataclasses.asdict(item.source)}


def plan_of(run: Mapping[str, Any]) -> tuple[list[Planned], Settings]:
    """The plan and settings a run was begun with, to go on with it. Raises `UserError` for a certificate."""
    runs.refuse_pairs(run)
    planned = [Planned(Case.from_key(item["key"]), Source(**item["source"])) for item in run["plan"]]
    return planned, Settings(**run["settings"])


def refuse_changes(run: Mapping[str, Any], planned: Sequence[Planned], hello: Hello) -> None:
    """Raise `UserError` where going on would pool unlike data: another machine, or a changed workload file."""
    here = runs.fingerprint(hello.facts)
    if run["fingerprint"] != here:
        raise UserError(
            f"the run was begun on another machine or torch ({run['machine']}, fingerprint {run['fingerprint']}; "
            f"here it is {here}): begin a new run"
        )
    now_here = code(planned)
    for path, digest in run["code"].items():
        if now_here.get(path) != digest:
            raise UserError(f"{path} changed since the run was begun: begin a new run")


def code(planned: Sequence[Planned]) -> dict[str, str]:
    """SHA-256 of each file that decides what is timed: the workloads, what stands beside them, and the worker's room.

    A file of the user's own stands for itself, and so does a module on its own; one of a package for the whole folder
    and what lies below it, whose modules it may share.
    """
    paths = set(Path(records.__file__).parent.glob("measure/*.py"))
    for source in {item.source.path: item.source for item in planned}.values():
        path = Path(source.path)
        # beside a module that is in no package stands whatever else is installed
        packaged = source.dotted is not None and "." in source.dotted
        paths |= set(path.parent.rglob("*.py")) if packaged else {path}
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(paths) if path.exists()}


def measure(
    folder: Path, planned: Sequence[Planned], settings: Settings, hello: Hello, stop: Stop, watch: RunListener
) -> Ended:
    """Measure what is still pending of a run, and seal it however it ends. Raises `MachineUnfitError`."""
    ledger = Ledger(planned, settings)
    book = journal.Journal(folder)  # first the lock: what is replayed must not change under our hands
    replay(folder, ledger)
    clerk = LaunchRecorder(book, ledger, watch)
    office = LaunchContext(
        settings=settings,
        stop=stop,
        threads=lambda symbolic: threads_of(symbolic, hello),
        steps=ledger.steps,
        visits=ledger.visits.wanted,
        caches=folder / CACHES,
        budget=Budget(settings.budget_s, ledger.cost_s),
        clerk=clerk,
    )
    return until_sealed(folder, book, clerk.spending, lambda: launches_until_finished(ledger, office))


def until_sealed(folder: Path, book: journal.Journal, spending: SessionAccount, work: Callable[[], str]) -> Ended:
    """Do the `work`, which returns the run's status, and seal the run however it ends."""
    status = "interrupted"
    try:
        status = work()
    except Stopped:
        pass  # the status says so
    finally:
        wall_s = spending.sum_up()
        problems = seal(folder, status)
        book.close()  # only now: until the run is sealed no other process may go on with it
    return Ended(status, wall_s, problems)


def launches_until_finished(ledger: Ledger, office: LaunchContext) -> str:
    """Launch after launch, until every case is finished or the budget spent. Returns the run's status."""
    for launch in itertools.count():
        for assignment in assignments(ledger.pending(launch), launch, office.settings.seed):
            Launch(assignment, office).run()
        if ledger.finished() == len(ledger.planned):
            return "complete"
        if office.budget.refused:
            return "out of budget"
    raise AssertionError("count() never ends")


def replay(folder: Path, ledger: Ledger) -> None:
    """Tell the ledger what earlier sessions of this run measured, sealed or not."""
    if (folder / "launches.parquet").exists():
        from bench.store import tables  # pandas: a run that starts afresh does without it until it is sealed

        ledger.replay(*tables.records_of(tables.read(folder)))
    else:
        contents = journal.read(folder)
        ledger.replay(contents.launches, contents.blocks)


def seal(folder: Path, status: str) -> list[str]:
    """Turn the journal into tables and drop the compile caches. Returns what of the journal was unreadable."""
    from bench.store import tables  # likewise

    shutil.rmtree(folder / CACHES, ignore_errors=True)
    data = tables.read(folder)
    records, _ = tables.records_of(data)
    tables.seal(data, {"status": status, "time": account(records, data.sessions)})
    return data.problems


class LaunchRecorder:
    """Takes down what launches report: first the journal, then the ledger, then whoever watches."""

    def __init__(self, book: journal.Journal, ledger: Ledger, watch: RunListener) -> None:
        self._book, self._ledger, self._watch = book, ledger, watch
        self.spending = SessionAccount(book, len(ledger.planned))

    def spawned(self, seconds: float) -> None:
        """A worker took so many seconds from its start to its hello."""
        self.spending.spawned(seconds)

    def entered(self, key: str, stage: str, launch: int) -> None:
        """A case entered a stage of a launch."""
        self._watch.entered(key, stage, launch)

    def visited(self, process: str, blocks: Sequence[Block]) -> None:
        """A visit was timed in `process`."""
        self._book.visit(process, blocks)

    def ended(self, record: CaseLaunch, blocks: Sequence[Block]) -> None:
        """A case ended in a launch."""
        self._book.launch(record)
        self._ledger.add(record, blocks)
        self._watch.ended(record, self._ledger.standing())


def threads_of(symbolic: Value, hello: Hello) -> int:
    """The thread count behind `threads=…`: `physical` is the number of physical cores this machine lets us use."""
    return int(hello.facts["cpu"]["physical"]) if symbolic == "physical" else int(symbolic)
