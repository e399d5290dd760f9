"""Evidence that an effect is above a bound: how often it errs, and how soon it sees."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench.stats import betting
from bench.stats.coverage_simulation import exact_bounds

ALPHA = 0.01
PAIRS = 30


def alarms(draw, bound=0.0, suites=20_000, alpha=ALPHA, seed=0):
    """How many of so many sequences of pairs ever show more than the bound."""
    dice = np.random.default_rng(seed)
    drawn = np.stack([draw(dice) for _ in range(suites)])
    return int((betting.above(drawn, bound) >= -math.log(alpha)).any(axis=-1).sum()), suites


def tossed(values):
    """The coin of each pair: which side the placement favours."""
    return lambda dice: values(dice) * dice.choice((-1.0, 1.0), PAIRS)


NULLS = {
    "normal": lambda dice: dice.normal(0, 0.02, PAIRS),
    "a 4 % placement": tossed(lambda dice: 0.04 + dice.normal(0, 0.002, PAIRS)),
    "heavy tails": lambda dice: 0.01 * dice.standard_t(1.5, PAIRS),
    "rare outliers": tossed(lambda dice: np.where(dice.random(PAIRS) < 0.1, 0.5, np.abs(dice.normal(0, 0.005, PAIRS)))),
    "noise that grows": lambda dice: dice.normal(0, np.linspace(0.001, 0.1, PAIRS)),
    "noise that shrinks": lambda dice: dice.normal(0, np.linspace(0.1, 0.001, PAIRS)),
    "all alike": tossed(lambda dice: np.full(PAIRS, 0.03)),
}


@pytest.mark.parametrize("family", NULLS)
def test_where_nothing_differs_alarms_are_as_rare_as_stated_at_every_look(family):
    seen, suites = alarms(NULLS[family])
    assert exact_bounds(seen, suites)[0] <= ALPHA


@pytest.mark.parametrize("effect", [0.0, 0.01, 0.02])
def test_an_effect_up_to_the_slack_is_no_regression(effect):
    bound = math.log1p(0.02)
    seen, suites = alarms(lambda dice: math.log1p(effect) + dice.normal(0, 0.02, PAIRS), bound)
    assert exact_bounds(seen, suites)[0] <= ALPHA


def test_a_spread_that_is_learned_from_the_pair_at_stake_would_alarm_too_often(monkeypatch):
    """The planted mistake: in place of the pairs before it, the pair itself. A quiet pair is then staked on as loud."""

    def in_sample(x):
        return np.maximum(1e-9, np.abs(x)) * np.where(x > 0, 0.2, 5.0)

    monkeypatch.setattr(betting, "spreads", in_sample)
    seen, suites = alarms(NULLS["normal"])
    assert exact_bounds(seen, suites)[0] > ALPHA


def test_no_spread_looks_at_its_own_pair_or_a_later_one():
    dice = np.random.default_rng(0)
    x = dice.normal(0, 0.02, 12)
    before = betting.spreads(x)
    for place in range(12):
        changed = x.copy()
        changed[place:] = 5.0
        assert betting.spreads(changed)[: place + 1].tolist() == before[: place + 1].tolist()


def test_looking_at_a_p_value_after_each_pair_would_alarm_too_often():
    """The planted mistake beside which ours is held: a t test at 1 %, looked at after each pair from the fifth on."""
    from scipy import stats

    dice = np.random.default_rng(0)
    peeked = 0
    for _ in range(400):
        x = dice.normal(0, 0.02, PAIRS)
        peeked += any(stats.ttest_1samp(x[:n], 0, alternative="greater").pvalue < ALPHA for n in range(5, PAIRS + 1))
    assert exact_bounds(peeked, 400)[0] > 2 * ALPHA


def test_without_the_coin_a_placement_is_taken_for_an_effect():
    """The planted mistake: base always first."""
    seen, suites = alarms(lambda dice: 0.04 + dice.normal(0, 0.002, PAIRS), suites=50)
    assert seen == suites


@pytest.mark.parametrize(("spread", "most"), [(0.005, 14), (0.01, 15), (0.02, 24)])
def test_five_percent_above_a_slack_of_two_are_seen_soon(spread, most):
    """Pairs until evidence of 1000 to one, as a suite of ten cases needs at 1 %; four in five of 2000."""
    dice, needed, bound = np.random.default_rng(0), math.log(1000), math.log1p(0.02)
    reached = betting.above(math.log1p(0.05) + dice.normal(0, spread, (2000, 60)), bound) >= needed
    when = np.where(reached.any(axis=-1), reached.argmax(axis=-1) + 1, 999)
    assert np.quantile(when, 0.8) <= most


def test_evidence_below_is_that_of_the_sides_exchanged():
    x = np.random.default_rng(0).normal(0.01, 0.02, 20).tolist()
    assert betting.below(x, 0.05).tolist() == betting.above([-value for value in x], -0.05).tolist()


def test_what_is_shown_of_a_bound_is_shown_of_any_lower_one():
    x = np.random.default_rng(0).normal(0.03, 0.02, 20).tolist()
    shown = [float(betting.above(x, bound)[-1]) for bound in np.linspace(-0.05, 0.05, 11)]
    assert shown == sorted(shown, reverse=True)


def test_the_confidence_sequence_holds_the_effect_at_every_look():
    dice, missed = np.random.default_rng(0), 0
    for _ in range(300):
        x = (0.03 + dice.normal(0, 0.02, 15)).tolist()
        looks = [betting.interval(x[:n], 0.95) for n in (6, 9, 12, 15)]
        missed += any(look is not None and not look[0] <= 0.03 <= look[1] for look in looks)
    assert exact_bounds(missed, 300)[0] <= 0.05


def test_a_sequence_of_too_few_pairs_has_no_end():
    assert betting.interval([0.01], 0.95) is None
    assert betting.interval([0.01] * 4, 0.95) is None
    assert betting.interval([0.01, 0.011, 0.009] * 4, 0.95) is not None


def test_pairs_that_agree_show_more_than_pairs_that_do_not():
    assert betting.rate([0.05, 0.051, 0.049], 0.02) > betting.rate([0.05, 0.1, 0.0], 0.02) > 0
    assert betting.rate([-0.05, -0.051], 0.0) < 0


def test_several_effects_are_pooled_as_one_bettor_would():
    one = [0.03, 0.02, 0.04, 0.03]
    alone = betting.pooled([one], 0.0)
    assert alone == pytest.approx(float(betting.above(one, 0.0)[-1]))
    assert betting.pooled([one, one], 0.0) > alone
    assert betting.pooled([one, [-x for x in one]], 0.0) < alone
    assert betting.pooled([], 0.0) == 0.0
