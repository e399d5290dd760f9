"""All workloads, of installed packages and of files the user names, found without importing any."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from bench.plan.error_messages import near
from bench.plan.workload_parser import Workload, read_file
from bench.records import UserError

__all__ = ["GROUP", "Catalog", "Workload", "find", "read_file"]

GROUP = "coursebench.workloads"
"""The entry-point group. A value is a module, or a package in which each module without an underscore is a family. So
is each package inside: its workloads may be in several modules and are named after the package."""


class Catalog:
    """Workloads by name, in the order of names."""

    def __init__(self, workloads: Iterable[Workload]) -> None:
        """Raises `UserError` if two share a name, as a key would name both."""
        self._by_name: dict[str, Workload] = {}
        for workload in sorted(workloads, key=lambda workload: workload.name):
            other = self._by_name.setdefault(workload.name, workload)
            if other is not workload:
                places = " and ".join(f"{each.source.path}:{each.line}" for each in (other, workload))
                raise UserError(f"two workloads are named '{workload.name}': {places}; rename a function or a file")

    def get(self, name: str) -> Workload:
        """The workload of that name. Raises `UserError` with the nearest names."""
        if name not in self._by_name:
            raise UserError(f"there is no workload '{name}'{near(name, self._by_name)}")
        return self._by_name[name]

    def matching(self, glob: str) -> tuple[Workload, ...]:
        """The workloads whose name matches a glob such as `matmul/*`; none if nothing does."""
        return tuple(workload for name, workload in self._by_name.items() if fnmatchcase(name, glob))

    def values(self) -> tuple[Workload, ...]:
        """All workloads."""
        return tuple(self._by_name.values())

    def __getitem__(self, name: str) -> Workload:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __len__(self) -> int:
        return len(self._by_name)


def where_it_lies(path: Path) -> Path:
    """The path itself: a file or folder where it was found."""
    return path


def find(files: Sequence[Path] = (), installed: bool = True, moved: Callable[[Path], Path] = where_it_lies) -> Catalog:
    """The workloads of `files` and, if `installed`, of every installed package that offers some.

    moved: maps a file or folder of this tree to another tree; what that tree lacks is left out.
    Raises `UserError` for a file or package that cannot be read or holds no workload, and for two of one name.
    """
    found: dict[Path, list[Workload]] = {}
    for entry in _entries() if installed else ():
        for path, dotted, family in _modules(entry, moved):
            found[path.resolve()] = read_file(path, dotted, family)
    for path in map(moved, files):
        if moved is not where_it_lies and not path.exists():
            continue
        # A file of an installed package keeps its import name: it is one workload, not two.
        if path.resolve() not in found:
            found[path.resolve()] = _own_file(path)
    return Catalog(workload for workloads in found.values() for workload in workloads)


def _own_file(path: Path) -> list[Workload]:
    workloads = read_file(path)
    if not workloads:
        advice = "decorate a function with @workload, imported by 'from bench.workload import workload'"
        raise UserError(f"{path} holds no workload: {advice}")
    return workloads


def _entries() -> list[EntryPoint]:
    """The entry points of the group, one for each module: a package that is installed twice declares them twice."""
    return list({entry.module: entry for entry in sorted(entry_points(group=GROUP))}.values())


def _modules(entry: EntryPoint, moved: Callable[[Path], Path]) -> list[tuple[Path, str, Path | None]]:
    """The files an entry point stands for: path, import name, and the __init__.py of a family that is a package."""
    places = _locations(entry.module)
    for path in map(moved, places):
        if path.is_file():
            return [(path, entry.module, None)]
        if path.is_dir():
            single = [(file, f"{entry.module}.{file.stem}", None) for file in _public(path.glob("*.py"))]
            parted = [
                (file, f"{entry.module}.{family.parent.name}.{file.stem}", family)
                for family in sorted(path.glob("*/__init__.py"))
                if not family.parent.name.startswith("_")
                for file in _public(family.parent.glob("*.py"))
            ]
            return [*single, *parted]
    if any(place.exists() for place in places):
        return []  # the other tree has none
    raise UserError(f"the entry point '{entry.name} = {entry.value}' of {GROUP} cannot be located; is it installed?")


def _public(files: Iterable[Path]) -> list[Path]:
    return sorted(file for file in files if not file.name.startswith("_"))


def _locations(module: str) -> list[Path]:
    """Where a module may lie. Only its top-level name goes to `find_spec`: a dotted one would import its parent."""
    top, *rest = module.split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):  # ValueError: the module is loaded, but has no spec
        spec = None
    if spec is None:
        return []
    folders = [Path(folder) for folder in spec.submodule_search_locations or ()]
    if not rest:
        return folders or ([Path(spec.origin)] if spec.origin else [])
    below = [folder.joinpath(*rest) for folder in folders]
    return [path for folder in below for path in (folder, folder.with_name(f"{folder.name}.py"))]
