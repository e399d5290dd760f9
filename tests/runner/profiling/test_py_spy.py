"""Samplers beside a real worker: the best that is allowed, the next where it is not, and nothing left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench.plan.catalog import find
from bench.protocol import Refused
from bench.protocol.rungs import NO_STACKS, PY_SPY, PYINSTRUMENT, RUNGS, SAMPLING_THREAD
from bench.records import Case, Planned, Settings, UserError
from bench.runner import machine_probe
from bench.runner.profiling import py_spy, single_profile
from bench.runner.profiling.single_profile import ProfileSettings
from bench.runner.stop_request import Stop
from bench.runner.worker import Worker

FILE = Path(__file__).parents[2] / "workload_files" / "planted_profiles.py"
STEP = "sleeps.<locals>.step (planted_profiles.py)"

pytestmark = [
    pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="no /proc: children cannot be told"),
    pytest.mark.usefixtures("fresh_workers"),  # who is left behind is looked for among children
]


@pytest.fixture(scope="module")
def hello():
    return machine_probe.look([], Stop())


@pytest.fixture
def take(tmp_path, hello):
    def take(key, rung=None, stop=None, sampled_s=0.5):
        case = Case.from_key(key)
        planned = Planned(case, find([FILE], installed=False)[case.workload].source)
        settings = Settings(warm_s=0.01, warm_cap_s=0.1, timeout_s=60)
        trace, cache = tmp_path / "t.json.gz", tmp_path / "cache"
        wish = ProfileSettings(steps=3, rung=rung, sampled_s=sampled_s)
        return single_profile.take(planned, settings, hello, stop or Stop(), trace, cache, wish, lambda stage: None)

    return take


def needs_py_spy():
    if reason := py_spy.why_not(os.getpid()):
        pytest.skip(f"py-spy: {reason}")


def ours(pid):
    """Processes below `pid` that are workers or py-spy, with their state."""
    found = {}
    for task in Path(f"/proc/{pid}/task").glob("*"):
        for child in map(int, (task / "children").read_text().split()):
            found |= ours(child)
            words = Path(f"/proc/{child}/cmdline").read_bytes()
            if b"bench.measure" in words or b"py-spy" in words:
                found[child] = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0]
    return found


def there(pid):
    """Is the process there, and not only its record?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("rung", [PY_SPY, PYINSTRUMENT, SAMPLING_THREAD])
def test_each_sampler_sees_that_a_step_sleeps(take, rung):
    if rung == PY_SPY:
        needs_py_spy()
    if rung == PYINSTRUMENT:
        pytest.importorskip("pyinstrument", reason="pyinstrument is not installed")
    taken = take("planted_profiles/sleeps", rung)
    rows = [row for row in taken.loops.stacks.rows if row.thread == "main"]
    named = STEP if rung != PYINSTRUMENT else "step (planted_profiles.py)"
    sleeping = sum(row.ns for row in rows if row.frames == (named,))
    assert sleeping > 0.8 * sum(row.ns for row in rows)
    assert taken.loops.stacks.samples > 100
    assert (taken.loops.rung, ours(os.getpid())) == (rung, {})


def test_blocks_without_the_sampler_are_timed_between_those_with_it(take):
    loops = take("planted_profiles/sleeps", SAMPLING_THREAD).loops
    assert min(len(loops.plain_ns), len(loops.sampled_ns)) >= single_profile.ROUNDS
    assert min(loops.plain_ns) > 0.003e9 * loops.steps


def test_without_a_sampler_there_are_no_stacks_and_the_profile_all_the_same(take):
    taken = take("planted_profiles/sleeps", NO_STACKS)
    assert (taken.loops.stacks.rows, taken.loops.rung) == ([], NO_STACKS)
    assert taken.profile["blocks"] == 3


def test_a_rung_that_there_is_not_is_an_error(take):
    with pytest.raises(UserError, match="no rung 'perf'; there are py-spy, pyinstrument"):
        take("planted_profiles/sleeps", "perf")
    assert ours(os.getpid()) == {}


# --- where it is not allowed, or not there ----------------------------------------------------------------------------


def denied(*words):
    done = subprocess.run(
        [sys.executable, "-m", "tests.runner.denied", str(FILE), *words], capture_output=True, text=True, timeout=200
    )
    if "cannot give up CAP_SYS_PTRACE" in done.stderr:
        pytest.skip("this root cannot give up CAP_SYS_PTRACE")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_where_the_kernel_refuses_the_next_rung_is_taken_and_it_is_told_how_to_allow_more():
    needs_py_spy()
    pytest.importorskip("pyinstrument", reason="pyinstrument is not installed")
    found = denied("planted_profiles/hides")
    assert (found["rung"], list(found["refused"])) == (PYINSTRUMENT, [PY_SPY])
    assert "SYS_PTRACE" in found["refused"][PY_SPY]
    assert found["samples"] > 100


def test_where_the_kernel_refuses_the_rung_that_was_asked_for_that_is_the_error():
    needs_py_spy()
    assert denied("planted_profiles/hides", PY_SPY)["error"].startswith("no profile by py-spy here: ")


def test_without_py_spy_a_user_is_told_how_to_have_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(py_spy, "sys", SimpleNamespace(executable=str(tmp_path / "python")))
    assert py_spy.why_not(os.getpid()) == "py-spy is not installed: pip install py-spy"


def test_without_py_spy_and_pyinstrument_a_thread_looks(take, monkeypatch, tmp_path):
    monkeypatch.setattr(py_spy, "sys", SimpleNamespace(executable=str(tmp_path / "python")))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    greeted = Worker.greet

    def without(worker):
        found = greeted(worker)
        found.capabilities[PYINSTRUMENT] = "pyinstrument is not installed"
        return found

    monkeypatch.setattr(Worker, "greet", without)
    loops = take("planted_profiles/sleeps").loops
    assert (loops.rung, list(loops.refused)) == (SAMPLING_THREAD, [PY_SPY, PYINSTRUMENT])
    assert loops.stacks.samples > 100


def test_a_sampler_that_is_let_in_and_fails_hands_on_to_the_next(take, monkeypatch):
    def fails(*words):
        raise py_spy.SpyRefusedError("it fell over")

    monkeypatch.setattr(py_spy, "why_not", lambda pid: "")
    monkeypatch.setattr(py_spy, "sampling", fails)
    loops = take("planted_profiles/sleeps").loops
    assert loops.refused[PY_SPY] == "it fell over"
    assert loops.rung in RUNGS[1:3]
    assert loops.stacks.samples > 0


# --- what ends in the middle ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rung", [PY_SPY, SAMPLING_THREAD])
def test_a_worker_that_dies_while_it_is_looked_at_is_an_outcome_and_leaves_nothing(take, rung):
    if rung == PY_SPY:
        needs_py_spy()
    reply = take("planted_profiles/vanishes", rung)
    assert isinstance(reply, Refused)
    assert (reply.outcome, reply.reason) == ("crashed", "the worker exited with code 3")
    assert ours(os.getpid()) == {}


def test_a_stop_ends_worker_and_py_spy():
    """The whole command, ended by its user while py-spy looks."""
    needs_py_spy()
    with_the_command_ended_by(signal.SIGINT)


def test_a_killed_command_leaves_neither_worker_nor_py_spy():
    needs_py_spy()
    with_the_command_ended_by(signal.SIGKILL)


def with_the_command_ended_by(number):
    words = [sys.executable, "-m", "bench", "profile", "planted_profiles/sleeps", "-w", str(FILE), "--seconds", "24"]
    command = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        ends, seen = time.monotonic() + 60, {}
        while time.monotonic() < ends and not any(b"record" in _words(pid) for pid in seen):
            time.sleep(0.05)
            seen = ours(command.pid)
        assert any(b"record" in _words(pid) for pid in seen), "py-spy never came"
        assert "T" not in seen.values(), "somebody was stopped"
        command.send_signal(number)
        command.wait(30)
        ends = time.monotonic() + 20
        while time.monotonic() < ends and any(map(there, seen)):
            time.sleep(0.05)
        assert not [pid for pid in seen if there(pid)]
    finally:
        command.kill()
        command.communicate()


def _words(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""
