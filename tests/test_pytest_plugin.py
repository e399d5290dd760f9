"""Our cases as tests of pytest-benchmark, in sessions of their own, with its real JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from bench.measure.machine.cores import affinity
from bench.protocol.placement import text_of
from tests import forking
from tests.terminal import Running, Terminal

WRONG = '''
import time

from bench.workload import Context, Prepared, Work, workload


@workload(lesson="Planted", axes={"kind": ("right", "wrong", "turns_wrong", "skipped", "reset")})
def planted(ctx: Context, kind: str) -> Prepared:
    """Something for each outcome.

    Answer: 1.
    """
    calls, checked = [], []
    if kind == "skipped":
        raise RuntimeError('"planted" not implemented for "Half"')

    def step() -> float:
        time.sleep(0.0001)
        return 0.0 if kind == "wrong" or (kind == "turns_wrong" and checked) else 1.0

    def check(out: float) -> float:
        checked.append(1)
        return abs(out - 1.0)

    reset = (lambda: calls.append(1) or calls) if kind == "reset" else None
    return Prepared(step=step, check=check, work=Work(items=1), reset=reset)
'''


def session(folder, *words, fresh=False, timeout=240):
    """A pytest session of its own; what pytest-xdist tells this one is kept from it. fresh: nothing is imported yet."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    said = ["-p", "no:cacheprovider", *map(str, words)]
    if fresh:
        command = [sys.executable, "-m", "pytest", *said]
        return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, timeout=timeout)
    return Running(folder, forking.PYTEST, said, forking.WORKERS, environment=environment).ended(timeout)


def timed(folder, *words):
    done = session(folder, *words, "--benchmark-json=x.json", "-v")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, json.loads((folder / "x.json").read_text())


@pytest.fixture(scope="module")
def square(tmp_path_factory):
    """A session that timed the eager products of the quick preset: its folder, what it said, and its JSON.

    Beside them lies a test, in a project that only tests its benchmarks as long as nobody asks for more.
    """
    folder = tmp_path_factory.mktemp("plugin")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --benchmark-disable\n")
    (folder / "test_theirs.py").write_text("def test_theirs():\n    pass\n")
    words = ("--bench-preset", "quick", "--bench-select", "matmul/square[mode=eager]", "--bench-rounds", 5)
    return folder, *timed(folder, *words)


def test_each_case_is_a_benchmark_with_its_key(square):
    *_, content = square
    keys = [item["name"] for item in content["benchmarks"]]
    assert keys
    for item in content["benchmarks"]:
        assert item["extra_info"]["coursebench"]["key"] == item["name"]
        assert item["extra_info"]["coursebench"]["relative_error"] >= 0
        assert item["group"] == "matmul/square"
        assert item["options"]["timer"] == "drained_counter"
        assert item["options"]["disable_gc"] is True
        assert item["stats"]["rounds"] == 5
        # As many steps a round as a block has: a round is at least a millisecond long, or one step.
        assert item["stats"]["iterations"] == 1 or item["stats"]["median"] * item["stats"]["iterations"] > 0.5e-3


def test_what_it_writes_is_imported_with_our_keys_and_this_machine(square):
    folder, _, content = square
    bench = Terminal(folder)
    done = bench("import", "x.json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(bench("show", done.stdout.strip(), "--format", "json").stdout)
    shown = {row["key"]: row for row in rows}
    for item in content["benchmarks"]:
        row = shown[item["name"]]
        assert row["value_s"] == pytest.approx(item["stats"]["median"], rel=1e-6)
        # Rounds of one process: no launches, no interval.
        assert row["launches"] == 1
        assert row["low_s"] is None


def test_a_session_that_does_not_ask_imports_nothing_of_ours(tmp_path):
    """Not torch, not the worker, not a workload: the plugin is there, and costs one small module."""
    (tmp_path / "test_theirs.py").write_text(
        "import sys\n\n\ndef test_theirs():\n"
        "    assert {'coursebench_pytest', 'bench.pytest_plugin'} & set(sys.modules)\n"
        "    heavy = {'torch', 'numpy', 'pandas', 'typer', 'bench.measure', 'bench.plan', 'workloads'}\n"
        "    assert not heavy & set(sys.modules)\n"
    )
    done = session(tmp_path, "-p", "no:benchmark", "-p", "no:hypothesispytest", "-q", fresh=True)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_without_paths_only_the_cases_are_collected(square):
    _, said, content = square
    assert "coursebench::matmul/square[device=cpu" in said
    assert "test_theirs" not in said
    assert f"{len(content['benchmarks'])} passed" in said


def planted(folder, *words):
    (folder / "planted.py").write_text(WRONG)
    return session(folder, "--bench-workloads", "planted.py", "--bench-preset", "quick", "--bench-rounds", 3, *words)


def test_a_wrong_answer_fails_what_cannot_be_is_skipped_and_the_rest_is_timed(tmp_path):
    """The planted mistakes: a step that is fast and wrong must not get a time, nor one that turns wrong while timed."""
    kinds = [
        word
        for kind in ("right", "wrong", "turns_wrong", "skipped", "reset")
        for word in ("--bench-select", f"planted/planted[kind={kind}]")
    ]
    done = planted(tmp_path, *kinds, "--benchmark-json=x.json", "-rs")
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.count("wrong: relative error 1 is above the tolerance") >= 2
    assert "2 failed, 2 passed, 1 skipped" in done.stdout
    told = {
        item["name"].partition("kind=")[2].partition(",")[0]
        for item in json.loads((tmp_path / "x.json").read_text())["benchmarks"]
    }
    assert told == {"right", "reset"}


def test_where_only_the_answer_after_the_rounds_is_wrong_no_time_is_printed(tmp_path):
    done = planted(tmp_path, "--bench-select", "planted/planted[kind=turns_wrong]", "--benchmark-json=x.json")
    assert done.returncode == 1
    assert "wrong: relative error 1" in done.stdout
    assert "Median" not in done.stdout
    assert not (tmp_path / "x.json").exists() or not json.loads((tmp_path / "x.json").read_text())["benchmarks"]


def test_a_project_that_only_tests_its_benchmarks_is_timed_where_a_preset_is_asked_for(square, tmp_path):
    _, said, content = square
    assert "Median" in said
    assert content["benchmarks"]
    words = ("--bench-preset", "quick", "--bench-select", "matmul/square[size=64,mode=eager]", "--bench-rounds", 2)
    done = session(tmp_path, *words, "--benchmark-disable", "-q")
    assert "1 passed" in done.stdout
    assert "Median" not in done.stdout


THEIRS = """
import gc
import random

import torch

torch.set_num_threads(2)
random.seed(5)
expected = random.Random(5).random()


def test_theirs():
    assert torch.get_num_threads() == 2
    assert torch.backends.cudnn.allow_tf32
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
    assert random.random() == expected
"""

THEIRS_LAST = """
def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: "test_theirs" in item.nodeid)
"""


def test_with_paths_other_tests_are_collected_too_and_find_the_process_as_it_was(tmp_path):
    (tmp_path / "test_theirs.py").write_text(THEIRS)
    (tmp_path / "conftest.py").write_text(THEIRS_LAST)
    words = ("--bench-preset", "quick", "--bench-select", "vision/cnn_train_step", "--bench-rounds", 1, "-v")
    done = session(tmp_path, "test_theirs.py", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "test_theirs.py::test_theirs PASSED" in done.stdout
    assert "coursebench::vision/cnn_train_step[" in done.stdout


HYBRID = """
from bench.measure.machine import facts

real = facts.facts


def hybrid():
    found = real()
    first, *others = found["cpu"]["affinity"]
    kinds = [{"name": "P", "cpus": str(first)}, {"name": "E", "cpus": ",".join(map(str, others)) or "999"}]
    return {**found, "placement": {**found["placement"], "kinds": kinds, "nice": 3}}


facts.facts = hybrid
"""


def test_where_a_session_may_run_is_told_and_it_is_held_nowhere(tmp_path):
    (tmp_path / "conftest.py").write_text(HYBRID)
    done, content = timed(tmp_path, "--bench-preset", "quick", "--bench-select", "matmul/square[size=64,mode=eager]",
                          "--bench-rounds", 2)  # fmt: skip
    (case,) = content["benchmarks"]
    ours = content["machine_info"]["coursebench"]
    assert case["extra_info"]["coursebench"]["cpus"] == ours["placement"]["cpus"] == text_of(affinity())
    words = " ".join(done.split())
    assert "PlacementWarning: runs with niceness 3: other programs go first" in words
    if len(affinity()) > 1:
        assert "PlacementWarning: nothing holds this process to a core, and it might run on cores of several" in words


def test_compiled_cases_are_skipped_where_several_share_the_process(tmp_path):
    words = (
        "--bench-select",
        "matmul/square[size=64,mode=compile]",
        "--bench-select",
        "matmul/square[size=256,mode=compile]",
    )
    done = session(tmp_path, "--bench-preset", "quick", *words, "-rs", "-q")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 skipped" in done.stdout
    assert "a process of its own" in done.stdout


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--bench-preset", "nonsense"), "nonsense"),
        (("--bench-preset", "quick", "--bench-select", "nothing/at-all"), "nothing/at-all"),
        (("--bench-preset", "quick", "--bench-rounds", "0"), "at least 1"),
        (("--bench-select", "matmul/*"), "needs --bench-preset"),
        (("--bench-preset", "quick", "-p", "no:benchmark"), "needs pytest-benchmark"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(tmp_path, words, reason):
    (tmp_path / "torch.py").write_text("raise SystemExit('torch was imported')\n")
    done = session(tmp_path, *words, fresh=True)
    assert done.returncode == 4, done.stdout
    assert reason in done.stdout + done.stderr


def test_work_of_known_length_is_as_long_as_it_is(tmp_path):
    """A wait that its step ends by the clock is as long beside other tests: one step a round, and several.

    A run finds it as long (`bench certify`); tests/agreement/plugin.py holds work of unknown length against a run's.
    """
    words = [word for micros in (100, 1000) for word in ("--bench-select", f"certification/spin[micros={micros}]")]
    _, content = timed(tmp_path, "--bench-preset", "quick", *words, "--bench-rounds", 50)
    found = {item["extra_info"]["coursebench"]["key"]: item["stats"] for item in content["benchmarks"]}
    for key, stats in found.items():
        micros = int(key.partition("micros=")[2].partition(",")[0])
        # The shortest round: whoever else is busy takes the core away from every other one.
        assert 1 <= stats["min"] / (micros * 1e-6) < 1.05, key
    once, often = sorted(stats["iterations"] for stats in found.values())
    assert once == 1 < often
