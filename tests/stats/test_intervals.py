"""Intervals, against scipy, by simulation with fixed seeds, and by properties."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bench.stats import intervals
from bench.stats.coverage_simulation import FAMILIES
from bench.stats.moderation import Prior, priors

TIMES = st.floats(min_value=1e-9, max_value=1e4)
ALIKE = st.floats(min_value=1e-3, max_value=1e2)
"""Times of one case, which differ by no more than a factor of a hundred thousand."""

PRIORS = st.none() | st.builds(
    Prior,
    variance=st.floats(min_value=1e-6, max_value=1.0),
    degrees=st.floats(min_value=0.5, max_value=100.0),
    cases=st.integers(min_value=5, max_value=61),
    normal=st.booleans(),
)
SPREAD = 0.035
"""Spread of lognormal launches, as seen between processes on a shared machine."""

TRIALS = 4000
BY_CHANCE = 1e-6
"""How often a simulation with another seed would fall outside its bounds though all is right."""


# --- the median -----------------------------------------------------------------------------------------------------


def test_a_single_launch_has_no_interval() -> None:
    found = intervals.median([0.25])
    assert (found.value, found.low, found.high, found.n) == (0.25, None, None, 1)
    assert "no interval" in found.method


def test_without_launches_there_is_no_median() -> None:
    with pytest.raises(ValueError, match="no median"):
        intervals.median([])


@given(st.lists(TIMES, min_size=1, max_size=25))
def test_the_value_is_numpys_median(values: list[float]) -> None:
    assert intervals.median(values).value == pytest.approx(np.median(values), rel=1e-12)


@given(st.lists(ALIKE, min_size=2, max_size=25), PRIORS)
def test_the_median_lies_in_its_interval(values: list[float], prior: Prior | None) -> None:
    found = intervals.median(values, prior=prior, of="values")
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.value <= found.high


@given(st.lists(ALIKE, min_size=2, max_size=25), PRIORS, st.randoms(use_true_random=False))
def test_the_order_of_launches_makes_no_difference(values: list[float], prior: Prior | None, dice: object) -> None:
    shuffled = list(values)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = (intervals.median(each, prior=prior, of="values") for each in (values, shuffled))
    assert other.value == one.value
    assert other.low == pytest.approx(one.low, rel=1e-9)


@given(st.lists(ALIKE, min_size=2, max_size=25), PRIORS, st.sampled_from([2.0**-20, 0.5, 8.0]))
def test_the_interval_is_in_the_unit_of_the_times(values: list[float], prior: Prior | None, unit: float) -> None:
    scaled_values = [unit * value for value in values]
    found, scaled = (intervals.median(each, prior=prior, of="values") for each in (values, scaled_values))
    assert scaled.low == pytest.approx(unit * found.low, rel=1e-9)  # type: ignore[operator]  # two launches and more
    assert scaled.high == pytest.approx(unit * found.high, rel=1e-9)  # type: ignore[operator]


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_a_few_launches_have_scipys_t_interval_on_logs(n: int) -> None:
    values = np.random.default_rng(n).lognormal(0, SPREAD, n)
    logs = np.log(values)
    low, high = stats.t.interval(0.95, n - 1, loc=logs.mean(), scale=stats.sem(logs))
    found = intervals.median(values.tolist())
    assert (found.low, found.high) == pytest.approx((math.exp(low), math.exp(high)), rel=1e-9)
    assert "t on logs" in found.method


def test_six_launches_span_from_the_least_to_the_greatest() -> None:
    found = intervals.median([6.0, 3.1, 4.0, 5.0, 9.0, 3.0])
    assert (found.low, found.high) == (3.0, 9.0)
    assert "order statistics of 6 launches, 96.9 %" in found.method


def test_twenty_launches_leave_five_out_on_either_side() -> None:
    found = intervals.median([float(i) for i in range(1, 21)])
    assert (found.low, found.high) == (6.0, 15.0)
    assert "95.9 %" in found.method


@pytest.mark.parametrize("n", range(6, 61))
def test_the_rank_is_the_largest_that_covers_95_percent_by_scipys_binomial(n: int) -> None:
    coverage = [1 - 2 * stats.binom.cdf(rank - 1, n, 0.5) for rank in range(1, n // 2 + 1)]
    expected = sum(share >= 0.95 for share in coverage)
    rank, covered = intervals.median_rank(n)
    assert rank == expected
    assert covered == pytest.approx(coverage[expected - 1], abs=1e-12)


@pytest.mark.parametrize("n", [1, 5])
def test_too_few_values_have_no_interval_of_order_statistics(n: int) -> None:
    with pytest.raises(ValueError, match="too few"):
        intervals.median_rank(n)


# --- neighbours -----------------------------------------------------------------------------------------------------

NEIGHBOURS = Prior(variance=0.03**2, degrees=8.0, cases=61, normal=True)


@pytest.mark.parametrize("n", [2, 3, 5, 6, 12, 20])
def test_beside_normal_neighbours_it_is_students_t_with_the_posterior_variance(n: int) -> None:
    logs = stats.norm.ppf((np.arange(n) + 0.5) / n, scale=SPREAD)  # of a shape that nobody takes for humped
    variance = (8 * 0.03**2 + (n - 1) * logs.var(ddof=1)) / (8 + n - 1)
    low, high = stats.t.interval(0.95, 8 + n - 1, loc=logs.mean(), scale=math.sqrt(variance / n))
    found = intervals.median(np.exp(logs).tolist(), prior=NEIGHBOURS)
    assert (found.low, found.high) == pytest.approx((math.exp(low), math.exp(high)), rel=1e-9)
    assert found.method == f"moderated t on logs, {n} launches and the spread of 61 other cases, 95 %"


def test_beside_neighbours_that_are_not_normal_six_launches_have_order_statistics() -> None:
    humped = replace(NEIGHBOURS, normal=False)
    values = [1.0, 1.01, 1.02, 1.1, 1.11, 1.12]
    assert intervals.median(values, prior=humped) == intervals.median(values)


def test_beside_skewed_neighbours_eight_launches_have_order_statistics() -> None:
    skewed = replace(NEIGHBOURS, skewed=True)
    values = stats.norm.ppf((np.arange(8) + 0.5) / 8, loc=1, scale=SPREAD).tolist()
    assert intervals.median(values, prior=skewed) == intervals.median(values)
    assert intervals.median(values[:7], prior=skewed) == intervals.median(values[:7], prior=NEIGHBOURS)


@pytest.mark.parametrize("launches", [6, 10, 20])
def test_exponential_launches_are_covered(launches: int) -> None:
    dice = np.random.default_rng(launches)
    held = 0
    for _ in range(25):
        values = np.exp(0.03 * (dice.exponential(1, (40, launches)) - math.log(2))).tolist()
        lent = priors(dict(enumerate(values)))
        found = [intervals.median(own, prior=lent[key]) for key, own in enumerate(values)]
        held += sum(each.low <= 1 <= each.high for each in found)
    assert held >= stats.binom.ppf(1e-3, 1000, 0.94)


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_beside_neighbours_that_are_not_normal_few_launches_have_their_range_at_least(n: int) -> None:
    humped = replace(NEIGHBOURS, normal=False)
    values = np.random.default_rng(n).lognormal(0, SPREAD, n).tolist()
    wide, narrow = intervals.median(values, prior=humped), intervals.median(values, prior=NEIGHBOURS)
    assert wide.low <= min(narrow.low, *values)
    assert wide.high >= max(narrow.high, *values)
    assert wide.method.startswith("range and moderated t on logs")


def test_six_launches_that_look_humped_have_order_statistics_besides() -> None:
    """Order statistics can only widen it: what a case shows never narrows its own interval."""
    values = [1.0, 1.001, 1.002, 1.003, 1.004, 1.102]
    quiet = Prior(variance=0.01**2, degrees=30.0, cases=61, normal=True)
    found = intervals.median(values, prior=quiet)
    assert found.low < 1.0
    assert found.high == 1.102
    assert found.method.startswith("order statistics and moderated t on logs, 6 launches")


@pytest.mark.parametrize("launches", [6, 10, 20])
@pytest.mark.parametrize("family", ["two-humped, a fifth slow", "two-humped, nearly half slow"])
def test_a_humped_case_beside_normal_neighbours_is_covered(launches: int, family: str) -> None:
    dice = np.random.default_rng(launches)
    truth = np.median(FAMILIES[family](dice, 200_000))
    samples = FAMILIES[family](dice, 1500 * launches).reshape(1500, launches).tolist()
    held = [found.low <= truth <= found.high for found in (intervals.median(row, prior=NEIGHBOURS) for row in samples)]
    assert sum(held) >= stats.binom.ppf(1e-3, 1500, 0.94)


def test_a_case_unlike_its_neighbours_keeps_its_own_spread() -> None:
    wild = [1.0, 2.0, 3.0, 1.5, 2.5, 4.0]
    with_prior, alone = intervals.median(wild, prior=NEIGHBOURS, of="values"), student_t_of(wild)
    assert (with_prior.low, with_prior.high) == pytest.approx(alone, rel=1e-9)


def student_t_of(values: Sequence[float]) -> tuple[float, float]:
    logs = np.log(values)
    low, high = stats.t.interval(0.95, len(values) - 1, loc=logs.mean(), scale=stats.sem(logs))
    return math.exp(low), math.exp(high)


def test_equal_launches_still_have_the_spread_of_their_neighbours() -> None:
    found = intervals.median([1.0, 1.0, 1.0], prior=NEIGHBOURS)
    assert found.low < 0.98
    assert found.high > 1.02


# --- what is not known ----------------------------------------------------------------------------------------------


def test_an_interval_wider_than_a_factor_of_three_is_not_given() -> None:
    found = intervals.median([1.0, 1.5])
    assert (found.value, found.low, found.high) == (1.25, None, None)
    assert found.method.startswith("not known: the ends are a factor of ")
    assert "would help" in found.method
    assert intervals.half_width(found) == math.inf


@given(st.lists(TIMES, min_size=2, max_size=25), PRIORS)
def test_no_interval_of_launches_is_wider_than_that(values: list[float], prior: Prior | None) -> None:
    found = intervals.median(values, prior=prior)
    assert (found.low is None) == (found.high is None) == found.method.startswith("not known:")
    assert found.low is None or found.high <= 3 * found.low


@given(st.lists(st.floats(min_value=1e-300, max_value=1e300), min_size=2, max_size=5))
def test_no_end_is_zero_or_infinite(values: list[float]) -> None:
    found = intervals.median(values, of="pairs")
    assert 0 < found.low <= found.high < math.inf


def test_a_paired_ratio_may_be_not_known_too() -> None:
    found = intervals.paired_ratio([1.0, 3.0], [1.0, 2.0], by="launch")
    assert found.low is None
    assert found.method.startswith("not known:")
    assert found.method.endswith("(paired by launch)")


def test_an_unpaired_ratio_may_be_not_known() -> None:
    assert intervals.unpaired_ratio([1.0, 2.0], [1.0, 3.0]).method.startswith("not known:")


# --- percentiles ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("q", "fewest"), [(0.5, 6), (0.95, 72), (0.99, 368)])
def test_a_percentile_wants_values_on_both_sides(q: float, fewest: int) -> None:
    assert intervals.quantile([float(i) for i in range(fewest - 1)], q) is None
    found = intervals.quantile([float(i) for i in range(fewest)], q)
    assert found is not None
    assert found.low < found.value < found.high


@pytest.mark.parametrize("n", [72, 100, 400, 1000])
@pytest.mark.parametrize("q", [0.5, 0.95, 0.99])
def test_the_ranks_of_a_percentile_leave_half_an_error_on_either_side(n: int, q: float) -> None:
    ranks = intervals.quantile_ranks(n, q)
    if ranks is None:
        assert (1 - q) ** n > 0.025 or q**n > 0.025
        return
    below = stats.binom.cdf([ranks[0] - 1, ranks[0], ranks[1] - 2, ranks[1] - 1], n, q)
    assert below[0] <= 0.025 < below[1]
    assert below[2] < 0.975 <= below[3]


def test_the_interval_of_a_percentile_covers_it() -> None:
    dice, truth = np.random.default_rng(95), stats.lognorm.ppf(0.95, 1.0)
    samples = [intervals.quantile(dice.lognormal(0, 1, 200).tolist(), 0.95) for _ in range(2000)]
    assert sum(found.low <= truth <= found.high for found in samples) >= stats.binom.ppf(BY_CHANCE, 2000, 0.95)
    values = dice.lognormal(0, 1, 200)
    assert intervals.quantile(values.tolist(), 0.95).value == pytest.approx(np.quantile(values, 0.95))


Ends = Callable[[Sequence[float]], tuple[float, float]]


def covered(ends: Ends, n: int, seed: int) -> int:
    """In how many of `TRIALS` lognormal samples of `n` launches the interval holds the true median, 1."""
    samples = np.random.default_rng(seed).lognormal(0.0, SPREAD, (TRIALS, n)).tolist()
    return sum(low <= 1.0 <= high for low, high in map(ends, samples))


def of_median(values: Sequence[float]) -> tuple[float, float]:
    found = intervals.median(values)
    assert found.low is not None
    assert found.high is not None
    return found.low, found.high


def bounds(coverage: float) -> tuple[float, float]:
    """Counts between which a simulation of an interval with this coverage falls but for bad luck."""
    low, high = stats.binom.ppf([BY_CHANCE, 1 - BY_CHANCE], TRIALS, coverage)
    return float(low), float(high)


@pytest.mark.parametrize(("n", "rank"), [(6, 1), (9, 2), (20, 6)])
def test_order_statistics_cover_the_median_as_often_as_they_say(n: int, rank: int) -> None:
    low, high = bounds(1 - 2 * stats.binom.cdf(rank - 1, n, 0.5))
    assert low <= covered(of_median, n, seed=n) <= high


def test_t_on_logs_of_three_launches_covers_the_median_95_percent_of_the_time() -> None:
    low, high = bounds(0.95)
    assert low <= covered(of_median, 3, seed=3) <= high


@pytest.mark.parametrize(("n", "rank"), [(6, 2), (9, 3), (20, 7)])
def test_the_simulation_notices_a_rank_that_is_one_too_high(n: int, rank: int) -> None:
    def too_narrow(values: Sequence[float]) -> tuple[float, float]:
        ordered = sorted(values)
        return ordered[rank - 1], ordered[n - rank]

    assert covered(too_narrow, n, seed=n) < bounds(1 - 2 * stats.binom.cdf(rank - 2, n, 0.5))[0]


def test_the_simulation_notices_a_normal_quantile_in_place_of_students() -> None:
    def too_narrow(values: Sequence[float]) -> tuple[float, float]:
        logs = np.log(values)
        low, high = stats.norm.interval(0.95, loc=logs.mean(), scale=stats.sem(logs))
        return math.exp(low), math.exp(high)

    assert covered(too_narrow, 3, seed=3) < bounds(0.95)[0]


# --- ratios ---------------------------------------------------------------------------------------------------------


def drifting(launches: int, ratio: float, seed: int) -> tuple[list[float], list[float]]:
    """Two cases, the first `ratio` times as slow, on a machine whose speed wanders by a fifth from launch to launch."""
    dice = np.random.default_rng(seed)
    drift = np.exp(np.cumsum(dice.normal(0, 0.2, launches)))
    slow = ratio * drift * dice.lognormal(0, 0.005, launches)
    return slow.tolist(), (drift * dice.lognormal(0, 0.005, launches)).tolist()


@pytest.mark.parametrize("launches", [3, 6, 12])
@pytest.mark.parametrize("seed", range(3))
def test_a_paired_ratio_recovers_what_was_planted_under_strong_common_drift(launches: int, seed: int) -> None:
    found = intervals.paired_ratio(*drifting(launches, ratio=1.1, seed=seed), by="launch")
    assert found.value == pytest.approx(1.1, rel=0.015)
    assert intervals.half_width(found) < 0.03


@pytest.mark.parametrize("launches", [3, 6, 12])
@pytest.mark.parametrize("seed", range(3))
def test_the_same_data_unpaired_are_far_wider(launches: int, seed: int) -> None:
    slow, fast = drifting(launches, ratio=1.1, seed=seed)
    paired, unpaired = intervals.paired_ratio(slow, fast, by="launch"), intervals.unpaired_ratio(slow, fast)
    assert intervals.half_width(unpaired) > 5 * intervals.half_width(paired)


def test_a_paired_ratio_is_the_median_of_ratios_not_the_ratio_of_medians() -> None:
    found = intervals.paired_ratio([2.0, 30.0, 8.0], [1.0, 10.0, 2.0], by="launch")
    assert found.value == 3.0  # of 2, 3 and 4; the ratio of medians is 8 / 2


def test_a_paired_ratio_says_what_the_pairs_shared() -> None:
    assert intervals.paired_ratio([2.0, 2.0], [1.0, 1.0], by="round").method.startswith("paired by round:")


def test_a_single_pair_has_no_interval() -> None:
    found = intervals.paired_ratio([2.0], [1.0], by="launch")
    assert (found.value, found.low, found.high) == (2.0, None, None)


def test_pairs_of_unequal_number_are_refused() -> None:
    with pytest.raises(ValueError, match=r"shorter|longer"):
        intervals.paired_ratio([1.0, 2.0], [1.0], by="launch")


SAMPLES = st.tuples(
    st.integers(min_value=0, max_value=2**32 - 1),  # seed
    st.integers(min_value=2, max_value=12),
    st.integers(min_value=2, max_value=12),
    st.sampled_from([0.001, 0.03, 0.3]),  # spread of each side
    st.sampled_from([0.001, 0.03, 0.3]),
)


@given(SAMPLES)
def test_an_unpaired_ratio_is_scipys_welch(drawn: tuple[int, int, int, float, float]) -> None:
    seed, n_over, n_under, spread_over, spread_under = drawn
    dice = np.random.default_rng(seed)
    over, under = dice.lognormal(0.5, spread_over, n_over), dice.lognormal(0, spread_under, n_under)
    low, high = stats.ttest_ind(np.log(over), np.log(under), equal_var=False).confidence_interval(0.95)
    found = intervals.unpaired_ratio(over.tolist(), under.tolist(), of="processes")
    # The interval is one of means of logs; it is widened where the ratio of medians, which is printed, lies outside.
    assert found.low == pytest.approx(min(math.exp(low), found.value), rel=1e-8)
    assert found.high == pytest.approx(max(math.exp(high), found.value), rel=1e-8)


def test_neighbours_of_each_side_moderate_an_unpaired_ratio() -> None:
    over, under = [1.0, 1.01, 1.05], [2.0, 2.01, 2.03]
    found, alone = (
        intervals.unpaired_ratio(over, under, priors=(NEIGHBOURS, None)),
        intervals.unpaired_ratio(over, under),
    )
    assert found.high - found.low < alone.high - alone.low
    assert found.method == "unpaired: Welch's t on logs, 3 launches and the spread of other cases, 95 %"
    humped = replace(NEIGHBOURS, normal=False)
    assert intervals.unpaired_ratio(over, under, priors=(humped, humped)) == alone


def test_the_value_of_an_unpaired_ratio_is_the_ratio_of_medians() -> None:
    assert intervals.unpaired_ratio([1.0, 4.0, 100.0], [1.0, 2.0, 3.0, 50.0]).value == 4.0 / 2.5


@given(st.lists(TIMES, min_size=2, max_size=12), st.lists(TIMES, min_size=2, max_size=12))
def test_an_unpaired_ratio_lies_in_its_interval(over: list[float], under: list[float]) -> None:
    found = intervals.unpaired_ratio(over, under, of="processes")
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.value <= found.high


@pytest.mark.parametrize(("slow", "value"), [(40, 1.0), (60, 2.0)])
def test_a_ratio_of_medians_outside_the_interval_of_means_widens_it(slow: int, value: float) -> None:
    over, under = [2.0] * slow + [1.0] * (100 - slow), [1.0] * 100
    low, high = stats.ttest_ind(np.log(over), np.log(under), equal_var=False).confidence_interval(0.95)
    assert not math.exp(low) <= value <= math.exp(high)
    found = intervals.unpaired_ratio(over, under)
    assert found.value == value
    assert value in (found.low, found.high)


@pytest.mark.parametrize(("over", "under"), [([2.0], [1.0]), ([2.0, 2.1, 2.2], [1.0]), ([2.0], [1.0, 1.1])])
def test_an_unpaired_ratio_wants_two_launches_a_side(over: list[float], under: list[float]) -> None:
    found = intervals.unpaired_ratio(over, under)
    assert (found.low, found.high, found.n) == (None, None, 1)
    assert "no interval" in found.method


def test_two_cases_without_any_spread_have_an_exact_ratio() -> None:
    found = intervals.unpaired_ratio([3.0] * 6, [2.0] * 6)
    assert (found.value, found.low, found.high) == (1.5, 1.5, 1.5)


@given(st.lists(TIMES, min_size=2, max_size=12))
def test_identical_data_have_the_paired_ratio_one_exactly(values: list[float]) -> None:
    found = intervals.paired_ratio(values, values, by="launch")
    assert (found.value, found.low, found.high) == (1.0, 1.0, 1.0)


@given(st.lists(TIMES, min_size=2, max_size=12))
def test_identical_data_have_an_unpaired_ratio_around_one(values: list[float]) -> None:
    found = intervals.unpaired_ratio(values, values, of="processes")
    assert found.value == 1.0
    assert found.low is not None
    assert found.high is not None
    assert found.low * found.high == pytest.approx(1.0, rel=1e-9)  # symmetric on logs


# --- widths ---------------------------------------------------------------------------------------------------------


def test_half_a_width_is_a_share_of_the_value() -> None:
    assert intervals.half_width(intervals.Interval(2.0, 1.9, 2.3, 6, "")) == pytest.approx(0.1)


def test_no_interval_is_infinitely_wide() -> None:
    assert intervals.half_width(intervals.median([1.0])) == math.inf
