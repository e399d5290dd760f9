"""Repositories of every layout, installed in every way, as files: what the backends write, without running them.

The finder is that of setuptools 84 (`setuptools.command.editable_wheel`), the redirecting one that of `editables` 0.5,
which hatchling and pdm use; `tests/agreement` of neither changes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

LAYOUTS = {"flat": "", "src": "src", "monorepo": "packages/lib/src", "monorepo, flat": "packages/lib"}
"""By name of a layout: the folder that holds the package `lib`."""

INSTALLS = ("setuptools", "hatchling", "path-style", "wheel", "nothing")

FINDER = """
import sys
from importlib.machinery import ModuleSpec, PathFinder
from importlib.machinery import all_suffixes as module_suffixes
from importlib.util import spec_from_file_location
from itertools import chain
from pathlib import Path

MAPPING: dict[str, str] = {mapping!r}
NAMESPACES: dict[str, list[str]] = {{}}
PATH_PLACEHOLDER = "__editable__.lib-1.0.finder.__path_hook__"


class _EditableFinder:
    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        if fullname in MAPPING:
            return cls._find_spec(fullname, Path(MAPPING[fullname]))
        parent, _, child = fullname.rpartition(".")
        if parent and parent in MAPPING:
            return PathFinder.find_spec(fullname, path=[MAPPING[parent]])
        return None

    @classmethod
    def _find_spec(cls, fullname, candidate_path):
        init = candidate_path / "__init__.py"
        candidates = (candidate_path.with_suffix(x) for x in module_suffixes())
        for candidate in chain([init], candidates):
            if candidate.exists():
                return spec_from_file_location(fullname, candidate)
        return None


def install():
    if not any(finder == _EditableFinder for finder in sys.meta_path):
        sys.meta_path.append(_EditableFinder)
"""

REDIRECTOR = """
import importlib.abc
import importlib.util
import sys


class RedirectingFinder(importlib.abc.MetaPathFinder):
    _redirections = {}

    @classmethod
    def map_module(cls, name, path):
        cls._redirections[name] = path

    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        if "." in fullname or path is not None or fullname not in cls._redirections:
            return None
        return importlib.util.spec_from_file_location(fullname, cls._redirections[fullname])

    @classmethod
    def install(cls):
        if cls not in sys.meta_path:
            sys.meta_path.append(cls)
"""


class Venv:
    """An interpreter that has torch and the like from ours, and `site-packages` of its own."""

    def __init__(self, folder: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        self.python = folder / "bin" / "python"
        (self.packages,) = folder.glob("lib/python*/site-packages")
        # Ours is not put in front of the paths of what is installed in place, as it would not be in a venv with pip.
        ours = next(path for path in sys.path if "site-packages" in path and Path(path, "torch").exists())
        (self.packages / "zz_ours.pth").write_text(f"{ours}\n")

    def installed(self, how: str, project: Path, package: Path) -> None:
        """Install the package `lib` of a project as a backend does."""
        info = self.packages / "lib-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lib\nVersion: 1.0\n")
        editable = json.dumps({"dir_info": {"editable": True}, "url": f"file://{project}"})
        if how == "wheel":
            copy = self.packages / "lib"
            copy.mkdir()
            (copy / "__init__.py").write_bytes((package / "__init__.py").read_bytes())
            (info / "RECORD").write_text("lib/__init__.py,,\nlib-1.0.dist-info/METADATA,,\n")
            return
        (info / "direct_url.json").write_text(editable)
        if how == "setuptools":  # what it writes where packages are not all below one folder, or by `mode=compat` alone
            self._write("__editable___lib_1_0_finder.py", FINDER.format(mapping={"lib": str(package)}))
            self._write(
                "__editable__.lib-1.0.pth", "import __editable___lib_1_0_finder; __editable___lib_1_0_finder.install()"
            )
        elif how == "hatchling":  # with dev-mode-exact
            self._write("editables_redirector.py", REDIRECTOR)
            self._write(
                "_editable_impl_lib.py",
                "from editables_redirector import RedirectingFinder as F\nF.install()\n"
                f"F.map_module('lib', {str(package / '__init__.py')!r})\n",
            )
            self._write("_editable_impl_lib.pth", "import _editable_impl_lib")
        elif how == "path-style":  # setuptools with a simple layout, hatchling as usual, poetry, pdm
            self._write("__editable__.lib-1.0.pth", f"{package.parent}")

    def _write(self, name: str, text: str) -> None:
        (self.packages / name).write_text(f"{text}\n")


class Repository:
    """A repository whose main has the library `lib` as it was; what is not committed is the head."""

    def __init__(self, folder: Path, layout: str = "flat", name: str = "lib") -> None:
        self.folder = folder
        self.project = folder / LAYOUTS[layout].removesuffix("/src").removesuffix("src")
        self.package = folder / LAYOUTS[layout] / "lib"
        self.package.mkdir(parents=True)
        (folder / ".gitignore").write_text("results/\n__pycache__/\n*.so\n")
        (self.project / "pyproject.toml").write_text(f'[project]\nname = "{name}"\nversion = "1.0"\n')
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.email", "someone@example.org")
        self.git("config", "user.name", "Someone")
        self.lib("WHO = 'base'")

    def lib(self, text: str) -> None:
        """The text of the library."""
        (self.package / "__init__.py").write_text(textwrap.dedent(text) + "\n")

    def git(self, *words: str) -> str:
        done = subprocess.run(["git", "-C", str(self.folder), *words], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self, message: str = "as it was") -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD")
