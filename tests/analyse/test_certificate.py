"""The certificate, line by line, on pairs and blocks whose truth is known."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from bench.analyse import certificate
from bench.analyse.certificate import HELD, NOT_HELD, SKIPPED, UNDECIDED
from bench.records import BESIDE_TIMER, BY_TIMER
from bench.stats.coverage import Coverage

from .conftest import MadeUpRun

KEY = "certification/injected[device=cpu]"


def told(ratio: float = 1.0, key: str = KEY) -> list[dict[str, Any]]:
    return [{"key": key, "ratio": ratio}]


def logs(centre: float, sd: float, n: int = 8, seed: int = 0) -> dict[str, list[float]]:
    return {KEY: np.random.default_rng(seed).normal(math.log(centre), sd, n).tolist()}


def one(lines):
    (line,) = lines
    return line


def test_an_injected_slow_down_inside_the_interval_is_held():
    line = one(certificate.recovered(told(1.05), logs(1.05, 0.005)))
    assert (line.verdict, line.source, line.count) == (HELD, "live", 8)
    assert line.estimate.low <= 1.05 <= line.estimate.high


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
    assert one(certificate.false_alarms(told(), {}, 0)).verdict == SKIPPED


def test_unchanged_code_alarms_as_often_as_the_coins_say():
    """Six pairs of order statistics alarm where all six have one sign: 2 of 64 tosses."""
    live, replayed = certificate.false_alarms(told(), logs(1.0, 0.01, n=6), 0)
    assert live.count == 1
    assert replayed.estimate.value == pytest.approx(2 / 64, abs=0.005)
    assert replayed.verdict == HELD


def test_a_harness_that_favours_a_side_is_caught_live_and_not_by_tossing_again():
    many = {f"a/b[place={place}]": [0.04 + 0.001 * n for n in range(6)] for place in range(8)}
    live, replayed = certificate.false_alarms([item for key in many for item in told(key=key)], many, 0)
    assert live.verdict == NOT_HELD
    assert replayed.verdict == HELD


@pytest.mark.parametrize(("covered", "verdict"), [(9500, HELD), (9000, NOT_HELD), (9310, UNDECIDED)])
def test_coverage_is_held_where_its_bound_is_above_what_must_be(covered, verdict):
    from bench.stats.coverage import exact_bounds

    seen = Coverage("lognormal", covered, 10_000, *exact_bounds(covered, 10_000), 12.0)
    line = certificate.covered(seen)
    assert (line.verdict, line.source) == (verdict, "simulated")


def test_the_smallest_effect_is_that_of_a_power_calculation(run):
    """The power of a t test at that effect, from the noncentral t of scipy, is near the 80 % it is meant to have."""
    values = [0.02 * (-1) ** n * math.sqrt(5 / 6) for n in range(6)]

    run.pair(KEY, 0, [500_000_000], [500_000_000])  # a block is run twice: 2 s for the two of them
    line = one(certificate.smallest_effects(told(), {KEY: values}, run.data()))
    assert line.facts["sd"] == pytest.approx(0.02)
    shift = math.log1p(line.facts["effect"]) / (0.02 / math.sqrt(6))
    bar = stats.t.ppf(0.975, 5)
    power = stats.nct.sf(bar, 5, shift) + stats.nct.cdf(-bar, 5, shift)
    assert power == pytest.approx(0.8, abs=0.03)
    assert line.facts["seconds"] == pytest.approx(2.0)


def waits(run: MadeUpRun, slope: float, besides_s: float) -> list[dict[str, Any]]:
    found = []
    for micros in (10, 100, 1000):
        case = run.plan("certification/spin", micros=micros)
        found.append({"key": case.key, "micros": micros})
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
    assert line.count == 12


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


def test_another_timer_that_disagrees_is_noticed(run):
    case = run.plan("a/b")
    for pair in range(6):
        for side in ("base", "head"):
            run.launch(case, pair, side=side, process=f"{side} {pair}")
            run.blocks(case, pair, [1.1e-6], phase=BESIDE_TIMER, side=side)
            run.blocks(case, pair, [1.0e-6], phase=BY_TIMER, side=side)
    line = one(certificate.agreement(told(key=case.key), run.data()))
    assert (line.verdict, line.count) == (NOT_HELD, 6)
    assert line.estimate.value == pytest.approx(1.1)


def test_a_case_that_the_other_timer_cannot_time_has_no_line(run):
    case = run.plan("a/b")
    assert list(certificate.agreement(told(key=case.key), run.data())) == []
