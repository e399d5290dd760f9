"""Work that a step gives to a thread, a child or an event loop: said as a finding, or as an error where it was late."""

import asyncio
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from bench.measure.author.awaited import EventLoop
from bench.measure.author.handed_away import late, pending
from bench.measure.dispatcher import Dispatcher
from bench.measure.timing import background
from bench.plan.catalog import find
from bench.protocol import Close, Closed, Inspect, Open, Opened, Refused, Visit
from bench.records import Case, Settings

FILE = Path(__file__).parents[2] / "workload_files" / "handed_away.py"
FOUND = find([FILE], installed=False)
SETTINGS = Settings(warm_s=0.001, warm_cap_s=0.02, block_s=1e-4)
ON_LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="children are found in /proc alone")


class Measured:
    """A case opened in this process."""

    def __init__(self, workload, mode="eager", **axes):
        self.dispatcher = Dispatcher(lambda stage: None)
        self.key = Case.of(f"handed_away/{workload}", {**axes, "mode": mode}).key
        self.source = FOUND[f"handed_away/{workload}"].source
        self.reply = self.dispatcher.answer(Open(self.key, self.source, SETTINGS, count=False, memory=False))

    def closed(self, visits=1):
        assert isinstance(self.reply, Opened), self.reply
        for _ in range(visits):
            self.dispatcher.answer(Visit(self.key))
        closed = self.dispatcher.answer(Close(self.key))
        assert isinstance(closed, Closed), closed
        return closed.facts

    def ended(self):
        """The refusal, at whichever request it comes."""
        if isinstance(self.reply, Opened):
            self.dispatcher.answer(Visit(self.key))
            self.reply = self.dispatcher.answer(Close(self.key))
        return self.refused()

    def refused(self):
        assert isinstance(self.reply, Refused), self.reply
        return self.reply


def checked(workload, **axes):
    """What `bench check` says of a case."""
    key = Case.of(f"handed_away/{workload}", axes).key
    return Dispatcher(lambda stage: None).answer(Inspect(key, FOUND[f"handed_away/{workload}"].source, SETTINGS))


@pytest.mark.parametrize("gives", ["future", "list"])
def test_a_future_is_no_answer_though_the_check_would_wait_for_it(gives):
    refused = Measured("to_a_pool", gives=gives).refused()
    assert refused.outcome == "wrong"
    assert "the step returns a Future and no answer" in refused.reason
    assert "result" in refused.reason


def test_a_step_that_waits_for_its_future_is_right():
    assert Measured("to_a_pool", gives="result").closed()["error_after"] < 5e-5


def test_bench_check_refuses_a_future_too():
    (fault,) = checked("to_a_pool", gives="future").faults
    assert "the step returns a Future and no answer" in fault.message


def test_an_answer_that_comes_later_is_wrong_and_its_author_reads_why():
    refused = Measured("to_a_thread", waits=False).refused()
    assert refused.outcome == "wrong"
    assert "later it was right: the step returned before its answer was there" in refused.reason
    assert "future.result(), join" in refused.reason


def test_a_step_that_joins_its_thread_is_right():
    assert Measured("to_a_thread", waits=True).closed()["error_after"] == 0


def test_an_answer_that_stays_wrong_is_no_late_one():
    refused = Measured("never_right").refused()
    assert refused.outcome == "wrong"
    assert "later it was right" not in refused.reason


def test_a_buffer_that_threads_still_fill_after_the_blocks_is_wrong_with_the_reason():
    """The work of a block is a backlog when the block ends, which may take longer than anyone waits."""
    refused = Measured("to_a_queue").ended()
    assert refused.outcome == "wrong"
    assert "the step returned before its answer was there" in refused.reason or "still busy" in refused.reason


def test_bench_check_refuses_a_step_whose_work_goes_on_after_its_calls():
    (fault,) = checked("to_a_queue_of_its_own").faults
    assert fault.rule == "it waits for the work that it gives to others"
    assert "cores are still busy: let the step wait" in fault.message


def test_threads_children_and_futures_of_torch_are_no_answers():
    assert "a Thread " in pending(threading.Thread())
    assert "Future" in pending({"out": torch.futures.Future()})
    assert pending(torch.ones(1)) == pending([1.0]) == pending({"a": 1}) == ""


@pytest.mark.parametrize(
    ("threads", "children", "busy", "waits"),
    [(1, [], 0.0, False), (2, [], 0.0, True), (1, [7], 0.0, True), (1, [], 0.5, True)],
)
def test_a_process_at_rest_is_not_waited_for(monkeypatch, threads, children, busy, waits):
    monkeypatch.setattr(background.threading, "active_count", lambda: threads)
    monkeypatch.setattr(background, "_children", lambda: children)
    monkeypatch.setattr(background, "background_cores", lambda: busy)
    assert bool(list(background.settle(0.02))) is waits


def test_waiting_ends_after_a_second():
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        began = time.monotonic()
        assert late(lambda out: 1.0, None, 0.1) == ""
        assert 0.5 < time.monotonic() - began < 5
    finally:
        done.set()
        thread.join()


# --- children ---------------------------------------------------------------------------------------------------------


@ON_LINUX
def test_a_child_that_computes_while_the_step_goes_on_is_seen():
    facts = Measured("to_a_child", waits=False).closed(visits=6)
    assert facts["step_facts"]["children_cores"] > 0.05  # a core of an idle machine, a part of one of a busy one


@ON_LINUX
def test_a_case_without_children_keeps_none_busy():
    assert Measured("to_a_pool", gives="result").closed()["step_facts"]["children_cores"] == 0


# --- coroutines -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["async_def", "lambda", "phases"])
def test_a_coroutine_step_is_awaited_and_what_that_costs_is_told(form):
    measured = Measured("awaited", form=form)
    facts = measured.closed()
    assert facts["error_after"] < 5e-5
    assert 1_000 < facts["step_facts"]["await_ns"] < 10_000_000
    assert facts["step_facts"]["tasks_left"] == 0


def test_phases_of_coroutines_are_awaited_too():
    measured = Measured("awaited", form="phases")
    assert {series.phase for series in measured.reply.steps} == {"step", "again"}
    measured.closed()


def test_a_plain_step_has_no_cost_of_awaiting():
    assert "await_ns" not in Measured("to_a_pool", gives="result").closed()["step_facts"]


def test_all_calls_of_a_case_are_on_one_loop_which_ends_with_it():
    loops = set()
    measured = Measured("awaited", form="async_def")
    session = measured.dispatcher._sessions[measured.key]
    from dataclasses import replace

    inner = session.prepared.step

    async def noting():
        loops.add(asyncio.get_running_loop())

    session.prepared = session._watch.ready(replace(session.prepared, step=noting), "eager")
    for _ in range(3):
        session.prepared.step()
    session.prepared = replace(session.prepared, step=inner)
    (loop,) = loops
    assert not loop.is_closed()
    measured.closed()
    assert loop.is_closed()


async def _in_a_notebook(made):
    """Call `made` as a notebook calls a cell: in a task of a loop that runs; then see that both go on."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    beside = asyncio.create_task(asyncio.sleep(0, "went on"))
    found = made()
    assert asyncio.get_running_loop() is loop
    assert asyncio.current_task() is task
    assert await beside == "went on"
    return found


def notebook(made):
    """What `made` gives beside a running loop; in a thread, as a browser of other tests has a loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(_in_a_notebook(made))).result()


@pytest.mark.parametrize("form", ["async_def", "lambda", "phases"])
def test_beside_a_running_loop_a_coroutine_step_is_awaited_on_its_own(form):
    """It was `failed`: "Cannot run the event loop while another loop is running"."""
    facts = notebook(lambda: Measured("awaited", form=form).closed())
    assert facts["error_after"] < 5e-5
    assert 1_000 < facts["step_facts"]["await_ns"] < 10_000_000


def test_beside_a_running_loop_what_raises_leaves_it_running():
    async def fails():
        await asyncio.sleep(0)
        raise ZeroDivisionError

    def refused():
        loop = EventLoop()
        with pytest.raises(ZeroDivisionError):
            loop.wait_for(fails())
        loop.close()

    notebook(refused)


def test_beside_a_running_loop_bench_check_awaits_too():
    assert notebook(lambda: checked("awaited", form="async_def")).faults == []


def test_a_task_that_a_step_leaves_is_told():
    assert Measured("awaited", form="leaves_a_task").closed()["step_facts"]["tasks_left"] == 1


@pytest.mark.parametrize("form", ["async_def", "lambda"])
def test_a_coroutine_in_a_mode_that_makes_graphs_is_skipped_with_the_reason(form):
    refused = Measured("awaited", form=form, mode="trace").refused()
    assert refused.outcome == "skipped"
    assert "mode=trace makes a graph of a plain function" in refused.reason


@pytest.mark.parametrize(
    ("form", "kind"), [("async", "an async generator"), ("plain", "a generator"), ("given", "a generator")]
)
def test_a_generator_is_refused_with_what_to_write(form, kind):
    refused = Measured("generates", form=form).refused()
    assert refused.outcome == "failed"
    assert f"the step gives {kind}, of which nothing runs until someone iterates" in refused.reason


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")  # that is its fault
@pytest.mark.parametrize("name", ["reset", "check", "close", "quality"])
def test_a_coroutine_where_nobody_awaits_is_refused(name):
    refused = Measured("awaits_nobody", name=name).refused()
    assert f"{name} is a coroutine function, which nobody awaits" in refused.reason


def test_bench_check_awaits_coroutines_and_asks_for_async_def():
    found = checked("awaited", form="async_def")
    assert found.faults == []
    (fault,) = checked("awaited", form="lambda").faults
    assert "write async def step()" in fault.message
