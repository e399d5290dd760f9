"""What tests cost is measured, kept and told: the plugin in sessions of its own, and the file in this repository."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests import costs, forking
from tests.costs import Cost
from tests.terminal import Running

ROOT = Path(__file__).parents[1]
LISTED = costs.read(ROOT)


def test_every_line_names_a_test_that_exists():
    """What is wrong here, `make test-costs TESTS=tests/the_file.py` puts right."""
    gone = []
    for test in LISTED:
        file, _, name = test.partition("::")
        function = name.rpartition("::")[2].partition("[")[0]
        path = ROOT / file
        if not path.exists() or not re.search(rf"^\s*def {re.escape(function)}\b", path.read_text(), re.MULTILINE):
            gone.append(test)
    assert gone == []


def test_what_is_written_reads_back_and_light_tests_have_no_line():
    known = {"a.py::dear[x y]": Cost(12.3), "a.py::light": Cost(1.9), "b.py::real": Cost(0.2, {"worker", "browser"})}
    text = costs.text_of(known)
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert lines == [" 12.3 -       a.py::dear[x y]", "  0.2 browser+worker b.py::real"]


OLD = {
    "tests/costs.py::same": Cost(4.0),
    "tests/costs.py::dearer": Cost(4.0),
    "tests/costs.py::skipped": Cost(5.0, {"browser"}),
    "tests/costs.py::gone": Cost(6.0),
    "tests/forking.py::elsewhere": Cost(7.0),
    "tests/nosuch.py::moved": Cost(8.0),
}
NEW = {"tests/costs.py::same": Cost(3.1), "tests/costs.py::dearer": Cost(9.0), "tests/costs.py::new": Cost(2.5)}


@pytest.mark.parametrize("whole", [True, False])
def test_measuring_a_file_again_changes_its_own_lines_and_no_other(whole):
    merged = costs.merged(OLD, NEW, ["tests/costs.py::skipped"], whole, ROOT)
    found = {test: cost.cpu_s for test, cost in merged.items()}
    wanted = {"same": 4.0, "dearer": 9.0, "new": 2.5, "skipped": 5.0, **({} if whole else {"gone": 6.0})}
    assert found == {f"tests/costs.py::{name}": cost for name, cost in wanted.items()} | {
        "tests/forking.py::elsewhere": 7.0
    }


def test_what_misleads_is_told():
    lines = {"t::light": Cost(9.0), "t::fine": Cost(5.0), "t::near": Cost(2.2), "t::real": Cost(0.0)}
    measured = {
        "t::light": Cost(0.1), "t::fine": Cost(3.0), "t::near": Cost(1.8), "t::real": Cost(0.1, {"worker"}),
        "t::dear": Cost(4.5),
    }  # fmt: skip
    assert [line.partition(" ")[0] for line in costs.misleading(lines, measured)] == ["t::dear", "t::light", "t::real"]


CONFTEST = """
import pytest
pytest_plugins = ("tests.costs", "tests.tiers")

@pytest.fixture(scope="session")
def shared():
    spin(0.6)

@pytest.fixture(scope="module")
def dear():
    spin(0.6)

def spin(seconds):
    import time
    ends = time.process_time() + seconds
    while time.process_time() < ends:
        pass
"""

TESTS = """
import subprocess, sys
from tests import forking

def test_first_of_a_fixture(dear):
    pass

def test_second_of_it(dear):
    pass

def test_of_the_session(shared):
    pass

def test_that_starts_a_process():
    code = "import time\\nwhile time.process_time() < 0.6: pass"
    subprocess.run([sys.executable, "-c", code], check=True)

def test_that_starts_a_worker():
    forking.started("worker")
"""


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """A function that runs a small session with these words, in which half a second is heavy; and its folder."""
    folder = tmp_path_factory.mktemp("costs")
    (folder / "tests").mkdir()
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    real\n    heavy\n")
    (folder / "tests" / "conftest.py").write_text(CONFTEST)
    (folder / "tests" / "test_theirs.py").write_text(TESTS)
    (folder / "own.py").write_text("from tests import costs\ncosts.HEAVY_S = 0.5\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment["PYTHONPATH"] = str(ROOT)

    def run(*words):
        said = ["-p", "no:cacheprovider", "-p", "own", *words]
        done = Running(folder, forking.PYTEST, said, environment=environment).ended(120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run, folder


@pytest.fixture(scope="module")
def measured(session):
    """The costs that it wrote, by the name of the test, and what it said."""
    run, folder = session
    said = run("--write-costs", "-q")
    return {test.partition("::test_")[2]: cost for test, cost in costs.read(folder).items()}, said


def test_a_fixture_is_counted_for_each_of_its_tests_and_one_of_the_session_for_none(measured):
    found, _ = measured
    assert set(found) == {"first_of_a_fixture", "second_of_it", "that_starts_a_process", "that_starts_a_worker"}


def test_what_a_test_starts_is_written(measured):
    found, _ = measured
    assert found["that_starts_a_worker"].starts == {"worker"}
    assert found["that_starts_a_process"].starts == set()


def test_a_session_ends_with_its_dearest(measured):
    _, said = measured
    assert re.search(r"CPU seconds in 5 tests", said)
    assert "fixture dear" in said
    assert "fixture shared" in said


def test_what_is_written_decides_what_is_heavy_and_what_is_real(measured, session):
    run, _ = session
    assert "1 passed, 4 deselected" in run("-m", "not heavy and not real")
    assert "3 passed, 2 deselected" in run("-m", "heavy")


def test_a_line_that_misleads_is_told_at_the_end(measured, session):
    run, folder = session
    file = folder / costs.FILE
    written = file.read_text()
    file.write_text("".join(line for line in written.splitlines(keepends=True) if "starts_a_worker" not in line))
    said = run("-m", "not heavy")
    file.write_text(written)
    assert "test_that_starts_a_worker starts a worker, which is not said there" in said
