"""Digamma and trigamma, against scipy's."""

from __future__ import annotations

import pytest
from scipy import special

from bench.stats.gamma_functions import digamma, trigamma, trigamma_inverse

ARGUMENTS = (1e-3, 0.1, 0.5, 1.0, 1.5, 2.3, 9.99, 10.0, 10.01, 50.0, 1e4)


@pytest.mark.parametrize("x", ARGUMENTS)
def test_they_are_scipys(x: float) -> None:
    assert digamma(x) == pytest.approx(special.digamma(x), rel=1e-12, abs=1e-12)
    assert trigamma(x) == pytest.approx(special.polygamma(1, x), rel=1e-12)


@pytest.mark.parametrize("x", ARGUMENTS)
def test_the_inverse_of_trigamma_gives_its_argument_back(x: float) -> None:
    assert trigamma_inverse(trigamma(x)) == pytest.approx(x, rel=1e-9)


@pytest.mark.parametrize("function", [digamma, trigamma, trigamma_inverse])
@pytest.mark.parametrize("x", [0.0, -1.5, float("nan")])
def test_an_argument_that_is_not_positive_is_refused(function, x) -> None:
    with pytest.raises(ValueError, match="not above 0"):
        function(x)
