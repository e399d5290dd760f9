"""Which code the tests of a side import, in repositories of every layout that are installed in every way."""

from __future__ import annotations

import pytest

from bench.jobs.suite_choice import refuse_broken
from bench.jobs.two_sides import BrokenWorkloadsError
from bench.records import SIDES
from bench.runner.pairs import side_trees
from bench.runner.stop_request import Stop
from bench.runner.suite_collection import collect
from bench.suites import Suite
from tests.cli.layouts import INSTALLS, LAYOUTS, Repository, Venv

pytestmark = pytest.mark.timeout(300)

TEST = """
import pytest

import lib


@pytest.mark.parametrize("who", [lib.WHO])
def test_it(benchmark, who):
    assert benchmark(lambda: lib.WHO) == who
"""
"""Its parameter says who wrote the library that was imported."""


@pytest.fixture(autouse=True)
def kept(tmp_path, monkeypatch):
    monkeypatch.setattr(side_trees, "KEPT", tmp_path / "kept")


def collected(repository, venv):
    """What is collected on base and head, in each side's tree of a project."""
    below = repository.project.relative_to(repository.folder)
    with (
        side_trees.prepared(side_trees.read(f"main,python={venv.python}"), "base", repository.folder, None) as base,
        side_trees.prepared(side_trees.read(f"python={venv.python}"), "head", repository.folder, None) as head,
    ):
        trees = dict(zip(SIDES, (base, head), strict=True))
        suites = {name: Suite("pytest", str(tree.root / below), "tests") for name, tree in trees.items()}
        found = collect(suites, {name: tree.side for name, tree in trees.items()}, Stop())
        return {name: each.found for name, each in found.items()}


def project(folder, layout):
    """A repository of that layout whose project has a test."""
    repository = Repository(folder, layout)
    tests = repository.project / "tests"
    tests.mkdir()
    (tests / "test_it.py").write_text(TEST)
    return repository


@pytest.mark.parametrize("how", INSTALLS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_tests_of_each_side_import_its_own_code(tmp_path, layout, how):
    repository, venv = project(tmp_path / "repository", layout), Venv(tmp_path / "v")
    if how != "nothing":
        venv.installed(how, repository.project, repository.package)
    repository.commit()
    repository.lib("WHO = 'head'")
    for name, found in collected(repository, venv).items():
        assert [test.params for test in found.tests] == [{"param": name}], found
        assert found.strangers == {}


def test_a_side_whose_tests_import_installed_code_is_refused(tmp_path):
    """The planted mistake: both sides run the installed wheel, and nobody says so."""
    repository, venv = project(tmp_path / "repository", "flat"), Venv(tmp_path / "v")
    venv.installed("wheel", repository.project, repository.package)
    (repository.folder / "odd").mkdir()
    repository.package.rename(repository.folder / "odd" / "lib")
    repository.commit()
    found = collected(repository, venv)
    assert "the installed lib" in found["head"].strangers["lib"]
    with pytest.raises(BrokenWorkloadsError, match="the installed lib"):
        refuse_broken(found["base"], found["head"])
