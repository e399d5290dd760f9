"""Workers that are forked by a process which has imported torch."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from bench.measure.machine.compiler import why_no_compiler
from bench.measure.starter import COMPILER
from bench.plan.catalog import find
from bench.protocol import Close, Closed, Open, Opened, Visit, Visited
from bench.records import Case, Settings, Source
from bench.runner.starter import Starter, StarterError, can_fork, has_gpu
from bench.runner.stop_request import Stop
from bench.runner.worker import MachineUnfitError, Worker, WorkerDiedError, environment

pytestmark = pytest.mark.skipif(not can_fork(cuda=False), reason="workers are forked on Linux alone")

KEY = Case.of("matmul/square", {"size": 16}).key
SOURCE = find([], installed=True)["matmul/square"].source
ASKED_KEY = Case.of("asked/asked", {}).key
ASKED = '''
from torch._inductor import cpu_vec_isa

from bench.workload import Prepared, Work, workload

KNOWN = cpu_vec_isa.valid_vec_isa_list.cache_info().currsize


@workload(lesson="own")
def asked(ctx):
    """Gives how many lists of instruction sets this process knows."""
    return Prepared(step=lambda: KNOWN, check=lambda known: abs(known - 1), work=Work(items=1))
'''
"""A step that is right where the process that forked its own has asked for the instruction sets of the compiler."""

SHORT = Settings(warm_s=0.001, warm_cap_s=0.1, visits=1, blocks=2)


@pytest.fixture(scope="module")
def starter():
    made = Starter(sys.executable, environment(1, None))
    yield made
    made.end()


@pytest.fixture
def forked(starter):
    made: list[Worker] = []

    def fork(threads: int = 1, cache: Path | None = None) -> Worker:
        made.append(Worker(threads, Stop(), cache, starter=starter))
        return made[-1]

    yield fork
    for worker in made:
        worker.end()


def is_running(pid: int) -> bool:
    """Does the process run, and is it no zombie?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_forked_worker_measures_as_one_that_was_started(forked):
    worker = forked()
    opened = worker.ask(Open(KEY, SOURCE, SHORT), 60)
    assert isinstance(opened, Opened)
    assert isinstance(worker.ask(Visit(KEY), 60), Visited)
    assert isinstance(worker.ask(Close(KEY), 60), Closed)


def test_each_fork_has_threads_and_a_cache_of_its_own(forked, tmp_path):
    one, two = forked(1), forked(2, tmp_path)
    assert one.greet().facts["torch"]["threads"] == 1
    assert two.greet().facts["torch"]["threads"] == 2
    assert two.greet().facts["environment"]["TORCHINDUCTOR_CACHE_DIR"] == str(tmp_path / "inductor")
    own = one.greet().facts["environment"].get("TORCHINDUCTOR_CACHE_DIR")
    assert own == os.environ.get("TORCHINDUCTOR_CACHE_DIR")
    assert one.pid != two.pid


def test_two_threads_compute_in_a_fork(forked):
    opened = forked(2).ask(Open(Case.of("matmul/square", {"size": 512, "threads": 2}).key, SOURCE, SHORT), 60)
    assert isinstance(opened, Opened), opened


def test_the_death_of_a_fork_is_known_by_its_signal(forked):
    worker = forked()
    worker.greet()
    os.kill(worker.pid, signal.SIGSEGV)
    with pytest.raises(WorkerDiedError, match="SIGSEGV"):
        worker.ask(Open(KEY, SOURCE, SHORT), 60)
    assert not worker.is_alive()


def test_a_fork_outlives_its_starter_until_its_own_end():
    starter = Starter(sys.executable, environment(1, None))
    worker = Worker(1, Stop(), starter=starter)
    worker.greet()
    starter.end()
    assert isinstance(worker.ask(Open(KEY, SOURCE, SHORT), 60), Opened)
    worker.end()
    assert not is_running(worker.pid)


def test_a_worker_ends_when_whoever_asked_for_it_ends(starter):
    asked, answer = os.pipe()
    child = os.fork()
    if child == 0:
        worker = Worker(1, Stop(), starter=starter)
        worker.greet()
        os.write(answer, str(worker.pid).encode())
        signal.pause()
    pid = int(os.read(asked, 20))
    assert is_running(pid)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    ends = time.monotonic() + 10
    while is_running(pid) and time.monotonic() < ends:
        time.sleep(0.01)
    assert not is_running(pid)


def test_a_starter_that_cannot_import_is_an_error_with_what_it_printed():
    starter = Starter(sys.executable, environment(1, None), ["no_such_module_anywhere"])
    try:
        with pytest.raises(StarterError, match="no_such_module_anywhere"):
            starter.wait(60, Stop())
        with pytest.raises(MachineUnfitError, match="no_such_module_anywhere"):
            Worker(1, Stop(), starter=starter)
    finally:
        starter.end()


def test_a_starter_that_was_killed_is_an_error_and_no_crash_of_a_case():
    starter = Starter(sys.executable, environment(1, None))
    starter.wait(60, Stop())
    starter._process.kill()
    starter._process.wait()
    with pytest.raises(MachineUnfitError, match="has ended"):
        Worker(1, Stop(), starter=starter)
    starter.end()


def test_no_fork_where_cuda_is_used():
    assert not can_fork(cuda=True)


@pytest.mark.parametrize(
    ("capabilities", "there"),
    [
        ({"cpu": "", "cuda": "no CUDA device"}, False),
        ({"cpu": "", "cuda": ""}, True),
        ({"cpu": "", "cuda": "built without it", "xpu": ""}, True),
        ({"cpu": "", "cuda": "built without it", "mps": ""}, False),  # macOS does not fork workers anyway
    ],
)
def test_a_gpu_whose_context_does_not_survive_a_fork_is_seen(capabilities, there):
    assert has_gpu(capabilities) is there


@pytest.mark.heavy
@pytest.mark.skipif(bool(why_no_compiler()), reason=why_no_compiler() or "there is a compiler")
def test_what_the_compiler_asks_once_a_process_is_asked_before_the_forks(tmp_path):
    """A worker that is forked by a starter with the compiler finds its answers there, and asks none of it itself."""
    source = tmp_path / "asked.py"
    source.write_text(ASKED)
    made = Starter(sys.executable, environment(1, None), (COMPILER,))
    worker = Worker(1, Stop(), starter=made)
    try:
        opened = worker.ask(Open(ASKED_KEY, Source(str(source), "asked"), SHORT), 60)
        assert isinstance(opened, Opened), opened
    finally:
        worker.end()
        made.end()
