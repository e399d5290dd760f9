"""Reads the workloads of a file from its syntax tree. The file is never imported: it may need torch, or be broken."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.plan.declarations import Declared
from bench.plan.decorated_functions import decorated
from bench.plan.docstrings import Docstring
from bench.plan.error_messages import fault
from bench.records import Source, UserError, Value

_STEM = re.compile(r"[\w-]+")


@dataclass(frozen=True)
class Workload:
    """One course example made measurable, as its source declares it."""

    name: str
    """Family and function: `matmul/square`."""
    lesson: str
    about: Docstring
    """The docstring, in paragraphs and sections."""
    family_about: Docstring
    """Docstring of the family's module or package: its lesson."""
    axes: Mapping[str, tuple[Value, ...]]
    quick: Mapping[str, tuple[Value, ...]]
    """Values of each axis in a quick sweep; the first of the axis if the author names none."""
    modes: tuple[str, ...]
    dtypes: tuple[str, ...]
    role: str
    source: Source
    line: int

    @property
    def family(self) -> str:
        """The first part of the name: the stem of its file, or the package that its file is in."""
        return self.name.partition("/")[0]

    @property
    def summary(self) -> str:
        """First paragraph of the docstring, in one line."""
        return next(iter(self.about.paragraphs), "")

    @property
    def sections(self) -> Mapping[str, str]:
        """The sections of the docstring: `Answer`, `Work`, …"""
        return self.about.sections

    @property
    def defaults(self) -> dict[str, Value]:
        """The default of each axis of the workload's own: the first value of its sweep."""
        return {axis: values[0] for axis, values in self.axes.items()}


def read_file(path: Path, dotted: str | None = None, family: Path | None = None) -> list[Workload]:
    """Read the workloads of a Python file, in its order; none if nothing in it is decorated.

    dotted: the import name of the file, where it belongs to an installed package.
    family: the __init__.py of the package that is its family; without one the file is a family of its own.
    Raises `UserError` with file and line for any declaration that the harness cannot use.
    """
    text = _read(path)
    tree = _parsed(path, text)
    sha256 = hashlib.sha256(text).hexdigest()
    name, lesson = (family.parent.name, _parsed(family, _read(family))) if family else (path.stem, tree)
    about = Docstring.read(ast.get_docstring(lesson) or "")
    return [_workload(path, dotted, sha256, name, about, *found) for found in decorated(tree, path)]


def syntax_tree(path: Path) -> ast.Module:
    """The syntax tree of a file. Raises `UserError` where it cannot be read, or is no Python."""
    return _parsed(path, _read(path))


def _parsed(path: Path, text: bytes) -> ast.Module:
    try:
        return ast.parse(text, filename=str(path))
    except SyntaxError as error:
        raise fault(path, error.lineno or 1, f"this is not valid Python: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        # ValueError for null bytes, the others for absurd nesting.
        raise fault(path, 1, f"this cannot be read as Python: {error or 'it is nested too deeply'}") from None


def _read(path: Path) -> bytes:
    if path.suffix != ".py":
        raise UserError(f"{path} is not a .py file; a workload file is one")
    if not _STEM.fullmatch(path.stem):
        raise UserError(f"{path}: '{path.stem}' would begin the names of its workloads; use letters, digits, _ and -")
    if path.is_dir():
        raise UserError(f"{path} is a folder; name the .py files in it")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path} does not exist") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None


def _workload(
    path: Path,
    dotted: str | None,
    sha256: str,
    family: str,
    family_about: Docstring,
    function: ast.FunctionDef,
    call: ast.Call,
) -> Workload:
    declared = Declared.read(path, function, call)
    return Workload(
        name=f"{family}/{function.name}",
        lesson=declared.lesson,
        about=Docstring.read(ast.get_docstring(function) or ""),
        family_about=family_about,
        axes=declared.axes,
        quick={axis: declared.quick.get(axis, values[:1]) for axis, values in declared.axes.items()},
        modes=declared.modes,
        dtypes=declared.dtypes,
        role=declared.role,
        source=Source(path=str(path.absolute()), function=function.name, dotted=dotted, sha256=sha256),
        line=function.lineno,
    )
