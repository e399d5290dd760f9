"""`python -m tests.matrix FOLDER`: makes each environment in FOLDER, runs quick suite and fast tests, writes the table.

What is there already is kept: an environment goes on where it was interrupted, and is run again for another commit.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.matrix import results
from tests.matrix.environments import ENVIRONMENTS, ROOT, Environment, constraints
from tests.matrix.pythons import NoPythonError, Python, find, last_line
from tests.matrix.results import Result

PAGE = ROOT / "docs" / "versions.md"
INSTALL_S, QUICK_S, TESTS_S = 3600, 1800, 5400
"""Longest seconds of each part."""

WARNS = re.compile(r"\w*Warning\b")
"""What a warning of Python's prints."""


class PartFailedError(Exception):
    """A part of an environment did not end well; the text says how."""


class Room:
    """An environment on this machine: its folder, its interpreter, and the tree of the commit."""

    def __init__(self, environment: Environment, python: Python, folder: Path, tree: Path) -> None:
        self.environment, self.python, self.tree = environment, python, tree
        self.folder = folder / environment.name
        self.folder.mkdir(exist_ok=True)

    @property
    def own(self) -> str:
        """Its interpreter, once it is installed."""
        return str(self.folder / "venv" / "bin" / "python")

    def run(self, command: Sequence[str], limit_s: float) -> subprocess.CompletedProcess[str]:
        """Run a command in the tree. Raises `PartFailedError` after `limit_s` seconds."""
        words = self.python.words(command, self.tree)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
        try:
            return subprocess.run(
                words, capture_output=True, text=True, timeout=limit_s, env=kept, stdin=subprocess.DEVNULL, check=False
            )
        except subprocess.TimeoutExpired:
            raise PartFailedError(f"{command[0]} took longer than {limit_s:g} s") from None

    def asked(self, *command: str) -> str:
        """What a command that must succeed prints. Raises `PartFailedError`."""
        done = self.run(command, INSTALL_S)
        if done.returncode:
            raise PartFailedError(f"{' '.join(command[:5])}: {last_line(done.stdout + done.stderr)}")
        return done.stdout

    def install(self) -> None:
        """Make the environment, unless it is there."""
        ready, listed = self.folder / "ready", self.folder / "constraints.txt"
        if ready.exists() and ready.read_text() == (self.tree / "pyproject.toml").read_text():
            return
        self.asked(self.python.path, "-m", "venv", str(self.folder / "venv"))
        self.asked(self.own, "-m", "pip", "install", "--quiet", "--upgrade", "pip")
        listed.write_text("\n".join(constraints(self.environment, self.tree, self._versions_of)) + "\n")
        cache = str(self.folder.parent / "cache")  # what two environments share is downloaded once
        pip = [self.own, "-m", "pip", "install", "--quiet", "--cache-dir", cache, "--constraint", str(listed)]
        self.asked(*pip, "torch")
        self.asked(*pip, "--editable", f"{self.tree}[test]")
        ready.write_text((self.tree / "pyproject.toml").read_text())

    def _versions_of(self, package: str) -> list[str]:
        """The versions that have a build for this Python."""
        found = self.asked(self.own, "-m", "pip", "index", "versions", "--only-binary=:all:", package)
        match = re.search(r"Available versions: (.*)", found)
        if match is None:
            raise PartFailedError(f"pip knows no versions of {package}")
        return match[1].split(", ")

    def versions(self) -> tuple[str, dict[str, str]]:
        """The version of Python, and of each package by name."""
        python = self.asked(self.own, "-c", "import platform; print(platform.python_version())").strip()
        listed = json.loads(
            self.asked(self.own, "-m", "pip", "list", "--format", "json", "--disable-pip-version-check")
        )
        return python, {each["name"]: each["version"] for each in listed}

    def quick(self, result: Result) -> None:
        """Run the quick suite, and count its cases by outcome."""
        out = self.folder / "quick"
        shutil.rmtree(out, ignore_errors=True)  # of another commit, or interrupted
        began = time.monotonic()
        program = [self.own, "-m", "bench"]
        done = self.run([*program, "run", "--preset", "quick", "--out", str(out)], QUICK_S)
        if done.returncode not in (0, 3):
            raise PartFailedError(f"the quick suite ended with {done.returncode}: {last_line(done.stderr)}")
        result.quick_s = time.monotonic() - began
        result.warned = [line for line in (done.stdout + done.stderr).splitlines() if WARNS.search(line)]
        shown = self.asked(*program, "show", str(out), "--format", "json")
        rows = {row["key"]: row["outcome"] for row in json.loads(shown)}
        result.outcomes = dict(Counter(rows.values()))

    def tests(self, result: Result, workers: str) -> None:
        """Run the fast tests, and name those that failed."""
        report = self.folder / "tests.xml"  # stays, for whoever looks why one failed
        report.unlink(missing_ok=True)  # of another commit
        words = [self.own, "-m", "pytest", "-q", "-n", workers, "--dist", "loadfile", "--no-loadscope-reorder"]
        words += ["-m", "not heavy and not real", "--hypothesis-profile=fast", "-p", "no:cacheprovider"]
        done = self.run([*words, f"--junitxml={report}"], TESTS_S)
        if not report.exists():
            raise PartFailedError(f"the tests ended with {done.returncode}: {last_line(done.stdout + done.stderr)}")
        result.tests, result.failed = outcomes_of(report.read_text(encoding="utf-8"))


def outcomes_of(junit: str) -> tuple[dict[str, int], list[str]]:
    """Number of tests by outcome in a file of JUnit, and the names of those that failed."""
    counts: Counter[str] = Counter()
    failed: list[str] = []
    for case in ElementTree.fromstring(junit).iter("testcase"):
        kinds = {child.tag for child in case}
        outcome = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        counts[outcome] += 1
        if outcome == "failed":
            failed.append(f"{case.get('classname', '')}::{case.get('name', '')}")
    return dict(counts), failed


def tree_of(folder: Path) -> tuple[Path, str]:
    """A clone of the checkout at its commit, in `folder`, and that commit."""
    tree = folder / "tree"
    commit = _git(ROOT, "rev-parse", "HEAD")
    if not tree.exists():
        _git(ROOT, "clone", "--quiet", "--no-hardlinks", str(ROOT), str(tree))
    _git(tree, "fetch", "--quiet", str(ROOT), commit)  # an earlier checkout may have made it
    _git(tree, "checkout", "--quiet", "--force", commit)
    return tree, commit


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def measure(environment: Environment, folder: Path, tree: Path, commit: str, workers: str) -> Result:
    """What comes out in an environment; each part that is over is kept."""
    kept = folder / f"{environment.name}.json"
    result = results.read(kept, environment, commit)
    if result.is_done:
        return result
    result.date = f"{datetime.now(UTC):%Y-%m-%d}"
    try:
        room = Room(environment, find(environment.python, folder, [folder]), folder, tree)
        room.install()
        result.python, result.versions = room.versions()
        if result.outcomes is None:
            room.quick(result)
            results.write(kept, result)
        room.tests(result, workers)
    except (NoPythonError, PartFailedError) as failure:
        result.skipped = str(failure)
    results.write(kept, result)
    return result


def run(folder: Path, chosen: Sequence[Environment], workers: str) -> Mapping[str, Result]:
    """Run the chosen environments, one after the other, and give the results of all."""
    folder.mkdir(parents=True, exist_ok=True)
    tree, commit = tree_of(folder)
    for environment in chosen:
        result = measure(environment, folder, tree, commit, workers)
        print(f"{environment.name}: {result.skipped or ('green' if result.is_green else 'not green')}", flush=True)
    found = {each.name: folder / f"{each.name}.json" for each in ENVIRONMENTS}
    return {name: Result(**json.loads(path.read_text())) for name, path in found.items() if path.exists()}


def main() -> int:
    """Read the command line; 0 where every environment that could be made is green."""
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__)
    parser.add_argument("folder", type=Path, help="outside of the checkout; needs some 6 GB an environment")
    parser.add_argument("--only", default="", metavar="TEXT", help="environments whose name holds this text")
    parser.add_argument("--workers", default="2", help="processes of pytest")
    asked = parser.parse_args()
    chosen = [each for each in ENVIRONMENTS if asked.only in each.name]
    if not chosen:
        parser.error(f"no environment is called like '{asked.only}': {', '.join(each.name for each in ENVIRONMENTS)}")
    found = run(asked.folder.resolve(), chosen, asked.workers)
    PAGE.write_text(results.inserted(PAGE.read_text(encoding="utf-8"), results.table(ENVIRONMENTS, found)))
    return 0 if all(found[each.name].is_green or found[each.name].skipped for each in chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
