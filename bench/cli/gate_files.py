"""What `bench gate` leaves besides its table: files, the page, and what a job of GitHub reads."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.cli.options import colour, note, say, width
from bench.records import UserError

if TYPE_CHECKING:
    from bench.jobs.gate_result import Gate


@dataclass(frozen=True)
class GateFiles:
    """The files that were asked for, None each where not."""

    json: Path | None = None
    markdown: Path | None = None
    junit: Path | None = None
    comment: Path | None = None
    badge: Path | None = None
    annotations: bool = False
    """Whether commands of GitHub that mark lines are printed."""

    def forget(self) -> None:
        """Remove what an earlier call left in these places: a file then always is of the call that was made last.

        Raises `UserError` where that fails.
        """
        for path in (self.json, self.markdown, self.junit, self.comment, self.badge):
            try:
                if path is not None:
                    path.unlink(missing_ok=True)
            except OSError as error:
                raise UserError(f"{path} cannot be written: {error.strerror or error}") from None


def show(found: Gate, files: GateFiles, exit_code: int) -> None:
    """Write the files that were asked for and the page, tell the job of GitHub, and say what the gate found."""
    from bench.jobs.gate_result import write

    link = run_address(os.environ)
    if files.json is not None:
        write(files.json, found.json(exit_code))
    for path, text in ((files.markdown, found.markdown), (files.junit, found.junit), (files.badge, found.badge)):
        if path is not None:
            write(path, text())
    if files.comment is not None:
        write(files.comment, found.comment(link))
    _tell_job(found, exit_code, link)
    for each in found.judged.failed:
        if not each.key:
            note(f"{each.text}\n{each.detail}")
    say(found.text(width=width(), color=colour()))
    if files.annotations:
        for line in found.annotations():
            say(line)
    _pages(found)
    note(f"\nkept in {found.folder}; judge it again with: bench gate --replay {found.folder}")


def _pages(found: Gate) -> None:
    """Write the pages beside the pairs; where that cannot be done the verdicts stand."""
    if (page := found.page) is not None:
        note(f"\nwhy, as a page: {page}")
    try:
        note(f"\nevery case as a page: {found.verdict_page}")
    except (OSError, UserError) as error:
        note(f"warning: the page of the gate cannot be written: {error}")


def run_address(environment: Mapping[str, str]) -> str:
    """The address of the job of GitHub that this is; empty elsewhere."""
    parts = [environment.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")]
    server, repository, run = parts
    return f"{server}/{repository}/actions/runs/{run}" if all(parts) else ""


def _tell_job(found: Gate, exit_code: int, link: str) -> None:
    """Add to the summary of a job and to the outputs of its step, where the environment names files for them."""
    from bench.present.tables.gate_in_ci import summary

    if path := os.environ.get("GITHUB_STEP_SUMMARY"):
        already = Path(path).stat().st_size if Path(path).is_file() else 0
        _append(path, summary(found.markdown(), already, link))
    if path := os.environ.get("GITHUB_OUTPUT"):
        _append(path, f"verdict={found.verdict}\nexit-code={exit_code}\nfolder={found.folder}\n")


def _append(path: str, text: str) -> None:
    try:
        with open(path, "a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        note(f"warning: {path} cannot be written, which the job of GitHub reads: {error.strerror or error}")
