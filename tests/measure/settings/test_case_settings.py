"""Planted leaks in one worker, whose cases are all open and take turns: each is told, and none reaches another."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.plan.catalog import find
from bench.protocol import (
    BlockTimed,
    Close,
    Closed,
    Import,
    Inspect,
    Inspected,
    Open,
    Opened,
    Refused,
    TimeBlock,
    Visit,
)
from bench.records import Case, Settings
from bench.runner.stop_request import Stop
from bench.runner.worker import Worker, WorkerDiedError
from tests.measure.settings.leaks import CATALOG, DECLARED, LEAKS, VICTIM, declaring, leaking, planned

SETTINGS = Settings(warm_s=0.001, warm_cap_s=0.01, blocks=2, timeout_s=60)


def ask_of(worker, item, message, *more):
    return worker.ask(message(item.case.key, *more), 60)


def open_of(worker, item):
    reply = worker.ask(Open(item.case.key, item.source, SETTINGS, memory=False), 60)
    assert isinstance(reply, Opened), reply
    return reply


@pytest.fixture(scope="module")
def closed():
    """By key, what the worker told at the end of each case: all leaks are open beside the victim, twice over."""
    cases = [VICTIM, *map(leaking, LEAKS), *map(declaring, DECLARED)]
    worker = Worker(1, Stop())
    try:
        worker.ask(Import([VICTIM.source]), 60)
        for item in cases:
            open_of(worker, item)
        for item in cases + cases[::-1]:
            ask_of(worker, item, Visit)
            assert isinstance(worker.ask(TimeBlock(item.case.key, "wall"), 60), BlockTimed)
        yield {item.case.key: ask_of(worker, item, Close) for item in cases}
    finally:
        worker.end()


@pytest.mark.parametrize("leak", LEAKS)
def test_a_planted_leak_is_told(leak, closed):
    reply = closed[leaking(leak).case.key]
    assert isinstance(reply, Closed), reply
    assert list(reply.facts["changed_settings"]) == [LEAKS[leak]]
    was, now = reply.facts["changed_settings"][LEAKS[leak]]
    assert was != now


@pytest.mark.parametrize("leak", LEAKS)
def test_a_case_is_timed_under_what_it_set_and_under_nothing_else(leak, closed):
    assert closed[leaking(leak).case.key].facts["quality"] == {LEAKS[leak].replace(" ", "_"): 1.0}


def test_the_neighbour_is_timed_under_nothing_that_others_set(closed):
    facts = closed[VICTIM.case.key].facts
    assert facts["quality"] == {}
    assert "changed_settings" not in facts
    assert facts["threads"] == 1


@pytest.mark.parametrize("leak", DECLARED)
def test_what_a_case_declares_holds_for_it_and_is_no_leak(leak, closed):
    facts = closed[declaring(leak).case.key].facts
    assert facts["quality"] == {LEAKS[leak].replace(" ", "_"): 1.0}
    assert "changed_settings" not in facts


def test_the_threads_are_those_of_the_blocks(closed):
    assert closed[leaking("threads").case.key].facts["threads"] == 3
    assert closed[leaking("threads").case.key].facts["changed_settings"] == {"threads": ["1", "3"]}


# --- files that set something when they are imported -----------------------------------------------------------------

SETS = '''
import torch
from bench.workload import Context, Prepared, Work, workload

torch.set_default_dtype(torch.{dtype})


@workload(lesson="Mine")
def {name}(ctx: Context) -> Prepared:
    """Says its default dtype.

    Answer: one.
    """
    return Prepared(
        step=lambda: torch.ones(1), check=lambda out: 0.0, work=Work(items=1),
        quality=lambda: {{"bytes": float(torch.ones(1).element_size())}},
    )
'''


def test_what_a_file_sets_when_it_is_imported_is_set_for_its_own_cases_alone(tmp_path):
    for name, dtype in (("first", "float64"), ("second", "float32")):
        (tmp_path / f"{name}.py").write_text(SETS.format(name=name, dtype=dtype))
    sources = {name: find([tmp_path / f"{name}.py"], installed=False)[f"{name}/{name}"].source
               for name in ("first", "second")}  # fmt: skip
    worker = Worker(1, Stop())
    told = {}
    try:
        worker.ask(Import(list(sources.values())), 60)
        keys = {name: Case.of(f"{name}/{name}", {}).key for name in sources}
        for name in ("first", "second", "first"):
            worker.ask(Open(keys[name], sources[name], SETTINGS, memory=False), 60)
            told[name] = worker.ask(Close(keys[name]), 60).facts
    finally:
        worker.end()
    assert told["first"]["quality"] == {"bytes": 8.0}
    assert told["first"]["changed_settings"] == {"default dtype": ["torch.float32", "torch.float64"]}
    assert told["second"]["quality"] == {"bytes": 4.0}
    assert "changed_settings" not in told["second"]


# --- what cannot be put back, and what an author is told --------------------------------------------------------------


def test_a_case_that_leaves_what_cannot_be_put_back_takes_its_process_with_it():
    worker = Worker(1, Stop())
    try:
        with pytest.raises(WorkerDiedError) as death:
            open_of(worker, planned("stuck"))
    finally:
        worker.end()
    assert "cannot be put back: inference mode is on and was off" in death.value.log


@pytest.mark.parametrize("leak", ["threads", "default_dtype", "folder"])
def test_the_author_is_told_by_the_contract(leak):
    worker = Worker(1, Stop())
    try:
        for _ in range(2):  # the second time it finds what the first found
            item = leaking(leak)
            reply = worker.ask(Inspect(item.case.key, item.source, SETTINGS), 60)
            assert isinstance(reply, Inspected)
            (fault,) = reply.faults
            assert fault.rule == "it leaves its process as it was set"
            assert f"it sets {LEAKS[leak]} from " in fault.message
            assert "let ctx.run_under call what sets it" in fault.message
        for item in (VICTIM, declaring("products")):
            assert worker.ask(Inspect(item.case.key, item.source, SETTINGS), 60).faults == []
    finally:
        worker.end()


def test_threads_are_not_declared_but_chosen_by_their_axis():
    worker = Worker(1, Stop())
    try:
        item = declaring("threads")
        reply = worker.ask(Open(item.case.key, item.source, SETTINGS, memory=False), 60)
        assert isinstance(reply, Refused)
        assert reply.reason == "ValueError: ctx.run_under sets threads, which have an axis: choose -s threads=3"
        open_of(worker, VICTIM)
        assert ask_of(worker, VICTIM, Close).facts["threads"] == 1
    finally:
        worker.end()


def test_the_list_of_leaks_is_that_of_the_file():
    assert list(CATALOG["leaky/a_leak"].axes["leak"]) == list(LEAKS)


# --- a process of its own, so that nothing is left in this one --------------------------------------------------------


def ran(program: str, tmp_path: Path) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_precisions_set_by_backend_are_told_and_put_back(tmp_path):
    """What the new way sets alone the old way refuses to read."""
    told = ran(
        "import torch\n"
        "from bench.measure.settings.process_settings import changes, put, snapshot\n"
        "if not hasattr(torch.backends.mkldnn, 'matmul'):\n"
        "    print('float32 precision of products', 'bf16', 'True'); raise SystemExit\n"
        "before = snapshot()\n"
        "torch.backends.mkldnn.matmul.fp32_precision = 'bf16'\n"
        "told = changes(before, snapshot())\n"
        "put(before)\n"
        "print(*told, told['float32 precision of products'][1], snapshot() == before)\n",
        tmp_path,
    )
    assert told.startswith("float32 precision of products")
    assert "bf16" in told
    assert told.endswith("True")


def test_a_library_that_sets_variables_when_it_is_imported_leaks_nothing(tmp_path):
    told = ran(
        "import os\n"
        "os.environ.pop('KMP_DUPLICATE_LIB_OK', None); os.environ.pop('KMP_INIT_AT_FORK', None)\n"
        "from bench.measure.settings.process_settings import changes, snapshot\n"
        "before = snapshot()\n"
        "import sklearn.datasets\n"
        "print(changes(before, snapshot()))\n",
        tmp_path,
    )
    assert told == "{}"
