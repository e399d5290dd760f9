"""Where a tree keeps what it lets one import: folders of its root project, and packages of the projects inside it.

Read from the files that build backends read (pyproject.toml, setup.cfg, setup.py), and from the usual places.
"""

from __future__ import annotations

import ast
import configparser
import contextlib
import os
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEPTH = 4
"""Folders below the root in which projects are looked for: a monorepo has `packages/NAME` or `libs/python/NAME`."""

DECLARED = ("pyproject.toml", "setup.cfg", "setup.py")

SKIPPED = frozenset(
    {"node_modules", "site-packages", "__pycache__", "build", "dist"}
    | {"third_party", "thirdparty", "vendor", "vendored", "_vendor", "external", "extern"}
)
"""Folders without projects of the repository's own. A copy of somebody else's library is not to hide the installed."""

USUAL = frozenset({"tests", "test", "docs", "doc", "examples", "benchmarks", "scripts", "tools", "setup", "conftest"})
"""Names beside a package that are no part of it."""


@dataclass(frozen=True)
class ImportRoots:
    """What a tree lets one import. All paths are below it."""

    folders: tuple[Path, ...]
    """Folders of the root project, to be put on the path as they are."""
    packages: Mapping[str, tuple[Path, ...]]
    """By name of a package or module of a project inside: the folder that holds it; several for a namespace."""
    projects: tuple[str, ...]
    """Names of the projects, as `importlib.metadata` takes them."""


def import_roots(tree: Path) -> ImportRoots:
    """Read the projects of a tree."""
    names: list[str] = []
    holders: dict[str, list[Path]] = defaultdict(list)
    for project in _projects(tree):
        declared = _declared(project)
        name = _project_name(project, declared)
        names += [name] if name else []
        if project != tree:
            for found, folder in _packages(project, _sources(project, declared), name).items():
                holders[found].append(folder)
    folders = [*_sources(tree, _declared(tree)), tree]
    own = {name for folder in folders for name in _importable(folder)}
    packages = {
        name: tuple(places)
        for name, places in holders.items()
        if name not in own and name not in sys.stdlib_module_names and _is_one(name, places)
    }
    return ImportRoots(tuple(folders), packages, tuple(dict.fromkeys(names)))


def _is_one(name: str, places: list[Path]) -> bool:
    """Whether the places hold one package, or parts of a namespace. Of two of one name nobody knows which is meant."""
    return len(places) == 1 or not any((place / name / "__init__.py").exists() for place in places)


def _projects(tree: Path) -> Iterator[Path]:
    """Folders that declare a project, the root first whether it declares one or not."""
    for text, folders, files in os.walk(tree):
        folder = Path(text)
        if "pyvenv.cfg" in files:
            folders.clear()
            continue
        deep = len(folder.relative_to(tree).parts) >= DEPTH
        folders[:] = [] if deep else sorted(each for each in folders if each[0] != "." and each not in SKIPPED)
        if folder == tree or any(name in files for name in DECLARED):
            yield folder


def _declared(project: Path) -> Mapping[str, Any]:
    """Its pyproject.toml; empty where there is none, or none that can be read: the build would say so, not we."""
    try:
        return tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _at(declared: Any, *keys: str) -> Any:
    for key in keys:
        declared = declared.get(key) if isinstance(declared, Mapping) else None
    return declared


def _project_name(project: Path, declared: Mapping[str, Any]) -> str:
    """The project's name, normalised; empty where no file says it."""
    name = _at(declared, "project", "name") or _at(declared, "tool", "poetry", "name")
    if not isinstance(name, str):
        name = _setup_cfg(project).get("metadata", "name", fallback="") or _setup_call(project).get("name", "")
    return re.sub(r"[-_.]+", "-", str(name)).lower()


def _sources(project: Path, declared: Mapping[str, Any]) -> list[Path]:
    """Folders below a project that hold its packages: those that its build backend is given, and `src`."""
    hatch = _at(declared, "tool", "hatch", "build", "targets", "wheel") or {}
    poetry = _at(declared, "tool", "poetry", "packages") or []
    config, call = _setup_cfg(project), _setup_call(project)
    named = [
        _at(declared, "tool", "setuptools", "package-dir", ""),
        *_texts(_at(declared, "tool", "setuptools", "packages", "find", "where")),
        *(str(Path(text).parent) for text in _texts(_at(hatch, "packages"))),
        *_texts(list(_at(hatch, "sources") or ())),
        *(each.get("from") for each in poetry if isinstance(each, Mapping)),
        _at(declared, "tool", "pdm", "build", "package-dir"),
        _at(declared, "tool", "maturin", "python-source"),
        _at(declared, "tool", "uv", "build-backend", "module-root"),
        *re.findall(r"^\s*=\s*(\S+)", config.get("options", "package_dir", fallback=""), re.MULTILINE),
        config.get("options.packages.find", "where", fallback=None),
        call.get("package_dir"),
        "src",
    ]
    folders = dict.fromkeys(Path(os.path.normpath(project / text)) for text in named if isinstance(text, str) and text)
    return [each for each in folders if each != project and each.is_relative_to(project) and _is_source(each)]


def _is_source(folder: Path) -> bool:
    return folder.is_dir() and not (folder / "__init__.py").exists()


def _texts(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _setup_cfg(project: Path) -> configparser.ConfigParser:
    config = configparser.ConfigParser(interpolation=None)
    with contextlib.suppress(configparser.Error, ValueError):
        config.read(project / "setup.cfg", encoding="utf-8")
    return config


def _setup_call(project: Path) -> dict[str, str]:
    """`name` and `package_dir[""]` of the call of setup() in setup.py, where they are literals; it is not run."""
    try:
        tree = ast.parse((project / "setup.py").read_bytes())
    except (OSError, ValueError, SyntaxError):
        return {}
    found: dict[str, str] = {}
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        function = ast.unparse(call.func).rpartition(".")[2]
        for keyword in call.keywords if function in ("setup", "find_packages") else ():
            with contextlib.suppress(ValueError):
                value = ast.literal_eval(keyword.value)
                if keyword.arg == "name" and isinstance(value, str):
                    found["name"] = value
                elif keyword.arg == "package_dir" and isinstance(value, dict) and isinstance(value.get(""), str):
                    found["package_dir"] = value[""]
                elif keyword.arg == "where" and isinstance(value, str):
                    found.setdefault("package_dir", value)
    return found


def _packages(project: Path, sources: list[Path], name: str) -> dict[str, Path]:
    """The packages and modules of a project inside the tree, each with the folder that holds it."""
    found: dict[str, Path] = {}
    for folder in sources:
        for each in _importable(folder, namespaces=True):
            found.setdefault(each, folder)
    for each in _importable(project):
        is_package = (project / each / "__init__.py").exists()
        if each not in USUAL and (is_package or each == name.replace("-", "_")):
            found.setdefault(each, project)
    return found


def _importable(folder: Path, namespaces: bool = False) -> Iterator[str]:
    """Names of packages and modules in a folder. namespaces: folders without an __init__.py count too."""
    with contextlib.suppress(OSError):
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
            stem, suffix = os.path.splitext(entry.name)
            if entry.is_dir() and entry.name.isidentifier() and entry.name not in SKIPPED:
                if namespaces or os.path.exists(os.path.join(entry.path, "__init__.py")):
                    yield entry.name
            elif suffix == ".py" and stem.isidentifier():
                yield stem
