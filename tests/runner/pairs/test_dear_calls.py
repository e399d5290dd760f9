"""A step that is dear in every k-th call, whose dear calls got dearer: simulated pairs, as a gate takes them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench.records import BASE, HEAD
from bench.stats.gate_rule import NOT_SLOWER, REGRESSED, Rule
from tests.agreement.dear_calls import CASES, STEPS, SimulatedSide, Step, gate


@pytest.fixture(scope="module")
def sides(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sides")
    return {side: SimulatedSide(folder / side) for side in (BASE, HEAD)}


@pytest.mark.parametrize("step", [Step(300e-6, 4, 5), Step(2e-3, 3, 5), Step(6e-3, 2, 1)], ids=str)
def test_it_has_regressed(sides, step):
    data = gate(step, sides, np.random.default_rng(0))
    assert Rule(CASES).verdict(data.medians, data.means) == REGRESSED
    assert math.expm1(np.median(data.means)) == pytest.approx(step.slower, abs=0.02)


def test_the_median_alone_would_have_called_it_not_slower(sides):
    """The planted mistake: the mean left out."""
    data = gate(Step(2e-3, 4, 5), sides, np.random.default_rng(0))
    assert Rule(CASES).verdict(data.medians) != REGRESSED
    assert Rule(CASES).verdict(data.medians, data.means) == REGRESSED


def test_an_unchanged_step_with_dear_calls_is_not_slower(sides):
    data = gate(Step(2e-3, 4, 5), sides, np.random.default_rng(0), dearer=1.0)
    assert Rule(CASES).verdict(data.medians, data.means) == NOT_SLOWER


def test_every_step_that_is_simulated_is_slower_than_the_limit():
    assert len(STEPS) > 20
    assert all(step.slower > Rule(CASES).limit for step in STEPS)
