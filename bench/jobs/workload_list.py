"""Workloads by name, and the pages that explain them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench.jobs.arguments import Paths, Texts, paths, texts

if TYPE_CHECKING:
    from bench.plan.workload_parser import Workload


def named_workloads(names: Texts = (), workloads: Paths = ()) -> list[Workload]:
    """The workloads that match these names or globs, each once; all if no name is given.

    workloads: files of the user's own, besides those of the project. Raises `UserError` for an unknown name.
    """
    from bench.plan import catalog, presets

    found = catalog.find([*paths(workloads), *presets.defaults(Path.cwd()).workloads])
    chosen = [item for name in texts(names) or ["*"] for item in (found.matching(name) or (found.get(name),))]
    return list({item.name: item for item in chosen}.values())  # two globs may match one name


def write_pages(chosen: Sequence[Workload], folder: Path, course: Path | None) -> list[Path]:
    """Write a page for each family of `chosen`, and an index; returns their paths.

    course: file of the code blocks that the index maps to workloads. Raises `UserError`, before anything is written, if
    the course and the workloads do not match.
    """
    from bench.plan.course_blocks import read_course, shown
    from bench.present.pages.lesson_pages import pages
    from bench.store import runs

    made = pages(chosen, shown(read_course(course), chosen) if course else ())
    runs.make_folder(folder)
    for name, text in made.items():
        runs.replace_whole(folder / name, text.encode())
    return [folder / name for name in made]
