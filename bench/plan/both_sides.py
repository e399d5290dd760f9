"""The cases that two trees have in common, and those that only one has."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from bench.plan.catalog import Catalog
from bench.plan.workload_identity import identity_of
from bench.records import BASE, HEAD, ComparedCase, Planned, Source


@dataclass(frozen=True)
class Sided:
    """The cases to compare. coupled: base against head; twins: the same cases, base against a second copy of it."""

    coupled: tuple[ComparedCase, ...]
    twins: tuple[ComparedCase, ...]
    changed: tuple[str, ...]
    """Keys of cases whose workload itself differs, so that their times cannot be compared."""
    only_base: tuple[str, ...]
    only_head: tuple[str, ...]
    """Keys of cases that one side lacks."""
    no_cases: tuple[str, ...] = ()
    """Tests of a suite that cannot become cases, each with its reason."""
    tests: Mapping[str, Mapping[str, str | int]] = field(default_factory=dict)
    """By key of a case that a test of a suite is: the test's name, its file in the repository, its line."""


NONE_SIDED = Sided((), (), (), (), ())
"""Nothing can be said of the cases: a workload file of a side is broken."""


def mover(here: Path, root: Path, folders: Sequence[Path] = ()) -> Callable[[Path], Path]:
    """Map paths below `here` to the tree at `root`. Paths installed elsewhere, or in a venv, stay as they are.

    folders: those of the tree that workers put on their path: what they hold is measured, and not what is installed.
    """
    here = here.resolve()

    def moved(path: Path) -> Path:
        whole = path.resolve()
        if "site-packages" in whole.parts:
            inside = Path(*whole.parts[whole.parts.index("site-packages") + 1 :])
            return next((folder / inside for folder in folders if _is_own(folder, inside)), path)
        return root / whole.relative_to(here) if whole.is_relative_to(here) else path

    return moved


def _is_own(folder: Path, inside: Path) -> bool:
    """Whether a tree holds what is installed; a folder of the tree that has the course's name is not the course."""
    return inside.parts[:1] != ("workloads",) and (folder / inside).exists()


def side_by_side(
    base: Catalog,
    twin: Catalog,
    head: Catalog,
    planned_base: Sequence[Planned],
    planned_head: Sequence[Planned],
    workloads_from: str | None = None,
) -> Sided:
    """Match the cases of the head with those of the base.

    planned_*: what each tree would measure. workloads_from: the side whose workload files both sides run.
    """
    in_base, in_head = ({item.case.key: item for item in planned} for planned in (planned_base, planned_head))
    coupled, twins, changed, only_head = [], [], [], []
    for key, item in in_head.items():
        if item.case.workload not in base:
            only_head.append(key)
            continue
        sources = {BASE: base[item.case.workload].source, HEAD: item.source}
        if differ(sources[BASE], sources[HEAD]):
            if workloads_from is None:
                changed.append(key)
                continue
            sources = dict.fromkeys(sources, _by_path(sources[workloads_from]))
            copy = sources[BASE]
        else:
            copy = twin[item.case.workload].source
        coupled.append(ComparedCase(Planned(item.case, sources[BASE]), Planned(item.case, sources[HEAD])))
        twins.append(ComparedCase(Planned(item.case, sources[BASE]), Planned(item.case, copy)))
    only_base = tuple(key for key, item in in_base.items() if item.case.workload not in head)
    return Sided(tuple(coupled), tuple(twins), tuple(changed), only_base, tuple(only_head))


@cache
def differ(one: Source, other: Source) -> bool:
    """Whether a workload itself is another one in another tree; a file that is the same to the byte is not read."""
    return one.sha256 != other.sha256 and identity_of(one) != identity_of(other)


def _by_path(source: Source) -> Source:
    """The source to be loaded by its path: by its import name each side would load its own file."""
    return dataclasses.replace(source, dotted=None)
