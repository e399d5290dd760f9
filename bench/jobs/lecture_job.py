"""`bench lecture` as a function: measure the data for the charts of the lecture, then write page and deck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.jobs.arguments import Span, new_folder
from bench.jobs.choice import Choice, overrides
from bench.jobs.listener import SILENT, Listener
from bench.jobs.report_writer import formats_of, write_report
from bench.jobs.run_job import afresh
from bench.jobs.run_result import Run
from bench.jobs.stopping import stop_or_own
from bench.records import UserError

if TYPE_CHECKING:
    from bench.runner.stop_request import Stop


@dataclass(frozen=True)
class Lecture:
    """The measured run, and the runs of other machines that are drawn beside it."""

    run: Run
    beside: tuple[str, ...]
    formats: tuple[str, ...]

    def write(self, out: Path | None = None, listener: Listener = SILENT) -> list[Path]:
        """Write page and deck into a folder (default: `reports/<run id>`); returns the paths."""
        names = [str(self.run.folder), *self.beside]
        return write_report(names, None, out, list(self.formats), fill=True, listener=listener)


def lecture(
    budget: Span = "10m",
    *,
    formats: str = "html,pptx,pdf",
    beside: Sequence[str] = (),
    alone: bool = False,
    command: str,
    listener: Listener = SILENT,
    stop: Stop | None = None,
) -> Lecture:
    """Measure the lecture's preset. Page and deck are not written yet.

    beside: runs of other machines to draw beside this one (default: the shipped ones with a GPU if this machine has
    none). alone: draw none of them. command: text for `run.json`. Raises as `bench.run` does, and `UserError` for a run
    that cannot be drawn, before anything is measured.
    """
    from bench.store import runs

    if beside and alone:
        raise UserError("--alone draws no machine beside this one, and --beside names some: give one of them")
    for name in beside:
        runs.refuse_pairs(runs.read(runs.locate(name)))  # before ten minutes of measuring what cannot be drawn
    wanted = tuple(formats_of(formats))
    chosen = Choice(preset="lecture")
    settings = chosen.settings(overrides(budget=budget))
    with stop_or_own(stop) as own:
        found = afresh(chosen, settings, new_folder(None), command, listener, own)
    has_gpu = not found.facts["capabilities"]["cuda"]
    others = tuple(beside) or (() if alone or has_gpu else tuple(shipped_with_gpu()))
    return Lecture(found, others, wanted)


def shipped_with_gpu() -> list[str]:
    """Names of the shipped runs of machines with a GPU."""
    from bench.store import runs

    shelf = runs.references()
    return [f"{runs.REFERENCE}:{name}" for name, folder in shelf.items() if runs.read(folder)["environment"]["cuda"]]
