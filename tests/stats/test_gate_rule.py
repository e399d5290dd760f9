"""The rule of the gate: what is said of a case, and when another pair is worth its time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench.stats.coverage_simulation import exact_bounds
from bench.stats.gate_rule import COARSEST, FINEST, IMPROVED, NOT_RESOLVED, NOT_SLOWER, REGRESSED, Rule


def pairs(effect, spread=0.005, n=30, seed=0):
    return (math.log1p(effect) + np.random.default_rng(seed).normal(0, spread, n)).tolist()


RULE = Rule(cases=10)


@pytest.mark.parametrize(
    ("effect", "verdict"),
    [(0.10, REGRESSED), (0.05, REGRESSED), (0.0, NOT_SLOWER), (-0.05, IMPROVED), (0.035, NOT_RESOLVED)],
)
def test_what_is_said_of_an_effect(effect, verdict):
    spread = 0.02 if verdict == NOT_RESOLVED else 0.005
    assert RULE.verdict(pairs(effect, spread, n=12 if verdict == NOT_RESOLVED else 30)) == verdict


def test_regressed_outranks_not_slower():
    """Three percent are more than the slack, and less than the limit: both are true, and the first is said."""
    x = pairs(0.035, 0.001, n=60)
    assert RULE.shown(x, REGRESSED)
    assert RULE.shown(x, NOT_SLOWER)
    assert RULE.verdict(x) == REGRESSED


def test_more_cases_need_more_evidence_each():
    """The planted mistake: alpha not divided among the cases."""
    x = pairs(0.05, n=11)
    assert Rule(cases=1).verdict(x) == REGRESSED
    assert Rule(cases=100).verdict(x) == NOT_RESOLVED
    assert Rule(cases=10).needed(REGRESSED) == pytest.approx(math.log(1000))


def test_a_suite_of_ten_unchanged_cases_alarms_as_rarely_as_stated():
    from bench.stats import betting

    rule = Rule(cases=10, slack=0.0)
    logs = betting.above(np.random.default_rng(0).normal(0, 0.02, (3000, 10, 30)), 0.0)
    alarms = int((logs >= rule.needed(REGRESSED)).any(axis=(1, 2)).sum())
    assert exact_bounds(alarms, 3000)[0] <= rule.alpha


def test_evidence_that_once_sufficed_still_does():
    x = pairs(0.05, n=14)
    assert RULE.verdict(x) == REGRESSED
    assert RULE.verdict([*x, -0.3]) == REGRESSED


def test_nothing_is_said_without_pairs():
    assert RULE.verdict([]) == NOT_RESOLVED
    assert RULE.evidence([], REGRESSED) == 0.0
    assert RULE.smallest_seen([0.01]) is None


def test_a_case_wants_pairs_until_it_is_decided():
    x = pairs(0.05)
    wants = [RULE.wants_more(x[:n], 60) for n in range(len(x))]
    assert wants.index(False) == next(n for n in range(len(x)) if RULE.verdict(x[:n]) != NOT_RESOLVED)
    assert not RULE.wants_more([], 0)


def test_a_hopeless_case_is_given_up():
    """An effect between slack and limit, in much noise: no verdict is in reach of a few pairs more."""
    x = pairs(0.033, 0.03, n=12)
    assert not RULE.wants_more(x, 5)
    assert RULE.wants_more(x, 500)
    assert RULE.wants_more(x[:4], 5)


def test_what_is_not_slower_goes_on_where_it_may_be_found_improved():
    x = pairs(-0.035, 0.01, n=60)
    first = next(n for n in range(1, 60) if RULE.verdict(x[:n]) == NOT_SLOWER)
    assert RULE.wants_more(x[:first], 60)
    assert RULE.verdict(x) == IMPROVED
    unchanged = pairs(0.0, 0.01, n=30)
    first = next(n for n in range(1, 30) if RULE.verdict(unchanged[:n]) == NOT_SLOWER)
    assert not RULE.wants_more(unchanged[:first], 60)


def test_the_smallest_effect_seen_is_one_that_these_pairs_would_have_shown():
    x = pairs(0.0, 0.01, n=20)
    least = RULE.smallest_seen(x)
    moved = np.asarray(x) - np.median(x)
    assert RULE.shown((moved + math.log1p(least + 0.001)).tolist(), REGRESSED)
    assert not RULE.shown((moved + math.log1p(least - 0.002)).tolist(), REGRESSED)
    assert 0.02 < least < 0.06


def test_pairs_to_go_come_true():
    x = pairs(0.05, 0.02, n=60)
    foretold = RULE.to_go(x[:8], REGRESSED)
    needed = next(n for n in range(1, 61) if RULE.shown(x[:n], REGRESSED)) - 8
    assert 0.3 * needed <= foretold <= 3 * needed
    assert RULE.to_go(pairs(-0.1), REGRESSED) == math.inf


# --- medians and means ------------------------------------------------------------------------------------------------


def test_a_case_is_not_slower_only_where_its_mean_is_not():
    x = pairs(0.0, n=12)
    assert RULE.verdict(x) == NOT_SLOWER
    assert RULE.verdict(x, pairs(0.0, n=12, seed=1)) == NOT_SLOWER
    assert RULE.verdict(x, pairs(0.035, 0.02, n=12, seed=1)) == NOT_RESOLVED


def test_a_case_whose_mean_alone_is_slower_has_regressed():
    assert RULE.verdict(pairs(0.0, n=30), pairs(0.12, n=30, seed=1)) == REGRESSED
    assert RULE.verdict(pairs(0.12, n=30), pairs(0.0, n=30, seed=1)) == REGRESSED


def test_a_case_whose_median_is_faster_has_not_improved_where_its_mean_is_slower():
    x = pairs(-0.1, n=12)
    assert RULE.verdict(x, pairs(-0.1, n=12, seed=1)) == IMPROVED
    assert RULE.verdict(x, pairs(0.035, 0.02, n=12, seed=1)) == NOT_RESOLVED


def test_a_slow_down_of_all_steps_is_found_as_soon_as_by_the_median_alone():
    """Both bettors win: their common wealth grows as that of either."""
    for seed in range(20):
        x = pairs(0.05, n=30, seed=seed)
        alone = next(n for n in range(1, 31) if RULE.shown(x[:n], REGRESSED))
        both = next(n for n in range(1, 31) if RULE.shown(x[:n], REGRESSED, pairs(0.05, n=30, seed=100 + seed)[:n]))
        assert both <= alone + 1


def test_two_bettors_with_one_stake_alarm_as_rarely_as_one():
    """Symmetric noise about the slack, of median and mean together, heavy in its tails; 3 % stated to save time."""
    dice, rule = np.random.default_rng(0), Rule(cases=1, alpha=0.03)
    alarms = 0
    for _ in range(600):
        coins = dice.choice((-1.0, 1.0), 30)
        x = math.log1p(rule.slack) + coins * np.abs(dice.standard_t(2, 30)) * 0.01
        means = math.log1p(rule.slack) + coins * np.abs(dice.standard_t(2, 30)) * 0.02
        alarms += rule.shown(x.tolist(), REGRESSED, means.tolist())
    assert exact_bounds(alarms, 600)[0] <= 0.03


def test_no_verdict_comes_before_its_fewest_pairs():
    for verdict, effect in ((REGRESSED, 3.0), (NOT_SLOWER, -0.9), (IMPROVED, -0.9)):
        x, fewest = [math.log1p(effect)] * 40, RULE.fewest_pairs(verdict)
        first = next(n for n in range(1, 41) if RULE.shown(x[:n], verdict, x[:n]))
        assert fewest <= first <= fewest + 1
    assert Rule(cases=11).fewest_pairs(REGRESSED) == 11


def test_a_case_goes_on_until_its_mean_is_decided_too():
    x = pairs(0.0, n=12)
    assert not RULE.wants_more(x, 40)
    assert RULE.wants_more(x, 40, pairs(0.035, 0.02, n=12, seed=1))
    assert not RULE.wants_more(x, 40, pairs(0.0, n=12, seed=1))


def test_pairs_to_go_are_those_of_the_datum_that_decides():
    x, vague = pairs(0.0, n=4), pairs(0.0, n=4, spread=0.03, seed=2)
    assert RULE.to_go(x, NOT_SLOWER, means=vague) >= RULE.to_go(x, NOT_SLOWER, means=x)
    assert RULE.to_go(vague, REGRESSED, means=pairs(0.2, n=4)) < math.inf


@pytest.mark.parametrize(
    ("effect", "allowed"), [(0.0, 0.0195), (0.05, 0.0116), (0.035, FINEST), (0.3, COARSEST), (-0.05, 0.0126)]
)
def test_a_pair_is_as_coarse_as_the_nearest_verdict_is_far(effect, allowed):
    """5 % are 2.9 % above the slack, 0 is 4.9 % below the limit; faster than the slack may be found improved."""
    assert Rule(cases=10).error_allowed([math.log1p(effect)] * 5) == pytest.approx(allowed, abs=2e-4)


@pytest.mark.parametrize(("effect", "most"), [(0.02, 0.01), (0.05, 0.05)])
def test_coarse_pairs_are_wrong_as_rarely_as_stated(effect, most):
    """Effects at the bounds themselves, layouts 1 % apart, and data as coarse as the rule allows."""
    rule, dice, wrong, suites = Rule(cases=1), np.random.default_rng(5), 0, 400
    verdict = REGRESSED if effect == rule.slack else NOT_SLOWER
    for _ in range(suites):
        x: list[float] = []
        while len(x) < 40 and rule.wants_more(x, 40 - len(x)):
            error = math.hypot(0.01, rule.error_allowed(x))
            x.append(math.log1p(effect) + error * dice.standard_normal())
        wrong += rule.verdict(x) == verdict
    assert exact_bounds(wrong, suites)[0] <= most


def test_coarse_pairs_cost_half_the_couples_and_few_pairs_more():
    """Couples 10 % apart, layouts 1 %: what ten unchanged cases take until all are called not slower."""
    rule, dice = Rule(cases=10), np.random.default_rng(7)

    def spent(error_allowed) -> tuple[int, float]:
        pairs, couples = 0, 0.0
        for _ in range(100):
            x: list[float] = []
            while rule.wants_more(x, 40 - len(x)):
                error = error_allowed(x)
                x.append(math.hypot(0.01, error) * dice.standard_normal())
                couples += max(16.0, math.pi / 2 * (0.1 / error) ** 2)
            assert rule.verdict(x) == NOT_SLOWER
            pairs += len(x)
        return pairs, couples

    (fine_pairs, fine), (coarse_pairs, coarse) = spent(lambda x: FINEST), spent(rule.error_allowed)
    assert coarse < 0.5 * fine
    assert coarse_pairs < 1.1 * fine_pairs
