"""The prior of a case: against simulated runs whose prior is known, and against numbers that others computed."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from scipy import special

from bench.stats import moderation
from bench.stats.moderation import FEWEST_NEIGHBOURS, Neighbours, Prior, priors


def run(cases: int, launches: int, variance: float, degrees: float, seed: int = 0) -> dict[int, list[float]]:
    """Launches of cases whose true variances are scaled inverse chi-squared."""
    dice = np.random.default_rng(seed)
    scale = np.sqrt(variance * degrees / dice.chisquare(degrees, cases)) if math.isfinite(degrees) else variance**0.5
    logs = dice.normal(0, 1, (launches, cases)) * scale + dice.normal(0, 3, cases)
    return dict(enumerate(np.exp(logs.T).tolist()))


@pytest.mark.parametrize("launches", [2, 3, 6, 20])
@pytest.mark.parametrize("degrees", [4.0, 12.0])
def test_the_prior_of_a_simulated_run_is_found(launches: int, degrees: float) -> None:
    found = prior_of_new(run(4000, launches, 0.03**2, degrees))
    assert found.variance == pytest.approx(0.03**2, rel=0.15)
    assert found.degrees == pytest.approx(degrees, rel=0.5 if launches == 2 else 0.15)


def prior_of_new(cases: dict[int, list[float]]) -> Prior:
    neighbours = Neighbours()
    for key, values in cases.items():
        neighbours.put(key, values)
    found = neighbours.prior("a new case")
    assert found is not None
    return found


def test_cases_that_are_all_alike_are_worth_all_of_their_degrees() -> None:
    found = prior_of_new(run(40, 4, 0.03**2, math.inf, seed=1))
    assert found.degrees == 40 * 3
    assert found.variance == pytest.approx(0.03**2, rel=0.3)


def test_without_caution_it_is_the_estimate_of_smyth(monkeypatch: pytest.MonkeyPatch) -> None:
    """Equations of section 6.2 of Smyth 2004, computed with scipy."""
    monkeypatch.setattr(moderation, "CAUTION", 0.0)
    cases = run(30, 4, 0.03**2, 4.0, seed=2)
    variances = [statistics.variance(np.log(values)) for values in cases.values()]
    e = np.log(variances) - special.digamma(1.5) + math.log(1.5)
    found = prior_of_new(cases)
    excess = e.var(ddof=1) - special.polygamma(1, 1.5)
    assert special.polygamma(1, found.degrees / 2) == pytest.approx(excess, rel=1e-6)
    location = e.mean() + special.digamma(found.degrees / 2) - math.log(found.degrees / 2)
    assert found.variance == pytest.approx(math.exp(location), rel=1e-9)


def test_a_case_is_left_out_of_its_own_prior() -> None:
    cases = run(20, 4, 0.03**2, 6.0)
    before = priors(cases)[7]
    cases[7] = [1.0, 100.0, 1e-5, 3.0]
    after = priors(cases)
    assert after[7] == before
    assert after[6] != priors(run(20, 4, 0.03**2, 6.0))[6]


def test_adding_launch_by_launch_gives_the_same_as_all_at_once() -> None:
    cases = run(15, 7, 0.03**2, 6.0)
    neighbours = Neighbours()
    for launches in range(1, 8):
        for key, values in cases.items():
            neighbours.put(key, values[:launches])
    for key, expected in priors(cases).items():
        found = neighbours.prior(key)
        assert found is not None
        assert (found.variance, found.degrees) == pytest.approx((expected.variance, expected.degrees), rel=1e-9)
        assert (found.cases, found.normal) == (expected.cases, expected.normal)


@pytest.mark.parametrize("wild", [1e3, 1e-9])
def test_two_wild_neighbours_do_not_make_all_cases_look_unlike(wild: float, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = run(30, 6, 0.03**2, math.inf, seed=3)
    for key in (0, 1):
        cases[key] = [value**wild for value in [1.0, 1.01, 0.99, 1.02, 1.0, 0.98]]
    found = prior_of_new(cases)
    assert found.variance == pytest.approx(0.03**2, rel=0.6)
    monkeypatch.setattr(moderation, "FENCE", math.inf)
    assert found.degrees > 2 * prior_of_new(cases).degrees


def test_equal_launches_are_no_minus_infinity() -> None:
    cases = run(20, 4, 0.03**2, math.inf, seed=4)
    cases[3] = [1.0] * 4
    found = prior_of_new(cases)
    assert found.cases == 20
    assert found.variance == pytest.approx(0.03**2, rel=0.5)


def test_a_run_without_any_spread_has_no_prior() -> None:
    assert priors({key: [1.0, 1.0] for key in range(10)})[0] is None


@pytest.mark.parametrize(("others", "known"), [(FEWEST_NEIGHBOURS - 1, False), (FEWEST_NEIGHBOURS, True)])
def test_few_neighbours_have_no_prior(others: int, known: bool) -> None:
    assert (priors(run(others + 1, 3, 0.03**2, 6.0))[0] is not None) is known


def test_a_case_with_one_launch_is_no_neighbour_but_has_neighbours() -> None:
    cases = run(10, 3, 0.03**2, 6.0)
    cases[4] = cases[4][:1]
    found = priors(cases)
    assert found[4].cases == 9
    assert found[5].cases == 8


def test_the_posterior_variance_is_weighted_by_degrees() -> None:
    assert Prior(4.0, 6.0, 9, True).posterior(1.0, 2) == (pytest.approx((6 * 4 + 2 * 1) / 8), 8.0)


def test_only_a_spread_far_too_large_is_unlike() -> None:
    prior = Prior(0.03**2, 8.0, 61, True)
    assert not prior.is_unlike(0.06**2, 5)
    assert prior.is_unlike(0.3**2, 5)
    assert not prior.is_unlike(0.0, 5)
