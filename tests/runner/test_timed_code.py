"""What a run takes for its code: a change of it ends the pooling of its data."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import bench
from bench.records import Case, Planned, Source
from bench.runner import timed_code


@pytest.fixture
def package(tmp_path):
    """A package of one family, a module beside it, and one in a folder below."""
    folder = tmp_path / "package"
    (folder / "_parts").mkdir(parents=True)
    for name in ("family.py", "_shared.py", "_parts/adapter.py"):
        (folder / name).write_text("")
    (tmp_path / "stranger.py").write_text("")
    return folder


def code_of(path, dotted):
    """The files of the run's code that are not the harness's own."""
    planned = [Planned(Case.of("family/workload", {}), Source(str(path), "workload", dotted))]
    digests = timed_code.code(planned)
    return {name: digest for name, digest in digests.items() if Path(name) not in timed_code.harness_files()}


def test_the_code_of_a_packaged_workload_is_its_whole_package(package):
    names = set(code_of(package / "family.py", "package.family"))
    assert names == {str(package / name) for name in ("family.py", "_shared.py", "_parts/adapter.py")}


@pytest.mark.parametrize("changed", ["family.py", "_shared.py", "_parts/adapter.py"])
def test_a_change_anywhere_in_the_package_changes_the_code(package, changed):
    before = code_of(package / "family.py", "package.family")
    (package / changed).write_text("x = 1\n")
    after = code_of(package / "family.py", "package.family")
    assert {name for name in before if before[name] != after[name]} == {str(package / changed)}


def test_a_file_of_the_users_own_stands_for_itself(package):
    assert set(code_of(package / "family.py", None)) == {str(package / "family.py")}


def test_a_module_in_no_package_does_not_answer_for_what_else_is_installed(package):
    module = package.parent / "stranger.py"
    assert set(code_of(module, "stranger")) == {str(module)}


@pytest.mark.parametrize(
    "file",
    [
        *(
            "measure/case_session.py",
            "measure/timing/blocks.py",
            "measure/devices/cuda.py",
            "measure/author/context.py",
        ),
        *("protocol/wire.py", "workload.py", "records.py", "series.py", "cold_blocks.py"),
    ],
)
def test_the_harness_itself_belongs_to_the_code(package, file):
    planned = [Planned(Case.of("family/workload", {}), Source(str(package / "family.py"), "workload", None))]
    assert str(Path(bench.__file__).parent / file) in timed_code.code(planned)


def test_whatever_a_worker_imports_of_this_package_belongs_to_the_code():
    """But for what notebooks call, which the package itself imports: no worker does anything with it."""
    program = (
        "import importlib, pkgutil, sys, bench.measure\n"
        "for found in pkgutil.walk_packages(bench.measure.__path__, 'bench.measure.'):\n"
        "    if not found.name.endswith('__main__'):\n"
        "        importlib.import_module(found.name)\n"
        "print(*(m.__file__ for name, m in sys.modules.items() if name.startswith('bench.') and m.__file__), sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    imported = {Path(line) for line in done.stdout.splitlines()}
    assert len(imported) > 40
    assert imported - {Path(bench.charts.__file__)} <= set(timed_code.harness_files())


def test_a_change_of_the_harness_in_a_folder_below_changes_the_code(tmp_path, monkeypatch):
    """The planted mistake: a change of a module in a folder of the worker was not noticed."""
    copy = tmp_path / "bench"
    shutil.copytree(Path(bench.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(timed_code.records, "__file__", str(copy / "records.py"))
    before = timed_code.code([])
    (copy / "measure" / "timing" / "blocks.py").write_text("x = 1\n")
    after = timed_code.code([])
    assert [name for name in before if before[name] != after[name]] == [str(copy / "measure" / "timing" / "blocks.py")]
