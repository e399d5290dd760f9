"""Which code a side of a gate runs, in repositories of every layout that are installed in every way."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys

import pytest

from bench.runner.pairs import side_trees
from bench.runner.worker import environment
from tests.cli.layouts import INSTALLS, LAYOUTS, Repository, Venv
from tests.terminal import Running
from tests.test_layers import ROOT

pytestmark = pytest.mark.timeout(900)

PROGRAM = """
import json, sys
from bench.measure.author import side_code
side_code.make_room()
side_code.place_side()
try:
    {statement}
    who = lib.WHO
except Exception as error:
    who = type(error).__name__
print(json.dumps([who, side_code.strangers()]))
"""


def loaded(side, statement="import lib"):
    """What a worker of a side would get: who wrote the library that it imports, and which modules are strangers."""
    done = subprocess.run(
        [side.python, "-P", "-c", PROGRAM.format(statement=statement)],
        env=environment(1, None, side), capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def venvs(tmp_path_factory):
    """A fresh venv for each call: making one takes a tenth of a second."""
    return lambda: Venv(tmp_path_factory.mktemp("venv") / "v")


@pytest.fixture(autouse=True)
def kept(tmp_path, monkeypatch):
    monkeypatch.setattr(side_trees, "KEPT", tmp_path / "kept")


def both(repository, venv, setup=None, python=None):
    """What base and head load."""
    found = {}
    for name, tree in (("base", "main"), ("head", "")):
        text = f"{tree},python={python or venv.python}"
        with side_trees.prepared(side_trees.read(text), name, repository.folder, setup) as side:
            found[name] = loaded(side.side)
    return found


@pytest.mark.parametrize("how", INSTALLS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_side_runs_its_own_code(tmp_path, venvs, layout, how):
    repository, venv = Repository(tmp_path / "repository", layout), venvs()
    if how != "nothing":
        venv.installed(how, repository.project, repository.package)
    repository.commit()
    repository.lib("WHO = 'head'")
    assert both(repository, venv) == {"base": ["base", {}], "head": ["head", {}]}


@pytest.mark.parametrize("how", ["setuptools", "path-style", "nothing"])
def test_a_package_that_is_new_on_the_head_is_missing_on_the_base(tmp_path, venvs, how):
    """The planted mistake: the base falls back to what is installed in place, and runs the head's code."""
    repository, venv = Repository(tmp_path / "repository", "src"), venvs()
    (repository.package / "__init__.py").unlink()
    repository.package.rmdir()
    (repository.folder / "src" / "other.py").write_text("")
    repository.commit()
    repository.package.mkdir()
    repository.lib("WHO = 'head'")
    if how != "nothing":
        venv.installed(how, repository.project, repository.package)
    assert both(repository, venv) == {"base": ["ModuleNotFoundError", {}], "head": ["head", {}]}


def test_pythonpath_into_the_checkout_is_moved_to_the_tree(tmp_path, venvs, monkeypatch):
    repository = Repository(tmp_path / "repository", "monorepo")
    (repository.project / "pyproject.toml").unlink()
    repository.commit()
    repository.lib("WHO = 'head'")
    monkeypatch.setenv("PYTHONPATH", str(repository.package.parent))
    assert both(repository, venvs()) == {"base": ["base", {}], "head": ["head", {}]}


def test_a_folder_that_no_project_declares_is_not_guessed(tmp_path, venvs):
    repository = Repository(tmp_path / "repository", "monorepo")
    (repository.project / "pyproject.toml").unlink()
    repository.commit()
    assert both(repository, venvs())["head"] == ["ModuleNotFoundError", {}]


def test_an_editable_of_another_checkout_is_a_stranger(tmp_path, venvs):
    repository, elsewhere, venv = Repository(tmp_path / "repository"), Repository(tmp_path / "elsewhere"), venvs()
    elsewhere.commit()
    venv.installed("path-style", elsewhere.project, elsewhere.package)
    (repository.package / "__init__.py").unlink()
    (repository.folder / "mine.py").write_text("")
    repository.commit()
    who, strangers = both(repository, venv)["base"]
    assert who == "base"
    assert list(strangers) == ["lib"]
    assert str(elsewhere.package / "__init__.py") in strangers["lib"]


def test_a_wheel_of_a_project_whose_sources_are_not_found_is_a_stranger(tmp_path, venvs):
    """The planted mistake: both sides run the installed code, and nobody says so."""
    repository, venv = Repository(tmp_path / "repository", "flat"), venvs()
    venv.installed("wheel", repository.project, repository.package)
    (repository.folder / "odd").mkdir()
    repository.package.rename(repository.folder / "odd" / "lib")
    repository.commit()
    _, strangers = both(repository, venv)["base"]
    assert "the installed lib" in strangers["lib"]


def test_a_wheel_of_somebody_else_is_nothing_strange(tmp_path, venvs):
    repository, venv = Repository(tmp_path / "repository", name="other"), venvs()
    venv.installed("wheel", repository.project, repository.package)
    (repository.package / "__init__.py").unlink()
    (repository.folder / "mine.py").write_text("")
    repository.commit()
    assert both(repository, venv)["head"] == ["base", {}]


def test_a_module_that_a_path_reaches_all_the_same_is_a_stranger(tmp_path, venvs):
    repository, venv = Repository(tmp_path / "repository", "src"), venvs()
    repository.commit()
    hidden = repository.folder / "built"
    hidden.mkdir()
    (hidden / "made.py").write_text("WHO = 'made'\n")
    with side_trees.prepared(side_trees.read(f"main,python={venv.python}"), "base", repository.folder, None) as side:
        who, strangers = loaded(side.side, f"import sys; sys.path.append({str(hidden)!r}); import made as lib")
    assert who == "made"
    assert strangers["made"].startswith(f"{hidden / 'made.py'} (the working tree")


def test_the_tree_of_another_side_is_a_stranger_too(tmp_path, venvs):
    repository, venv = Repository(tmp_path / "repository", "src"), venvs()
    repository.commit()
    here, python = repository.folder, f"python={venv.python}"
    with (
        side_trees.prepared(side_trees.read(f"main,{python}"), "base", here, None) as base,
        side_trees.prepared(side_trees.read(python), "head", here, None) as head,
    ):
        path = str(base.root / "src")
        _, strangers = loaded(head.side, f"import sys; sys.path.insert(0, {path!r}); import lib")
        assert "the tree of another side" in strangers["lib"]
        # An editable install that `--setup` made for the other side is moved, as one into the checkout is.
        venv.installed("path-style", base.root, base.root / "src" / "lib")
        assert loaded(head.side) == ["base", {}]


def test_what_setup_installed_inside_the_tree_goes_ahead_of_its_sources(tmp_path, venvs):
    """It may hold extensions that the sources lack."""
    repository = Repository(tmp_path / "repository", "src")
    repository.lib("from lib import _extension\nWHO = _extension.WHO")
    repository.commit()
    assert both(repository, venvs())["base"] == ["ImportError", {}]
    setup = (
        f"{shlex.quote(sys.executable)} -m venv --without-pip .venv && "
        "for place in .venv/lib/python*/site-packages; do cp -r src/lib $place/lib && "
        "echo \"WHO = 'built'\" > $place/lib/_extension.py; done"
    )
    assert both(repository, None, setup, ".venv/bin/python") == {"base": ["built", {}], "head": ["built", {}]}


def test_a_bench_of_the_repository_is_not_taken_for_ours(tmp_path, venvs, monkeypatch):
    repository = Repository(tmp_path / "repository")
    (repository.folder / "bench.py").write_text("raise RuntimeError('theirs')\n")
    repository.commit()
    monkeypatch.setenv("PYTHONPATH", str(repository.folder))
    assert both(repository, venvs())["head"] == ["base", {}]


@pytest.mark.parametrize("words", [["-c", "import coursebench_start; coursebench_start.main()", "--version"]])
def test_the_command_starts_beside_a_bench_of_the_repository(tmp_path, words, monkeypatch):
    (tmp_path / "bench.py").write_text("raise SystemExit(1)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    done = subprocess.run([sys.executable, *words], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


WORKLOAD = '''
import time

import torch
from bench.workload import Context, Prepared, Work, workload

import lib


@workload(lesson="Mine")
def paced(ctx: Context) -> Prepared:
    """Is busy as long as the library says.

    Answer: one.
    """

    def step() -> torch.Tensor:
        ends = time.perf_counter() + 0.001 * lib.SLOW
        while time.perf_counter() < ends:
            pass
        return torch.ones(1)

    return Prepared(step=step, check=lambda out: ctx.relative_error(out, torch.ones(1)), work=Work(items=1))
'''


def gate(repository, *words, timeout=600):
    said = ["gate", "mine/*", "-w", "mine.py", "--base", "main", "--pairs", "1", "--json", "v.json", *map(str, words)]
    done = Running(repository.folder, "bench", said).ended(timeout)
    file = repository.folder / "v.json"
    return done, json.loads(file.read_text()) if file.exists() else None


@pytest.fixture
def slowed(tmp_path, monkeypatch):
    """A repository in `src/` layout whose head is twice as slow."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    repository = Repository(tmp_path / "repository", "src")
    repository.lib("SLOW = 1.0")
    (repository.folder / "mine.py").write_text(WORKLOAD)
    repository.commit()
    repository.lib("SLOW = 2.0")
    return repository


def test_a_head_twice_as_slow_in_src_layout_is_seen(slowed, venvs):
    """It was 0.990, with exit code 0, since both sides ran the installed code."""
    venv = venvs()
    venv.installed("path-style", slowed.project, slowed.package)
    sides = ("--base", f"main,python={venv.python}", "--head", f"python={venv.python}")
    done, told = gate(slowed, *sides)
    assert done.returncode == 0, done.stderr  # of one pair nothing is decided
    assert told["cases"][0]["ratio"] == pytest.approx(2, rel=0.2)


def test_a_side_that_loads_code_from_elsewhere_ends_the_gate_and_names_it(slowed):
    text = (slowed.folder / "mine.py").read_text()
    path = str(slowed.package.parent)
    (slowed.folder / "mine.py").write_text(
        text.replace("import lib", f"import sys\nsys.path.insert(0, {path!r})\nimport lib")
    )
    slowed.git("commit", "-q", "-a", "-m", "a path")
    done, told = gate(slowed)
    assert done.returncode == 4
    assert "lib" in done.stderr
    assert str(slowed.package / "__init__.py") in done.stdout
    assert told["verdict"] == "failed"


def test_code_that_is_loaded_from_elsewhere_only_as_a_case_is_prepared_is_named_too(slowed):
    text = (slowed.folder / "mine.py").read_text()
    path = str(slowed.package.parent)
    late = f"import sys\n    sys.path.insert(0, {path!r})\n    import late\n\n    def step()"
    (slowed.folder / "mine.py").write_text(text.replace("def step()", late))
    (slowed.folder / ".gitignore").write_text("late.py\nresults/\n")
    (slowed.package.parent / "late.py").write_text("")
    slowed.git("commit", "-q", "-a", "-m", "a path")
    done, told = gate(slowed)
    assert done.returncode == 4
    assert "the module late was loaded from" in done.stdout
    assert told["cases"][0]["verdict"] == "failed"


ROOM = """
import sys
from bench.measure.author import side_code
side_code.make_room()
import thing
print(thing.WHOSE, sum("site-packages" in path for path in sys.path), sys.path.index(sys.argv[1]) > 1)
"""


@pytest.mark.parametrize("whose", ["this interpreter's", "another one's"])
def test_a_harness_that_is_installed_hides_nothing_of_the_interpreter_of_a_side(tmp_path, whose):
    """PYTHONPATH names the folder that it is installed in, where another torch lies for the parent."""
    venv, parent = Venv(tmp_path / "side"), Venv(tmp_path / "parent")
    for each in (venv, parent):
        (each.packages / "zz_ours.pth").unlink()
        (each.packages / "thing.py").write_text(f"WHOSE = {each.packages.parents[2].name!r}\n")
    home = (venv if whose == "this interpreter's" else parent).packages
    shutil.copytree(ROOT / "bench", home / "bench", ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run(
        [venv.python, "-P", "-c", ROOM, str(venv.packages)], env={**os.environ, "PYTHONPATH": str(home)},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.split() == ["side", "1", "True"]
