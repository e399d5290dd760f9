"""What a run takes for its code: a change of it ends the pooling of its data."""

from __future__ import annotations

import pytest

from bench.records import Case, Planned, Source
from bench.runner import whole_run


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
    """The files of the run's code that are not the worker's own, by their path below the folder of the test."""
    planned = [Planned(Case.of("family/workload", {}), Source(str(path), "workload", dotted))]
    digests = whole_run.code(planned)
    return {name: digest for name, digest in digests.items() if "/bench/measure/" not in name}


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


def test_the_worker_itself_belongs_to_the_code(package):
    planned = [Planned(Case.of("family/workload", {}), Source(str(package / "family.py"), "workload", None))]
    assert any(name.endswith("/bench/measure/case_session.py") for name in whole_run.code(planned))
