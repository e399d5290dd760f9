"""The certificate, line by line, on pairs and blocks whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from bench.analyse import certificate
from bench.analyse.certificate import (
    HELD,
    NOT_HELD,
    SKIPPED,
    TOLD,
    UNDECIDED,
    error_rates,
    ratio_accuracy,
)
from bench.analyse.certificate.recorded import RecordedComparison, comparisons
from bench.plan.certificate_cases import LINEARITY, MEAN, QUICK, SAME, Comparison, about
from bench.records import Case, ComparedCase, Planned
from bench.series import BESIDE, BY, RIVALS, RIVALS_ON_GPU
from bench.stats import intervals
from bench.stats.coverage_simulation import Coverage

from .conftest import MadeUpRun

KEY = "certification/injected[device=cpu]"


def told(ratio: float = 1.0, key: str = KEY) -> list[RecordedComparison]:
    return [RecordedComparison("made up", key, ratio)]


def logs(centre: float, sd: float, n: int = 8, seed: int = 0) -> dict[str, list[float]]:
    return {KEY: np.random.default_rng(seed).normal(math.log(centre), sd, n).tolist()}


def one(lines):
    (line,) = lines
    return line


def test_an_injected_slow_down_inside_an_interval_that_leaves_out_1_is_held():
    line = one(certificate.recovered(told(1.05), logs(1.05, 0.005)))
    assert (line.verdict, line.source, line.count) == (HELD, "live", 8)
    assert line.estimate.low <= 1.05 <= line.estimate.high


def test_an_interval_that_would_hold_anything_decides_nothing():
    line = one(certificate.recovered(told(1.05), {KEY: [-0.3, 0.4]}))
    assert line.verdict == UNDECIDED


def test_many_injected_slow_downs_are_held_to_one_confidence_together():
    many = {f"a/b[place={place}]": logs(1.05, 0.01)[KEY] for place in range(15)}
    alone = one(certificate.recovered(told(1.05), logs(1.05, 0.01)))
    together = next(certificate.recovered([item for key in many for item in told(1.05, key)], many))
    assert together.estimate.high - together.estimate.low > alone.estimate.high - alone.estimate.low


def test_an_injected_slow_down_that_is_damped_is_not_held():
    assert one(certificate.recovered(told(1.10), logs(1.07, 0.005))).verdict == NOT_HELD


@pytest.mark.parametrize(
    ("centre", "sd", "verdict"), [(2.0, 0.001, HELD), (2.2, 0.001, NOT_HELD), (2.0, 0.2, UNDECIDED)]
)
def test_twice_the_work_takes_twice_as_long_or_not(centre, sd, verdict):
    assert one(certificate.additivity(told(2.0), logs(centre, sd))).verdict == verdict


def test_without_pairs_a_line_is_skipped():
    for lines in (certificate.recovered(told(), {}), certificate.additivity(told(), {KEY: [0.0]})):
        assert one(lines).verdict == SKIPPED
    assert one(certificate.false_alarms(told(), {})).verdict == SKIPPED


@pytest.mark.parametrize(("n", "rate"), [(6, 2 / 64), (8, 2 / 256), (9, 20 / 512)])
def test_from_six_pairs_on_the_rate_is_that_of_the_coins_whatever_the_pairs_say(n, rate):
    """One minus the coverage of order statistics: all signs alike, or from nine pairs on all but one."""
    live, exact = certificate.false_alarms(told(), logs(1.0, 0.01, n=n))
    assert live.count == 1
    assert exact.source == "exact"
    assert exact.estimate.value == pytest.approx(rate)
    assert exact.verdict == HELD


def test_the_rate_of_the_coins_is_what_tossing_them_gives():
    sample = np.asarray(logs(1.0, 0.01, n=6)[KEY])
    dice = np.random.default_rng(0)
    tossed = [error_rates._alarm((sample * dice.choice((-1.0, 1.0), 6)).tolist()) for _ in range(4000)]
    assert np.mean(tossed) == pytest.approx(error_rates._by_coins(sample.tolist()), abs=0.012)


def test_fewer_pairs_are_tossed_in_every_way_and_only_told():
    _, replayed = certificate.false_alarms(told(), {KEY: [0.05, 0.05, 0.0501]})
    assert (replayed.source, replayed.verdict) == ("replayed", TOLD)
    assert replayed.estimate.value == 0.25  # where all three signs are alike


def test_a_few_comparisons_without_an_alarm_are_told_and_decide_nothing():
    live, _ = certificate.false_alarms(told(), logs(1.0, 0.01))
    assert live.verdict == TOLD


def test_a_harness_that_favours_a_side_is_caught_live_and_not_by_its_coins():
    many = {f"a/b[place={place}]": [0.04 + 0.001 * n for n in range(6)] for place in range(8)}
    live, exact = certificate.false_alarms([item for key in many for item in told(key=key)], many)
    assert live.verdict == NOT_HELD
    assert exact.verdict == HELD


@pytest.mark.parametrize(("covered", "verdict"), [(9500, HELD), (9000, NOT_HELD), (9310, UNDECIDED)])
def test_coverage_is_held_where_its_bound_is_above_what_must_be(covered, verdict):
    from bench.stats.coverage_simulation import exact_bounds

    seen = Coverage("lognormal", covered, 10_000, *exact_bounds(covered, 10_000), 12.0)
    line = certificate.covered(seen)
    assert (line.verdict, line.source) == (verdict, "simulated")


@pytest.mark.parametrize(("covered", "verdict"), [(9500, HELD), (9200, NOT_HELD), (9420, UNDECIDED)])
def test_moderated_intervals_of_all_numbers_of_launches_count_together(covered, verdict):
    parts = [Coverage("lognormal", covered // 2, 5_000, 0.0, 1.0, launches, 50) for launches in (2.0, 4.76)]
    line = certificate.moderated("lognormal, 2 to 5 launches", parts)
    assert (line.verdict, line.source, line.count) == (verdict, "simulated", 10_000)
    assert line.estimate.value == covered / 10_000
    assert f"{covered / 10_000:.1%} after 2, {covered / 10_000:.1%} after 4.76 launches" in line.said
    assert "1.0% are not known" in line.said


@pytest.mark.parametrize("n", [6, 8, 30])
def test_the_smallest_effect_is_found_four_times_in_five_by_the_interval_that_decides(n):
    dice = np.random.default_rng(n)
    shifted = dice.normal(ratio_accuracy.least_shift(n), 1.0, (4000, n))
    found = [intervals.median(np.exp(row).tolist(), of="pairs").low > 1 for row in shifted]
    assert np.mean(found) == pytest.approx(0.8, abs=0.025)


def test_with_fewer_pairs_it_is_that_of_students_t():
    """The noncentral t of scipy gives the power that is aimed at, nearly."""
    shift, n = ratio_accuracy.least_shift(5), 5
    bar = stats.t.ppf(0.975, n - 1)
    assert stats.nct.sf(bar, n - 1, shift * math.sqrt(n)) == pytest.approx(0.8, abs=0.05)


def test_the_smallest_effect_is_told_with_the_spread_it_comes_from(run):
    values = [0.02 * (-1) ** n * math.sqrt(5 / 6) for n in range(6)]
    run.pair(KEY, 0, [5_000_000], [5_000_000])  # a block is run twice: 20 ms for the two of them
    line = one(certificate.smallest_effects(told(), {KEY: values}, run.data()))
    assert line.facts["sd"] == pytest.approx(0.02)
    assert line.facts["effect"] == pytest.approx(math.expm1(ratio_accuracy.least_shift(6) * 0.02))
    assert line.facts["seconds"] == pytest.approx(0.02)
    assert (line.verdict, line.bound) == (TOLD, "")


def waits(run: MadeUpRun, slope: float, besides_s: float) -> list[RecordedComparison]:
    found = []
    for micros in (10, 100, 1000):
        case = run.plan("certification/spin", micros=micros)
        found.append(RecordedComparison("linearity", case.key, micros=micros))
        for pair in range(6):
            for side in ("base", "head"):
                run.launch(case, pair, side=side, process=f"{side} {pair}")
                run.blocks(case, pair, [slope * micros * 1e-6 + besides_s] * 3, side=side)
    return found


@pytest.mark.parametrize(("slope", "verdict"), [(1.0, HELD), (1.03, NOT_HELD)])
def test_the_slope_of_linearity_is_found_whatever_comes_besides(run, slope, verdict):
    asked = waits(run, slope, 1e-7)
    line = one(certificate.linearity(run.data(), asked))
    assert line.verdict == verdict
    assert line.estimate.value == pytest.approx(slope, rel=1e-3)
    assert "100 ns besides" in line.said
    assert line.count == 6


def test_waits_that_lost_their_core_are_no_part_of_linearity(run):
    asked = waits(run, 1.0, 1e-7)
    for item in asked:
        for pair in range(6):
            run.blocks(Case.from_key(item.key), pair, [9e-3] * 9, side="base", preempted=1)
    assert one(certificate.linearity(run.data(), asked)).verdict == HELD


def test_lockstep_over_solo_is_of_the_same_process(run):
    case = run.plan("a/b")
    dice = np.random.default_rng(1)
    for pair in range(6):
        level = 1000 * math.exp(dice.normal(0, 0.1))  # what differs between processes must not matter
        run.pair(case.key, pair, [round(1.2 * level)] * 5, [round(1.2 * level)] * 5)
        for side in ("base", "head"):
            run.launch(case, pair, side=side, process=f"{side} {pair}")
            run.blocks(case, pair, [level * 1e-9] * 3, side=side)
    line = one(certificate.alone(told(key=case.key), run.data()))
    assert line.verdict == NOT_HELD
    assert line.estimate.value == pytest.approx(1.2, rel=2e-3)


def test_the_verdict_is_the_worst_of_the_lines():
    held = certificate.covered(Coverage("a", 99, 100, 0.95, 1.0, 6.0))
    undecided = certificate.covered(Coverage("a", 93, 100, 0.8, 1.0, 6.0))
    bad = certificate.covered(Coverage("a", 10, 100, 0.0, 0.2, 6.0))
    assert certificate.verdict([held]) == HELD
    assert certificate.verdict([held, undecided]) == UNDECIDED
    assert certificate.verdict([held, bad, undecided]) == NOT_HELD


def test_what_was_not_measured_is_not_held():
    assert certificate.verdict(list(certificate.recovered(told(), {}))) == UNDECIDED


@pytest.mark.parametrize("rival", RIVALS)
def test_another_timer_that_disagrees_is_noticed(run, rival):
    case = run.plan("a/b", device="cuda" if rival in RIVALS_ON_GPU else "cpu")
    for pair in range(6):
        for side in ("base", "head"):
            run.launch(case, pair, side=side, process=f"{side} {pair}")
            run.blocks(case, pair, [1.1e-6], phase=BESIDE + rival, side=side)
            run.blocks(case, pair, [1.0e-6], phase=BY + rival, side=side)
    (line,) = [line for line in certificate.agreement(told(key=case.key), run.data()) if line.verdict != SKIPPED]
    assert (line.verdict, line.count) == (NOT_HELD, 6)
    assert line.said.startswith(f"ours ÷ {rival} 1.1")
    assert line.estimate.value == pytest.approx(1.1)


def test_blocks_that_other_programs_lengthened_do_not_hide_that_timers_agree(run):
    case, dice = run.plan("a/b", device="cpu"), np.random.default_rng(2)
    for pair in range(9):
        for phase in (BESIDE, BY):
            lengthened = [1e-6 * factor for factor in (1.0, *dice.uniform(1, 3, 8))]
            run.blocks(case, pair, lengthened, phase=phase + "pyperf", side="base")
    line = one(line for line in certificate.agreement(told(key=case.key), run.data()) if line.verdict != SKIPPED)
    assert line.verdict == HELD
    assert "of the fastest blocks; of all blocks ours ÷ pyperf" in line.said


def test_a_timer_that_is_not_installed_is_named_and_leaves_the_verdict_alone(run):
    case = run.plan("a/b")
    lines = list(certificate.agreement(told(key=case.key), run.data()))
    assert [line.about for line in lines] == ["torch Timer", "pytest-benchmark", "pyperf"]
    assert {line.verdict for line in lines} == {SKIPPED}
    assert certificate.verdict(lines) == HELD


def test_a_case_that_no_other_timer_can_time_has_no_line(run):
    timed, reset = run.plan("a/b"), run.plan("a/c")
    for pair in range(2):
        run.blocks(timed, pair, [1e-6], phase=BESIDE + "pyperf", side="base")
        run.blocks(timed, pair, [1e-6], phase=BY + "pyperf", side="base")
    lines = certificate.agreement([*told(key=timed.key), *told(key=reset.key)], run.data())
    assert [line.about for line in lines if line.verdict != SKIPPED] == [timed.key]


@pytest.mark.parametrize(("mhz", "verdict"), [(1000, HELD), (1100, NOT_HELD), (None, SKIPPED)])
def test_a_gpus_waits_are_held_against_the_rate_of_its_clock(run, mhz, verdict):
    cycles = (10_000, 100_000, 1_000_000)
    waits = [(run.plan("certification/sleep", device="cuda", cycles=each), each) for each in cycles]
    for pair in range(3):
        for case, each in waits:
            run.launch(case, pair, side="base", condition={"mhz_low": mhz, "mhz_high": mhz} if mhz else {})
            run.blocks(case, pair, [1e-6 + each / 1e9] * 3, clock="device", side="base")
            run.blocks(case, pair, [5e-3] * 3, clock="wall", side="base")
    told = [RecordedComparison("linearity", case.key, cycles=each) for case, each in waits]
    line = one(certificate.linearity(run.data(), told))
    assert line.verdict == verdict
    assert "1,000,000 cycles" in line.about


def test_the_comparisons_of_a_run_are_those_that_the_plan_wrote(run):
    """An older run has no cycles."""
    case, data = run.plan("a/b"), run.data()
    data.run |= about(QUICK, [Comparison(SAME, ComparedCase(*[Planned(case, "")] * 2), 6)])
    data.run["certificate"]["comparisons"].append({"purpose": "linearity", "key": "a/c", "ratio": 1.0, "micros": 10})
    assert comparisons(data, SAME) == [RecordedComparison("same", case.key)]
    assert comparisons(data, LINEARITY) == [RecordedComparison("linearity", "a/c", 1.0, 10, None)]


def test_a_periodic_wait_is_recorded_with_what_its_mean_follows_from(run):
    case, data = run.plan("a/b", every=7, times=10, micros=2000), run.data()
    data.run |= about(QUICK, [Comparison(MEAN, ComparedCase(*[Planned(case, "")] * 2), 3)])
    assert comparisons(data, MEAN) == [RecordedComparison("mean", case.key, 1.0, 2000, None, 7, 10)]
