"""Do launches look normal? Against simulated launches of known shape."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from bench.stats.coverage_simulation import FAMILIES
from bench.stats.launch_shape import NORMAL_GAPS, SKEWED, Shape, looks_normal, looks_skewed, normal_evidence, shape_of

HUMPED = ["two-humped, a fifth slow", "two-humped, nearly half slow"]
REST = [family for family in FAMILIES if family not in HUMPED]


def drawn(family: str, cases: int, launches: int, seed: int) -> np.ndarray:
    return np.log(FAMILIES[family](np.random.default_rng(seed), cases * launches)).reshape(cases, launches)


def pooled(cases: np.ndarray) -> Shape:
    return Shape(*(math.fsum(parts) for parts in zip(*map(shape_of, cases.tolist()), strict=True)))


def evidence(family: str, cases: int, launches: int, seed: int) -> float:
    return pooled(drawn(family, cases, launches, seed)).humps


@pytest.mark.parametrize(("n", "mean", "sd"), [row[:3] for row in NORMAL_GAPS if row[0] <= 20])
def test_the_table_is_that_of_normal_values(n: int, mean: float, sd: float) -> None:
    ordered = np.sort(np.random.default_rng(n).normal(size=(20_000, n)), axis=1)
    gaps = np.diff(ordered, axis=1).max(axis=1) / (ordered[:, -1] - ordered[:, 0])
    assert gaps.mean() == pytest.approx(mean, abs=5 * sd / math.sqrt(20_000))
    assert gaps.std() == pytest.approx(sd, rel=0.03)


@pytest.mark.parametrize(("n", "halfway"), [(row[0], row[3]) for row in NORMAL_GAPS if row[0] <= 12])
def test_halfway_is_half_of_the_way_to_launches_in_two_humps(n: int, halfway: float) -> None:
    """The evidence of a case is 2 · halfway · (halfway - score), whose mean for the nearer family is -2 · halfway²."""
    found = max(evidence(family, 4000, n, seed=n) / 4000 for family in HUMPED)
    assert found == pytest.approx(-2 * halfway**2, rel=0.12)


@pytest.mark.parametrize("family", REST)
@pytest.mark.parametrize(("cases", "launches"), [(12, 6), (30, 5), (62, 4), (12, 20), (30, 13)])
def test_a_run_of_normal_launches_is_called_normal(family: str, cases: int, launches: int) -> None:
    called = [looks_normal(pooled(drawn(family, cases, launches, seed))) for seed in range(60)]
    assert sum(called) >= 54


@pytest.mark.parametrize("family", HUMPED)
@pytest.mark.parametrize(("cases", "launches"), [(12, 3), (12, 6), (30, 5), (62, 3), (12, 20), (30, 13)])
def test_a_run_of_humped_launches_is_not(family: str, cases: int, launches: int) -> None:
    called = [looks_normal(pooled(drawn(family, cases, launches, seed))) for seed in range(60)]
    assert sum(called) <= 3


def test_location_and_scale_make_no_difference() -> None:
    values = [0.0, 1.0, 1.5, 4.0, 4.2]
    assert normal_evidence([3 + 100 * x for x in values]) == pytest.approx(normal_evidence(values))


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 2.0], [1.0] * 8, [float(i) for i in range(61)]])
def test_some_launches_say_nothing_of_their_shape(values: list[float]) -> None:
    assert normal_evidence(values) == 0.0
    assert shape_of(values) == Shape(0.0, 0.0, 0.0)


# --- skewness -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "halfway"), SKEWED)
def test_halfway_to_skewed_launches_is_half_of_their_mean_score(n: int, halfway: float) -> None:
    shapes = pooled(np.random.default_rng(n).gamma(4, 1, (20_000, n)))
    assert shapes.lean / (2 * halfway) / 20_000 == pytest.approx(2 * halfway, abs=0.04)
    assert shapes.skew / 20_000 == pytest.approx(2 * halfway**2)


@pytest.mark.parametrize("n", [3, 6, 20])
def test_the_score_is_scipys_skewness_in_units_of_its_sd(n: int) -> None:
    values = np.random.default_rng(n).normal(size=(20_000, n))
    halfway = math.sqrt(shape_of(values[0].tolist()).skew / 2)
    scores = [shape_of(row).lean / (2 * halfway) for row in values[:2000].tolist()]
    assert np.std(scores) == pytest.approx(1, abs=0.1)
    assert scores[0] * np.std(stats.skew(values, axis=1)) == pytest.approx(stats.skew(values[0]), rel=0.03)


@pytest.mark.parametrize("towards", [1, -1])
def test_launches_with_a_long_tail_are_not_normal(towards: int) -> None:
    skewed = towards * np.random.default_rng(1).gamma(4, 1, (61, 10))
    assert looks_normal(pooled(skewed))  # no gap gives them away
    assert looks_skewed(pooled(skewed))


def test_normal_launches_are_not_called_skewed() -> None:
    called = [looks_skewed(pooled(drawn("lognormal", 30, 10, seed))) for seed in range(60)]
    assert sum(called) <= 3


def test_without_evidence_launches_are_not_called_normal() -> None:
    assert not looks_normal(Shape(0.0, 0.0, 0.0))
    assert not looks_skewed(Shape(0.0, 0.0, 0.0))
