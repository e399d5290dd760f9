"""Spread between launches and within: against simulated launches whose components are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench.stats.variance_components import USUAL, Components, best_visits, components, expected, mean_squares


def simulated(between: float, within: float, launches: int, visits: int, seed: int) -> list[list[float]]:
    dice = np.random.default_rng(seed)
    levels = dice.normal(0, between, launches)
    return [list(level + dice.normal(0, within, visits)) for level in levels]


@pytest.mark.parametrize(("between", "within"), [(0.05, 0.01), (0.01, 0.05), (0.0, 0.03)])
def test_the_components_of_simulated_launches_are_found(between, within):
    found = components(simulated(between, within, 2000, 4, seed=0))
    # A variance of 2000 launches has a relative error of 3 %; the larger component leaks into the smaller.
    assert found.within == pytest.approx(within, rel=0.05)
    assert found.between == pytest.approx(between, abs=0.1 * max(between, within))


def test_they_are_the_mean_squares_of_a_textbook_table():
    """Snedecor & Cochran, Statistical Methods (1967), table 10.13.1: calcium in four turnip leaves of four samples.

    Mean squares 0.2961 between leaves and 0.0066 within; so the components are 0.0724 and 0.0066.
    """
    leaves = [
        [3.28, 3.09, 3.03, 3.03],
        [3.52, 3.48, 3.38, 3.38],
        [2.88, 2.80, 2.81, 2.76],
        [3.34, 3.38, 3.23, 3.26],
    ]
    found = components(leaves)
    assert found.within**2 == pytest.approx(0.0066, abs=5e-5)
    assert found.between**2 == pytest.approx(0.0724, abs=5e-5)


@pytest.mark.parametrize("launches", [[], [[1.0, 2.0]], [[1.0], [2.0], [3.0]]])
def test_too_few_launches_or_visits_have_none(launches):
    assert components(launches) is None


def test_differences_that_visits_explain_are_not_ascribed_to_processes():
    assert components([[0.0, 1.0], [1.0, 0.0]]).between == 0.0


def test_the_best_number_of_visits_gives_the_narrowest_interval_for_the_time():
    between, within, launch_s, visit_s = 0.02, 0.06, 5.0, 0.5
    best = best_visits(components_of(between, within), launch_s, visit_s)

    def variance_times_cost(visits: float) -> float:
        return (between**2 + within**2 / visits) * (launch_s + visits * visit_s)

    assert variance_times_cost(best) == pytest.approx(min(map(variance_times_cost, np.linspace(1, 40, 4000))), rel=1e-4)


def test_where_processes_do_not_differ_one_is_enough():
    assert best_visits(components_of(0.0, 0.05), 5.0, 0.5) == math.inf


def test_where_nothing_differs_one_visit_is_enough():
    assert best_visits(components_of(0.0, 0.0), 5.0, 0.5) == 1.0


def components_of(between: float, within: float):
    from bench.stats.variance_components import Components

    return Components(between, within)


def expected_of(own, others) -> Components:
    """By the visits of each launch of the case, and of the others."""
    return expected(mean_squares(own), map(mean_squares, others))


# --- before a case has launches enough ------------------------------------------------------------------------------


def test_before_anything_is_known_the_usual_components_are_assumed():
    assert expected_of([], []) == components_of(pytest.approx(USUAL.between), pytest.approx(USUAL.within))


def test_after_the_first_launch_the_visits_of_the_case_count():
    noisy = expected_of([[0.0, 0.3, -0.3, 0.1]], [])
    assert noisy.within > 3 * USUAL.within
    assert noisy.between == pytest.approx(USUAL.between)


def test_the_other_cases_lend_the_spread_between_launches():
    others = [simulated(0.05, 0.01, 6, 4, seed) for seed in range(20)]
    lent = expected_of([[0.0, 0.01, -0.01, 0.005]], others)
    assert lent.between == pytest.approx(0.05, rel=0.3)
    assert lent.within == pytest.approx(0.01, rel=1.0)


def test_one_wild_case_lends_no_more_than_the_others():
    others = [simulated(0.01, 0.01, 6, 4, seed) for seed in range(9)]
    wild = simulated(1.0, 1.0, 6, 4, seed=9)
    assert expected_of([], [*others, wild]).between < 0.02


def test_many_launches_of_its_own_outweigh_the_others():
    others = [simulated(0.0, 0.05, 6, 4, seed) for seed in range(20)]
    own = expected_of(simulated(0.05, 0.01, 200, 4, seed=50), others)
    assert own.between == pytest.approx(0.05, rel=0.15)
    assert own.within == pytest.approx(0.01, rel=0.15)


def test_launches_of_one_visit_say_nothing_of_either():
    assert expected_of([[1.0], [2.0]], []) == expected_of([], [])
