"""What is done and what is left."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from bench.plan import run_duration
from bench.records import Block, Case, CaseLaunch, Planned, Settings, Source, Value
from bench.runner.launches.budget import Budget
from bench.runner.launches.ledger import (
    FIRST_AOTI_S,
    FIRST_COMPILE_S,
    GUESS_COMPILED_S,
    GUESS_S,
    Ledger,
    launch_median_s,
)
from bench.series import Series

SOURCE = Source("a.py", "b")


def planned(**params: Value) -> Planned:
    return Planned(Case.of("a/b", params), SOURCE)


ONE, OTHER, COMPILED = planned(size=1), planned(size=2), planned(size=1, mode="compile")


def ledger_of(*items: Planned, **settings: Any) -> Ledger:
    return Ledger(items, Settings(**settings))


def block(item: Planned = ONE, launch: int = 0, seconds: float = 1e-3, **changes: Any) -> Block:
    """A block of one step, that took so many seconds."""
    values = {"visit": 0, "phase": "step", "clock": "wall", "index": 1, "kept": True, "steps": 1}
    return Block(item.case.key, launch, total_ns=round(seconds * 1e9), **{**values, **changes})


def add(ledger: Ledger, item: Planned, launch: int, block_s: float | None = None, **facts: Any) -> None:
    """A launch of a case ended; with `block_s`, in one block so long."""
    blocks = [] if block_s is None else [block(item, launch, block_s)]
    ledger.add(CaseLaunch(item.case.key, launch, **facts), blocks)


# --- pending and finished -------------------------------------------------------------------------------------------


def test_at_first_every_case_is_pending_in_the_order_of_the_plan() -> None:
    ledger = ledger_of(OTHER, ONE, COMPILED)
    assert ledger.pending(0) == [OTHER, ONE, COMPILED]
    assert ledger.finished() == 0


def test_a_launch_that_is_done_is_not_pending_but_the_next_is() -> None:
    ledger = ledger_of(ONE, OTHER, launches=3)
    add(ledger, ONE, 0, 1e-3)
    assert ledger.pending(0) == [OTHER]
    assert ledger.pending(1) == [ONE, OTHER]


def test_a_case_with_launches_enough_is_finished() -> None:
    ledger = ledger_of(ONE, OTHER, launches=2)
    for launch in range(2):
        add(ledger, ONE, launch, 1e-3)
    assert ledger.is_finished(ONE.case.key)
    assert ledger.finished() == 1
    assert ledger.pending(2) == [OTHER]


@pytest.mark.parametrize("outcome", ["skipped", "wrong", "oom", "timeout", "crashed", "failed"])
def test_a_case_that_ended_badly_is_finished(outcome: str) -> None:
    ledger = ledger_of(ONE, launches=5)
    add(ledger, ONE, 0, outcome=outcome)
    assert ledger.finished() == 1
    assert ledger.pending(1) == []
    assert ledger.outcomes == {ONE.case.key: outcome}


def test_a_bad_ending_after_good_launches_is_the_outcome() -> None:
    ledger = ledger_of(ONE, launches=5)
    add(ledger, ONE, 0, 1e-3)
    add(ledger, ONE, 1, outcome="oom")
    add(ledger, ONE, 2, outcome="timeout")
    add(ledger, ONE, 3, 1e-3)
    assert ledger.outcomes == {ONE.case.key: "oom"}


def test_a_launch_that_ended_badly_is_no_datum() -> None:
    ledger = ledger_of(ONE, launches=1)
    add(ledger, ONE, 0, 1e-3, outcome="wrong")
    assert ledger._precision[ONE.case.key].medians == []


def test_quiet_cases_finish_and_loud_ones_go_on() -> None:
    ledger = ledger_of(ONE, OTHER)
    for launch in range(7):  # narrow at six launches and at seven
        add(ledger, ONE, launch, 1e-3)
        add(ledger, OTHER, launch, 1e-3 * (1 + launch))
    assert ledger.pending(7) == [OTHER]


def test_the_spread_of_the_other_cases_decides_when_one_is_finished() -> None:
    """Beside quiet cases a quiet one ends at six launches; beside loud ones its spread may be small by chance."""
    dice = np.random.default_rng(5)
    for spread, finished in ((0.002, True), (0.5, False)):
        items = [planned(size=size) for size in range(10, 30)]
        ledger = ledger_of(*items, ONE)
        for launch in range(6):
            for item in items:
                add(ledger, item, launch, 1e-3 * math.exp(dice.normal(0, spread)))
            add(ledger, ONE, launch, 1e-3 * (1 + 1e-3 * (launch % 2)))
        assert ledger.is_finished(ONE.case.key) is finished


def test_the_same_n_is_used_in_all_launches() -> None:
    ledger = ledger_of(ONE)
    add(ledger, ONE, 0, 1e-3, steps={"step": 17})
    add(ledger, ONE, 1, outcome="crashed")  # it died before it was calibrated
    assert ledger.steps == {ONE.case.key: {"step": 17}}


# --- going on with a run --------------------------------------------------------------------------------------------


def test_a_replayed_run_is_where_it_was() -> None:
    records = [
        CaseLaunch(item.case.key, n, steps={Series("step", "wall"): 3}, seconds={"blocks": 2.0})
        for n in (0, 1)
        for item in (ONE, OTHER)
    ]
    records.append(CaseLaunch(OTHER.case.key, 2, outcome="oom", seconds={"blocks": 2.0}))
    blocks = [block(item, n, 1e-3 * (1 + n)) for n in (0, 1) for item in (ONE, OTHER)]
    lived, replayed = ledger_of(ONE, OTHER), ledger_of(ONE, OTHER)
    for record in records:
        lived.add(record, [each for each in blocks if (each.key, each.launch) == (record.key, record.launch)])
    replayed.replay(iter(records), iter(blocks))
    assert replayed.pending(2) == lived.pending(2) == [ONE]
    assert (replayed.steps, replayed.outcomes, replayed.left_s()) == (lived.steps, lived.outcomes, lived.left_s())
    assert replayed._precision[ONE.case.key].medians == lived._precision[ONE.case.key].medians == [1e-3, 2e-3]


# --- what is left ---------------------------------------------------------------------------------------------------


def test_before_anything_was_seen_the_time_left_is_guessed() -> None:
    assert ledger_of(ONE, COMPILED, launches=3).left_s() == pytest.approx(3 * GUESS_S + 3 * GUESS_COMPILED_S)


def test_the_time_left_is_what_launches_cost_so_far() -> None:
    ledger = ledger_of(ONE, launches=5)
    for launch, cost in enumerate([1.0, 9.0, 2.0]):
        add(ledger, ONE, launch, 1e-3, seconds={"prepare": cost / 2, "blocks": cost / 2})
    assert ledger.left_s() == pytest.approx(2 * 2.0)


def test_a_case_not_yet_seen_costs_what_most_of_its_like_cost() -> None:
    ledger = ledger_of(ONE, OTHER, COMPILED, launches=4)
    for launch in range(4):
        add(ledger, ONE, launch, 1e-3, seconds={"blocks": 4.0})
    assert ledger.left_s() == pytest.approx(4 * 4.0 + 4 * GUESS_COMPILED_S)


def test_the_first_case_to_end_does_not_speak_for_all() -> None:
    ledger = ledger_of(ONE, OTHER, launches=1)
    add(ledger, ONE, 0, 1e-3, seconds={"blocks": 400.0})
    assert ledger.left_s() == pytest.approx(GUESS_S)


def test_when_all_is_finished_no_time_is_left() -> None:
    ledger = ledger_of(ONE, launches=1)
    add(ledger, ONE, 0, 1e-3)
    assert ledger.left_s() == 0.0


# --- the datum of a launch ------------------------------------------------------------------------------------------


def test_the_datum_is_the_median_per_step() -> None:
    blocks = [block(seconds=seconds, steps=10) for seconds in (0.1, 0.9, 0.2)]
    assert launch_median_s(blocks) == pytest.approx(0.02)


def test_first_blocks_and_other_phases_are_left_out_of_the_datum() -> None:
    blocks = [block(seconds=9.0, kept=False), block(seconds=9.0, phase="to_host"), block(seconds=0.1)]
    assert launch_median_s(blocks) == pytest.approx(0.1)


def test_the_clock_that_comes_first_is_the_one_that_decides() -> None:
    blocks = [block(seconds=0.3), *(block(seconds=seconds, clock="device") for seconds in (0.1, 0.1, 0.1))]
    assert launch_median_s(blocks) == pytest.approx(0.3)


def test_without_kept_blocks_there_is_no_datum() -> None:
    assert launch_median_s([]) is None
    assert launch_median_s([block(kept=False), block(phase="to_host")]) is None


def test_the_share_counts_launches_so_that_it_grows_before_any_case_is_finished() -> None:
    ledger = ledger_of(ONE, OTHER, launches=2)
    shares = [ledger.standing().share]
    for launch in range(2):
        for key in (ONE, OTHER):
            add(ledger, key, launch, 1e-3)
            shares.append(ledger.standing().share)
    assert shares == [0, 0.25, 0.5, 0.75, 1.0]


# --- what later launches know ---------------------------------------------------------------------------------------


def test_the_launch_that_looked_says_how_long_a_case_warms_up() -> None:
    ledger = ledger_of(ONE, OTHER, launches=3)
    add(ledger, ONE, 0, 1e-3, settled_calls=50, settled_ns=7_000)
    add(ledger, ONE, 1, 1e-3)
    assert ledger.settled == {ONE.case.key: (50, 7_000)}


def test_launches_are_sure_as_far_as_a_case_needs_them() -> None:
    ledger = ledger_of(ONE, OTHER, launches=4)
    add(ledger, ONE, 0, 1e-3)
    assert ledger.sure_launches([ONE.case.key]) == 3
    assert ledger.sure_launches([ONE.case.key, OTHER.case.key]) == 4
    assert ledger.sure_launches([]) == 0


# --- what a launch will take ----------------------------------------------------------------------------------------

ANOTHER, AHEAD = planned(size=2, mode="compile"), planned(size=1, mode="aoti")


def test_a_case_that_was_seen_costs_what_it_took() -> None:
    ledger = ledger_of(ONE, COMPILED)
    for launch, seconds in enumerate((17.0, 3.0, 4.0)):
        add(ledger, COMPILED, launch, 1e-3, seconds={"first_call": seconds})
    assert ledger.cost_s(COMPILED.case.key) == 4.0


def test_a_case_that_was_not_seen_is_tried_unless_it_compiles() -> None:
    ledger = ledger_of(ONE, COMPILED, AHEAD)
    assert ledger.cost_s(ONE.case.key) == 0
    assert ledger.cost_s(COMPILED.case.key) == FIRST_COMPILE_S == run_duration.COLD_COMPILE_S
    assert ledger.cost_s(AHEAD.case.key) == FIRST_AOTI_S == run_duration.COLD_AOTI_S


def test_a_case_that_compiles_is_foreseen_by_the_first_launches_of_its_mode() -> None:
    ledger = ledger_of(ONE, COMPILED, ANOTHER, AHEAD)
    for launch, seconds in enumerate((8.0, 2.0)):
        add(ledger, COMPILED, launch, 1e-3, seconds={"first_call": seconds})
    assert ledger.cost_s(ANOTHER.case.key) == 8.0
    assert ledger.cost_s(AHEAD.case.key) == FIRST_AOTI_S


def test_where_all_cases_compile_the_first_is_tried_within_any_budget() -> None:
    ledger = ledger_of(COMPILED, ANOTHER)
    assert ledger.cost_s(COMPILED.case.key) == 0
    add(ledger, COMPILED, 0, 1e-3, seconds={"first_call": 9.0})
    assert ledger.cost_s(ANOTHER.case.key) == 9.0


def test_a_budget_that_a_first_compilation_would_break_does_not_begin_it() -> None:
    """The planted mistake: an unseen case costs nothing, and a run of 60 s ends after 84."""
    ledger, now = ledger_of(ONE, COMPILED), [0.0]
    purse = Budget(60.0, ledger.cost_s, lambda: now[0])
    assert purse.affords([ONE])
    add(ledger, ONE, 0, 1e-3, seconds={"blocks": 1.0})
    now[0] = 30.0
    assert purse.affords([COMPILED])
    now[0] = 50.0
    assert not purse.affords([COMPILED])
    assert purse.affords([ONE])
