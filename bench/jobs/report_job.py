"""`bench report` as a function: runs as one page, as an interactive page, and as a deck."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.jobs.arguments import RunName, name_of
from bench.jobs.listener import SILENT, Listener
from bench.jobs.report_writer import formats_of, write_report


@dataclass(frozen=True, repr=False)
class Report:
    """The files of a report; printed, it is their paths."""

    paths: tuple[Path, ...]

    @property
    def folder(self) -> Path:
        """Folder of the files."""
        return self.paths[0].parent

    def __str__(self) -> str:
        return "\n".join(map(str, self.paths))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """For Jupyter: a link to each file."""
        links = (f'<a href="{html.escape(str(path))}">{html.escape(str(path))}</a>' for path in self.paths)
        return "<br>".join(links)


def report(
    *run: RunName,
    vs: str | None = None,
    out: str | Path | None = None,
    formats: str | Sequence[str] = "html",
    listener: Listener = SILENT,
) -> Report:
    """Write one self-contained HTML page of one or more runs, or a deck of their charts; return the paths.

        bench.report(bench.run("matmul/*"), formats="html,pdf")

    run: folders, ids, `reference:NAME`, or results of `bench.run` (default: the latest run).
    vs: the reference of speed-ups.
    out: folder (default: `reports/<run id>`).
    formats: html, pptx, pdf, beamer, explore.
    listener: gets a note for each problem in reading the runs.

    Raises `bench.records.UserError` for a run that cannot be read, for a gate or a profile, and if a format needs a
    library that is not installed.
    """
    wanted = formats_of(formats if isinstance(formats, str) else ",".join(formats))
    folder = None if out is None else Path(out)
    return Report(tuple(write_report([name_of(each) for each in run], vs, folder, wanted, listener=listener)))
