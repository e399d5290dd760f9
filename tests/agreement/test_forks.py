"""Variance components of starters, forks and visits, on made-up logs whose components are known."""

from __future__ import annotations

import io
import json
import math
import random

import numpy as np
import pytest
from scipy import stats

from tests.agreement import forks, nested


def made(dice, starters_sd, forks_sd, visits_sd, shape=(3, 8, 8, 6)):
    """Logs of these standard deviations, over a drift between rounds that is larger than all of them."""
    rounds, starters, forks, _ = shape
    return (
        10 * np.arange(rounds).reshape(-1, 1, 1, 1)
        + dice.normal(0, starters_sd, (rounds, starters, 1, 1))
        + dice.normal(0, forks_sd, (rounds, starters, forks, 1))
        + dice.normal(0, visits_sd, shape)
    )


def test_components_come_out_as_they_were_put_in():
    dice = np.random.default_rng(0)
    found = [nested.analyse(made(dice, 0.04, 0.02, 0.03)) for _ in range(60)]
    assert np.mean([each.starters for each in found]) == pytest.approx(0.04**2, rel=0.15)
    assert np.mean([each.forks for each in found]) == pytest.approx(0.02**2, rel=0.1)
    assert np.mean([each.visits for each in found]) == pytest.approx(0.03**2, rel=0.05)
    truth = 0.04**2 / (0.02**2 + 0.03**2 / 6)
    held = sum(each.starters_within.low <= truth <= each.starters_within.high for each in found)
    assert held >= stats.binom.ppf(0.001, len(found), 0.95)
    assert max(each.p for each in found) < 0.01


def test_starters_that_do_not_differ_are_not_found_more_often_than_stated():
    dice = np.random.default_rng(1)
    found = [nested.analyse(made(dice, 0, 0.02, 0.03, (2, 4, 4, 3)), seed) for seed in range(80)]
    assert sum(each.p <= 0.05 for each in found) <= stats.binom.ppf(0.999, len(found), 0.05)
    assert np.mean([each.starters for each in found]) == pytest.approx(0, abs=0.01**2)


def test_what_is_missed_grows_with_the_launches_of_one_starter():
    found = nested.analyse(made(np.random.default_rng(2), 0.03, 0.02, 0.01))
    share = found.starters_within.value
    assert found.missed(6).value == pytest.approx(math.sqrt(1 + 6 * share))
    assert found.missed(6).low <= found.missed(6).value <= found.missed(6).high
    assert found.missed(20).value > found.missed(6).value


def test_a_negative_component_is_missed_by_nothing():
    rows = made(np.random.default_rng(3), 0, 0.02, 0.01)
    rows -= rows.mean(axis=(2, 3), keepdims=True)  # starters more alike than their forks let them be
    found = nested.analyse(rows)
    assert found.starters < 0
    assert found.missed(6).value == 1


def test_one_fork_a_starter_is_refused():
    with pytest.raises(ValueError, match="at least two"):
        nested.analyse(np.zeros((2, 4, 1, 3)))


def test_what_was_seen_is_put_in_its_place_whatever_the_order():
    seen = [
        [starter, fork, "step", visit, math.exp(100 * starter + 10 * fork + visit), 1.0]
        for starter, fork in ((1, 0), (0, 1), (1, 1), (0, 0))
        for visit in (0, 1)
    ]
    found = forks.logs([{"seen": seen}], (2, 2, 2))
    assert found["step", "wall"][0] == pytest.approx(np.array([[[0, 1], [10, 11]], [[100, 101], [110, 111]]]))
    assert found["step", "cpu"] == pytest.approx(0)


def test_a_starter_that_died_is_said_to_have_died():
    class Dead:
        stdin, stdout = io.StringIO(), io.StringIO("")

        def wait(self):
            return -9

    with pytest.raises(RuntimeError, match="-9"):
        forks.asked(Dead(), "fork")


@pytest.mark.parametrize("move", [False, True])
def test_starters_fork_and_measure_and_forks_draw_where_tensors_lie(move):
    turn = forks.one_round(0, many=2, forks=2, visits=2, move=move)
    seen = forks.logs([json.loads(json.dumps(turn))], (2, 2, 2))
    assert len(seen) == 10
    assert all(np.isfinite(each).all() for each in seen.values())


def test_another_seed_moves_what_is_made_afterwards_by_another_amount():
    from tests.agreement import fork_starter  # imports torch's compiler, which takes seconds

    sizes = [[each.numel() for each in fork_starter.moved(random.Random(seed))] for seed in ("a", "a", "b")]
    assert sizes[0] == sizes[1] != sizes[2]
