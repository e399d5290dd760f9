"""The gate's arithmetic on real pairs of unchanged code, recorded beside four loads, instead of on made-up noise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bench.stats.gate_rule import REGRESSED
from bench.stats.robust import spread
from tests.agreement import gate_rates, gate_rivals, recorded


@pytest.fixture(scope="module")
def frame():
    return pd.read_parquet(recorded.UNCHANGED)


@pytest.fixture(scope="module")
def pairs(frame):
    return recorded.ratios(frame)


@pytest.fixture(scope="module")
def suites(pairs):
    """(suites, cases, pairs, 2), the coins tossed anew."""
    return gate_rates.drawn(gate_rates.pools_of(pairs), 1000, np.random.default_rng(0))


def test_enough_was_recorded_in_each_of_four_states(pairs):
    counts = pairs["state"].value_counts()
    assert set(counts.index) == set(gate_rates.LOADS)
    assert counts.sum() >= 600
    assert counts.min() >= 100


def test_suites_of_real_pairs_alarm_as_rarely_as_stated(suites):
    """1 % stated: 10 of 1000 at most on the mean, and 20 with a chance of one in five hundred."""
    assert gate_rates.alarms(suites, 0.0) <= 20
    assert gate_rates.alarms(suites, 0.02) <= gate_rates.alarms(suites, 0.0)


def test_no_gate_alarmed_while_it_was_recorded(pairs):
    verdicts, alarmed, fired = gate_rates.live(pairs, 0.02)
    assert (alarmed, fired, verdicts[REGRESSED]) == (0, 0, 0)


def test_a_placement_of_four_percent_alarms_as_rarely_as_stated_with_the_coin_and_always_without(suites):
    dice, few = np.random.default_rng(1), suites[:200]
    assert gate_rates.alarms(gate_rates.planted(few, dice, coin=True), 0.02) <= 7  # of 2 on the mean: one in a thousand
    assert gate_rates.alarms(gate_rates.planted(few, dice, coin=False), 0.02) == len(few)


def test_the_gates_as_they_were_would_not_have_alarmed_of_a_placement_of_four_percent(pairs):
    favour = gate_rates.PLACEMENT * np.where(pairs["base_first"], 1.0, -1.0)
    favoured = {name: pairs[name] + favour for name in ("log_ratio", "mean")}
    assert gate_rates.live(pairs.assign(**favoured), 0.02)[1] == 0


def test_a_threshold_on_the_means_of_two_processes_would_alarm_in_most_suites(frame):
    """The planted mistake: rounds of a process taken for replicates. Nothing changed, and most suites would fail."""
    pools, dice = gate_rivals.pools(frame), np.random.default_rng(0)
    (peer,) = [each for each in gate_rivals.PEERS if "mean:5%" in each.name]
    alarmed = sum(
        any(peer.alarms(*pools[i].sample(1, False, True, dice)) for i in dice.integers(len(pools), size=10))
        for _ in range(100)
    )
    assert alarmed > 50


# --- two data of each pair, of forks of one process -------------------------------------------------------------------


@pytest.fixture(scope="module")
def forked():
    return recorded.ratios(pd.read_parquet(recorded.FORKED))


def test_enough_pairs_of_forks_were_recorded_in_each_of_four_states(forked):
    counts = forked.loc[~forked["twin"], "state"].value_counts()
    assert set(counts.index) == set(gate_rates.LOADS)
    assert counts.sum() >= 200
    assert counts.min() >= 30


def test_suites_of_forks_alarm_as_rarely_as_stated_by_median_and_mean_together(forked):
    """1 % stated: 10 of 1000 at most on the mean, and 20 with a chance of one in five hundred."""
    suites = gate_rates.drawn(gate_rates.pools_of(forked), 1000, np.random.default_rng(0))
    assert gate_rates.alarms(suites, 0.0) <= 20
    assert gate_rates.alarms(suites, 0.02) <= gate_rates.alarms(suites, 0.0)


def test_no_gate_of_forks_alarmed_while_it_was_recorded_and_no_canary_fired(forked):
    verdicts, alarmed, fired = gate_rates.live(forked, 0.02)
    assert (alarmed, fired, verdicts[REGRESSED]) == (0, 0, 0)


def test_data_of_both_sides_from_one_process_lie_closer_together(forked, pairs):
    one, other = (
        np.median([spread(x["log_ratio"].to_numpy()) for _, x in frame.groupby(["state", "key"], observed=True)])
        for frame in (forked, pairs)
    )
    assert one < other
