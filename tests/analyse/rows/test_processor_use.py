"""What blocks took of the processor: waiting, other threads, lost cores; and what is not known."""

from __future__ import annotations

from typing import Any

import pytest

from bench.analyse.rows.kept_blocks import step_blocks
from bench.analyse.rows.processor_use import ProcessorUse, uses
from tests.analyse.conftest import MadeUpRun

MS = 1_000_000


def use(run: MadeUpRun, *blocks: dict[str, Any]) -> ProcessorUse:
    """The use of a case of one launch. Blocks are of 10 ms, wholly computed by the timing thread unless stated."""
    case = run.plan()
    run.launch(case)
    for block in blocks:
        counts = {"cpu_ns": 10 * MS, "thread_ns": 10 * MS, "preempted": 0, "waited": 0, **block}
        run.blocks(case, 0, [10e-3], steps=1, **counts)
    return uses(step_blocks(run.data())).get(case.key, ProcessorUse())


def test_a_step_that_computes_alone_neither_waits_nor_shares(run: MadeUpRun) -> None:
    assert use(run, {}, {}) == ProcessorUse(0.0, 0.0, 0.0, None, 0.0, 0.0)


def test_waiting_is_wall_without_cpu_time(run: MadeUpRun) -> None:
    found = use(run, {"cpu_ns": 4 * MS, "thread_ns": 4 * MS, "waited": 1}, {})
    assert found.waiting == pytest.approx(0.3)
    assert found.waiting_blocks == 0.5
    assert found.waits_per_s == pytest.approx(50)


def test_time_without_the_core_is_no_waiting(run: MadeUpRun) -> None:
    found = use(run, {"cpu_ns": 2 * MS, "thread_ns": 2 * MS, "preempted": 3}, {}, {}, {})
    assert found.waiting == 0.0
    assert found.preempted == 0.25
    assert found.away == pytest.approx(0.8)


def test_of_blocks_that_all_lost_their_core_waiting_is_not_known(run: MadeUpRun) -> None:
    assert use(run, {"preempted": 1}).waiting is None


def test_other_threads_are_background(run: MadeUpRun) -> None:
    found = use(run, {"cpu_ns": 25 * MS}, {"cpu_ns": 15 * MS})
    assert found.background == pytest.approx(1.0)
    assert found.waiting == 0.0


def test_a_block_with_more_cpu_time_than_wall_does_not_pay_for_one_that_waits(run: MadeUpRun) -> None:
    assert use(run, {"cpu_ns": 20 * MS}, {"cpu_ns": 0, "thread_ns": 0}).waiting == 0.5


def test_what_the_system_does_not_count_is_not_known(run: MadeUpRun) -> None:
    found = use(run, {"preempted": None, "waited": None})
    assert (found.waiting, found.preempted, found.waiting_blocks, found.waits_per_s) == (None, None, None, None)
    assert found.background == 0.0
    assert not found.follows_cpu_time


def test_a_run_without_cpu_times_has_no_use(run: MadeUpRun) -> None:
    assert use(run, {"cpu_ns": None, "thread_ns": None}) == ProcessorUse()


@pytest.mark.parametrize(
    ("changes", "follows"),
    [
        ({}, True),
        ({"background": 0.02}, True),
        ({"background": 0.021}, False),
        ({"waiting_blocks": 0.01, "waits_per_s": 5000.0}, True),
        ({"waiting_blocks": 0.02, "waits_per_s": 99.0}, True),
        ({"waiting_blocks": 0.02, "waits_per_s": 100.0}, False),
        ({"waits_per_s": None}, False),
        ({"background": None}, False),
    ],
)
def test_cpu_time_stands_for_wall_in_one_thread_that_does_not_wait(changes: dict[str, Any], follows: bool) -> None:
    known = {"background": 0.0, "waiting_blocks": 0.0, "waits_per_s": 0.0}
    assert ProcessorUse(**{**known, **changes}).follows_cpu_time is follows
