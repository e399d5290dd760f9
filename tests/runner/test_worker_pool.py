"""Workers that start ahead of their launch."""

from __future__ import annotations

import os
import signal

import pytest

from bench.protocol import Import
from bench.runner import worker_pool
from bench.runner.starter import can_fork
from bench.runner.stop_request import Stop
from bench.runner.worker import Worker
from bench.runner.worker_pool import WorkerPool


@pytest.fixture
def pool(monkeypatch):
    monkeypatch.setattr(worker_pool, "cores", lambda: 2)
    with WorkerPool(Stop()) as made:
        yield made


@pytest.fixture
def started(monkeypatch):
    """Workers in the order of their start."""
    made: list[Worker] = []

    class Noted(Worker):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            made.append(self)

    monkeypatch.setattr(worker_pool, "Worker", Noted)
    return made


def test_where_more_launches_are_sure_one_a_core_starts_and_each_serves_one_launch(pool, started):
    first = pool.take(1, ahead=3)
    assert len(started) == 2
    second = pool.take(1, ahead=2)
    assert len(started) == 2
    assert {first.process, second.process} == {each.process for each in started}
    assert first.start_s == second.start_s > 0
    for worker in (first, second):
        worker.end()


def test_none_starts_ahead_of_the_last_launch(pool, started):
    pool.take(1, ahead=0).end()
    assert len(started) == 1


def test_a_compiled_case_has_a_process_with_its_own_cache(pool, started, tmp_path):
    worker = pool.take(1, ahead=5, cache=tmp_path)
    assert len(started) == 1
    assert worker.greet().facts["environment"]["TORCHINDUCTOR_CACHE_DIR"] == str(tmp_path / "inductor")
    worker.end()


def test_a_worker_that_died_while_it_waited_is_not_given_out(pool, started):
    first = pool.take(1, ahead=1)
    first.end()
    (spare,) = (each for each in started if each is not first)
    os.killpg(spare.pid, signal.SIGKILL)
    while spare.is_alive():
        pass
    other = pool.take(1, ahead=0)
    assert other.process not in (first.process, spare.process)
    other.end()
    spare.end()


def test_the_end_of_the_pool_ends_who_was_not_taken(started, monkeypatch):
    monkeypatch.setattr(worker_pool, "cores", lambda: 2)
    with WorkerPool(Stop()) as pool:
        taken = pool.take(1, ahead=1)
    assert taken.is_alive()
    (spare,) = (each for each in started if each is not taken)
    assert not spare.is_alive()
    taken.end()


def test_the_worker_that_looked_at_the_machine_serves_the_first_launch(pool, started):
    looked = Worker(1, Stop())
    looked.greet()
    pool.put(1, looked)
    assert pool.take(1, ahead=5) is looked
    assert started == []
    looked.end()


@pytest.mark.skipif(not can_fork(cuda=False), reason="workers are forked on Linux alone")
def test_the_processes_of_one_launch_are_forks_of_one(pool, tmp_path):
    pool.can_fork = True
    with pool.launch(processes=2):
        plain, compiled = pool.take(1), pool.take(2, cache=tmp_path)
        assert os.getsid(plain.pid) != os.getsid(compiled.pid)
        assert plain.greet().facts["torch"]["threads"] == 1
        assert compiled.greet().facts["torch"]["threads"] == 2
        for worker in (plain, compiled):
            worker.end()


@pytest.mark.parametrize(
    ("wanted", "cores", "sizes"),
    [(6, 2, [2, 2, 2]), (5, 2, [3, 2]), (1, 8, [1]), (3, 1, [1, 1, 1]), (7, 2, [3, 2, 2]), (20, 16, [4] * 5)],
)
def test_processes_start_in_rounds_that_keep_every_core_busy(wanted, cores, sizes):
    seen = []
    while wanted:
        seen.append(worker_pool.at_once(wanted, cores))
        wanted -= seen[-1]
    assert seen == sizes


def test_workers_that_die_of_what_they_load_are_not_given_out(pool, started):
    worker = pool.take(1, ahead=1, load=Import([], modules=["no_such_module_anywhere"]))
    assert len(started) == 3
    assert worker is started[2]
    assert worker.is_alive()
    worker.end()
