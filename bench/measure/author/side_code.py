"""The code of a side: its tree goes ahead of what is installed, and no module of the repository comes from elsewhere.

What is installed in place (an editable install, a `.pth` line, PYTHONPATH) points at the user's checkout. Each such
path is moved to the side's tree. Whatever a side loads all the same from the checkout, from the tree of another side,
from another editable install, or from a wheel of the repository would be the same code on both sides: it is a stranger.
"""

from __future__ import annotations

import json
import os
import site
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from importlib.machinery import ModuleSpec, PathFinder
from types import MappingProxyType, ModuleType
from typing import Any
from urllib.parse import unquote, urlparse

from bench import records

HARNESS = os.path.dirname(os.path.realpath(records.__file__))
"""The folder of this package."""

SUFFIXES = ("", ".py")

NOTHING: Mapping[str, Sequence[str]] = MappingProxyType({})

USER_FILE = "coursebench_user_"
"""Beginning of the names of modules that are workload files, imported by their path."""


class StrangerError(Exception):
    """A case loaded code that is not its side's; the text names the module and its file."""


class SideImports:
    """The tree of this worker's side; one a process."""

    def __init__(
        self,
        root: str,
        checkouts: Sequence[str] = (),
        trees: str | None = None,
        packages: Mapping[str, Sequence[str]] = NOTHING,
        projects: Sequence[str] = (),
    ) -> None:
        """root: the tree; checkouts: what it is a copy of; trees: the folder that holds the trees of all sides.

        packages: folders of the packages of projects inside the tree, by name; projects: names of all projects.
        """
        self.root, self._trees = os.path.realpath(root), os.path.realpath(trees or root)
        self._checkouts = [os.path.realpath(each) for each in checkouts]
        self._packages, self._projects = packages, projects
        self._prefixes = [
            path
            for path in {os.path.realpath(each) for each in (sys.prefix, sys.base_prefix, sys.exec_prefix)}
            if any(_below(path, each) for each in self._checkouts)
        ]
        # What is loaded before any code of a side is torch and the like; of them a look at the text is enough.
        self._seen = {name for name, module in sys.modules.items() if not self._may_be_ours(_file_of(module))}
        self._strangers: dict[str, str] = {}
        self._places: dict[str, str] = {}
        self._editable: list[str] | None = None
        self._wheels: dict[str, set[str]] | None = None

    def place(self, folders: Sequence[str]) -> None:
        """Put the tree ahead of what is installed, or behind it where the interpreter is one inside the tree.

        There `--setup` installed what the tree holds, perhaps with extensions that its sources lack. folders: those to
        put on the path.
        """
        ahead: list[str] = []
        for entry in list(sys.path):
            if (moved := self._moved(entry)) != entry:
                sys.path.remove(entry)
                ahead += [moved] if os.path.exists(moved) else []
        for finder in [each for each in sys.meta_path if self._move_finder(each)]:
            sys.meta_path.remove(finder)
            sys.meta_path.insert(0, finder)
        sys.path[:0] = dict.fromkeys(ahead)
        own = _below(os.path.realpath(sys.prefix), self.root)
        place = len(sys.path) if own else len(dict.fromkeys(ahead))
        sys.path[place:place] = folders
        sys.meta_path.insert(len(sys.meta_path) if own else 0, PackageFinder(self._packages))

    def strangers(self) -> dict[str, str]:
        """By name of a module that is none of this side's: its file, and where that lies."""
        for name in sys.modules.keys() - self._seen:
            self._seen.add(name)
            module = sys.modules.get(name)
            if (file := _file_of(module)) and (why := self._why_strange(name, file)):
                self._strangers[name] = f"{file} ({why})"
        return dict(sorted(self._strangers.items()))

    def _may_be_ours(self, file: str) -> bool:
        return any(_below(file, each) for each in (*self._checkouts, self._trees)) and not _below(file, HARNESS)

    # --- where a path lies --------------------------------------------------------------------------------------------

    def _moved(self, path: str) -> str:
        """A path of the checkout or of another side's tree, in this tree; any other as it is."""
        real = os.path.realpath(path)
        # What is no path of a folder is there for a hook of an editable install.
        if not os.path.isabs(path) or _below(real, self.root) or self._is_installed(real):
            return path
        if _below(real, self._trees):
            return os.path.join(self.root, *os.path.relpath(real, self._trees).split(os.sep)[1:])
        for checkout in self._checkouts:
            if real == checkout or _below(real, checkout):
                return os.path.normpath(os.path.join(self.root, os.path.relpath(real, checkout)))
        return path

    def _is_installed(self, real: str) -> bool:
        parts = real.split(os.sep)
        return (
            "site-packages" in parts or "dist-packages" in parts or any(_below(real, each) for each in self._prefixes)
        )

    def _why_strange(self, name: str, file: str) -> str:
        if name.startswith(USER_FILE):
            return ""  # a workload file, which is imported by its path: with --workloads-from it is another side's
        # A package may be a link in site-packages (flit); a module alone is one itself.
        place = file if "." not in name and os.path.islink(file) else os.path.dirname(file)
        if place not in self._places:
            self._places[place] = self._why_strange_place(os.path.realpath(place))
        return self._places[place] or self._why_strange_wheel(file)

    def _why_strange_place(self, real: str) -> str:
        """Why code that lies there is no side's; empty where it is this side's, or installed for all."""
        if any(real == each or _below(real, each) for each in (self.root, HARNESS)) or self._is_installed(real):
            return ""
        if _below(real, self._trees):
            return "the tree of another side"
        if any(real == each or _below(real, each) for each in self._checkouts):
            return "the working tree, not the tree of this side"
        if any(_below(real, os.path.realpath(sysconfig.get_path(each))) for each in ("stdlib", "platstdlib")):
            return ""
        if _below(real, os.path.dirname(HARNESS)):
            return ""  # the course, where the harness is installed in place
        if self._editable is None:
            self._editable = list(editable_places())
        place = next((each for each in self._editable if real == each or _below(real, each)), None)
        return f"installed in place from {place}" if place else ""

    def _why_strange_wheel(self, file: str) -> str:
        """Why an installed module is a stranger: a wheel of the repository's own holds it, and not in this tree."""
        if _below(file, self.root) or _below(file, HARNESS):
            return ""
        if self._wheels is None:
            self._wheels = {project: set(_files(project)) for project in self._projects}
        owner = next((project for project, files in self._wheels.items() if file in files), None)
        return f"the installed {owner}, not the tree of this side" if owner else ""

    # --- editable installs that are finders ---------------------------------------------------------------------------

    def _move_finder(self, finder: Any) -> bool:
        """Let the finder of an editable install look in this tree; False where it finds nothing of the repository.

        Those of setuptools hold a table in their module, that of `editables` (hatchling, pdm) one in its class.
        """
        module = sys.modules.get(getattr(finder, "__module__", ""))
        tables = [getattr(finder, "_redirections", None)]
        if module is not None and module.__name__.startswith("__editable__"):
            tables += [getattr(module, "MAPPING", None), getattr(module, "NAMESPACES", None)]
        moved = [self._move_table(table) for table in tables if isinstance(table, dict)]
        return any(moved)

    def _move_table(self, table: dict[str, Any]) -> bool:
        """Move the paths of a table by name; a name that this tree lacks is removed. Did any belong to a tree?"""
        changed = False
        for name, value in list(table.items()):
            paths = [value] if isinstance(value, str) else list(value)
            moved = [self._moved(each) for each in paths]
            if moved == paths:
                continue
            changed = True
            moved = [each for each in moved if any(os.path.exists(each + suffix) for suffix in SUFFIXES)]
            if isinstance(value, str) and not moved:
                del table[name]
            else:
                table[name] = moved[0] if isinstance(value, str) else moved
        return changed


class PackageFinder:
    """Finds packages of projects inside the tree, by name; what lies beside them in their folders stays hidden."""

    def __init__(self, packages: Mapping[str, Sequence[str]]) -> None:
        self._packages = packages

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The package of that name; None for any other, and for what is inside a package."""
        folders = self._packages.get(name) if path is None else None
        return PathFinder.find_spec(name, [*folders, *sys.path]) if folders else None


def _below(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip(os.sep) + os.sep)


def _file_of(module: ModuleType | None) -> str:
    file = getattr(module, "__dict__", {}).get("__file__")  # an attribute that is missing may be imported on the way
    return file if isinstance(file, str) and os.path.isabs(file) else ""


def _files(project: str) -> Iterator[str]:
    """The modules of an installed distribution; none where it is not installed."""
    try:
        found = metadata.distribution(project)
    except metadata.PackageNotFoundError:
        return
    for file in found.files or ():
        if file.suffix in (".py", ".so", ".pyd"):
            yield os.path.normpath(str(found.locate_file(file)))


def editable_places() -> Iterator[str]:
    """The folders of distributions that are installed in place (PEP 610)."""
    for each in metadata.distributions():
        text = each.read_text("direct_url.json")
        told = json.loads(text) if text else {}
        if told.get("dir_info", {}).get("editable"):
            yield os.path.realpath(unquote(urlparse(told["url"]).path))


def make_room() -> None:
    """Let this interpreter's own packages come first: PYTHONPATH named the folder of the harness ahead of all.

    Where the harness is installed, that folder holds all that is installed for the parent, another torch perhaps.
    """
    folder = os.path.dirname(HARNESS)
    entries = [each for each in sys.path if os.path.realpath(each) == folder]
    for each in entries:
        sys.path.remove(each)
    if any(os.path.realpath(each) == folder for each in [*site.getsitepackages(), site.getusersitepackages()]):
        library = os.path.realpath(sysconfig.get_path("stdlib"))
        own = [os.path.realpath(each) for each in sys.path]
        after = [place for place, each in enumerate(own) if each.startswith(library) and "site-packages" not in each]
        sys.path.insert(max(after, default=-1) + 1, folder)
    elif "site-packages" in folder.split(os.sep):
        sys.meta_path.append(PackageFinder({"workloads": [folder]}))
    elif entries:
        sys.path.append(entries[0])


_side: SideImports | None = None


def place_side() -> None:
    """Place the side that the environment names, if it names one."""
    global _side
    if root := os.environ.get("COURSEBENCH_ROOT"):
        told = json.loads(os.environ.get("COURSEBENCH_SIDE", "{}"))
        folders = told.pop("folders", [root])
        _side = SideImports(root, **told)
        _side.place(folders)


def strangers() -> dict[str, str]:
    """By name of a module that this process loaded and that is not its side's: its file. Empty without a side."""
    return _side.strangers() if _side is not None else {}


def refuse_strangers() -> None:
    """Raise `StrangerError` where there are some."""
    if found := strangers():
        raise StrangerError("; ".join(f"the module {name} was loaded from {where}" for name, where in found.items()))
