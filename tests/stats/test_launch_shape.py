"""Do launches look normal? Against simulated launches of known shape."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench.stats.coverage_simulation import FAMILIES
from bench.stats.launch_shape import EVIDENCE, NORMAL_GAPS, normal_evidence

HUMPED = ["two-humped, a fifth slow", "two-humped, nearly half slow"]
REST = [family for family in FAMILIES if family not in HUMPED]


def evidence(family: str, cases: int, launches: int, seed: int) -> float:
    drawn = FAMILIES[family](np.random.default_rng(seed), cases * launches)
    return math.fsum(normal_evidence(row) for row in np.log(drawn).reshape(cases, launches).tolist())


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
    called = [evidence(family, cases, launches, seed) > EVIDENCE for seed in range(60)]
    assert sum(called) >= 57


@pytest.mark.parametrize("family", HUMPED)
@pytest.mark.parametrize(("cases", "launches"), [(12, 3), (12, 6), (30, 5), (62, 3), (12, 20), (30, 13)])
def test_a_run_of_humped_launches_is_not(family: str, cases: int, launches: int) -> None:
    called = [evidence(family, cases, launches, seed) > EVIDENCE for seed in range(60)]
    assert sum(called) <= 3


def test_location_and_scale_make_no_difference() -> None:
    values = [0.0, 1.0, 1.5, 4.0, 4.2]
    assert normal_evidence([3 + 100 * x for x in values]) == pytest.approx(normal_evidence(values))


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 2.0], [1.0] * 8, [float(i) for i in range(61)]])
def test_some_launches_say_nothing_of_their_shape(values: list[float]) -> None:
    assert normal_evidence(values) == 0.0
