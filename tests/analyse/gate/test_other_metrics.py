"""What a gate tells beside its verdicts, from pairs whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench.analyse.gate import other_metrics, verdicts

WORKLOAD = "regression/train_step"


@pytest.fixture
def told(run):
    """What is told of a case whose launches recorded `facts(side)` in each of n pairs, by metric."""
    case = run.plan(WORKLOAD)

    def of(facts, n=20, twin=False, **options):
        for pair in range(n):
            for side in ("base", "head"):
                run.launch(case, pair, side=side, twin=twin, **facts(side, pair))
        found = other_metrics.other_metrics(run.data(), **{"slack": 0.02, "alpha": 0.05, **options})
        return {each.metric: each for each in found}

    return of


def test_a_peak_that_grew_is_told_with_its_ratio(told):
    dice = np.random.default_rng(0)
    peak = told(lambda side, _: {"host_peak_bytes": int(1e6 * (1.3 if side == "head" else 1) * dice.normal(1, 0.01))})
    found = peak["host_peak"]
    assert found.differs
    assert found.low < 1.3 < found.high
    assert found.head / found.base == pytest.approx(found.ratio, rel=0.02)
    assert (found.unit, found.pairs) == ("B", 20)


@pytest.mark.parametrize("head", [1.0, 1.01])
def test_what_stays_within_the_slack_does_not_differ(told, head):
    assert not told(lambda side, _: {"device_peak_bytes": int(1e6 * (head if side == "head" else 1))})[
        "device_peak"
    ].differs


def test_what_became_smaller_differs_too(told):
    assert told(lambda side, _: {"host_peak_bytes": 700_000 if side == "head" else 1_000_000})["host_peak"].differs


def test_one_pair_decides_nothing_however_large_the_difference(told):
    found = told(lambda side, _: {"host_peak_bytes": 9_000_000 if side == "head" else 1_000_000}, n=1)["host_peak"]
    assert not found.differs
    assert (found.low, found.high) == (None, None)


def test_a_peak_of_nothing_has_no_ratio(told):
    assert told(lambda side, _: {"host_peak_bytes": 0 if side == "head" else 4096}) == {}


def test_compiling_with_an_empty_cache_is_told_apart_from_finding_it_there(told):
    found = told(
        lambda side, pair: {
            "cache": "warm" if pair else "cold", "build_ns": 10**9,
            "first_call_ns": (10**9 if pair else 17 * 10**9) * (2 if side == "head" else 1),
        }
    )  # fmt: skip
    assert (found["compile_cold"].base, found["compile_cold"].head) == (18.0, 35.0)
    assert (found["compile_warm"].base, found["compile_warm"].head) == (2.0, 3.0)
    assert (found["compile_cold"].pairs, found["compile_warm"].pairs) == (1, 19)
    assert found["compile_warm"].differs
    assert not found["compile_cold"].differs


def test_the_canary_is_none_of_it(told):
    assert told(lambda side, _: {"host_peak_bytes": 700 if side == "head" else 1000}, twin=True) == {}


def test_what_failed_is_none_of_it(told):
    assert told(lambda side, _: {"host_peak_bytes": 700 if side == "head" else 1000, "outcome": "wrong"}) == {}


def test_device_time_has_a_slack_of_its_own(run):
    dice = np.random.default_rng(0)
    key = run.plan(WORKLOAD).key
    for pair in range(40):
        for clock in ("device", "latency"):
            run.pair(
                key, pair, [1_000_000] * 3, [round(1e6 * 1.018 * math.exp(dice.normal(0, 0.001)))] * 3, clock=clock
            )
    found = {each.metric: each for each in other_metrics.other_metrics(run.data(), slack=0.02, alpha=0.05)}
    assert found["device"].differs
    assert not found["latency"].differs
    assert found["device"].base == pytest.approx(1e-3, rel=0.01)


def test_wall_time_is_judged_and_not_told_beside(run):
    run.pair(run.plan(WORKLOAD).key, 0, [1_000_000] * 3, [1_000_000] * 3)
    assert other_metrics.other_metrics(run.data(), slack=0.02, alpha=0.05) == ()


def test_the_alpha_is_shared_among_all_that_is_told_and_both_directions(told):
    found = told(lambda side, _: {"host_peak_bytes": 1000, "device_peak_bytes": 1000})
    assert [each.needed for each in found.values()] == pytest.approx([2 * 2 / 0.05] * 2)


def test_unchanged_quantities_are_called_different_as_rarely_as_stated(run):
    """In 400 runs of a case, at an α of 5 %: 20 at most on the mean, and 35 with a chance of one in a thousand."""
    dice, key = np.random.default_rng(0), run.plan(WORKLOAD).key
    for pair in range(30):
        for number in range(400):
            head = [round(1e6 * math.exp(dice.choice((-0.04, 0.04)) + dice.normal(0, 0.01)))]
            run.pair(f"{key[:-1]},copy={number}]", pair, [1_000_000], head, clock="latency")
    found = other_metrics.other_metrics(run.data(), slack=0.0, alpha=0.05 * 400)  # so that each has the α by itself
    assert 0 < sum(each.differs for each in found) <= 35


def test_what_differs_beside_changes_no_verdict(run):
    case = run.plan(WORKLOAD)
    for pair in range(30):
        run.pair(case.key, pair, [1_000_000] * 3, [1_000_000] * 3)
        for side, peak in (("base", 1000), ("head", 2000)):
            run.launch(case, pair, side=side, host_peak_bytes=peak)
    data = run.data()
    data.run["gate"] = {
        "rule": {"cases": 1}, "cases": [case.key], "changed": [], "only_base": [], "only_head": [], "sides": {},
    }  # fmt: skip
    judged = verdicts.judge(data)
    assert judged.verdict == "not_slower"
    assert [each.metric for each in judged.beside if each.differs] == ["host_peak"]


def test_an_import_that_takes_longer_is_told_once_for_all_cases(run):
    """Each case of a process states the import of that process; a pair has several processes, and their sum is told."""
    cases = [run.plan(WORKLOAD, rows=rows) for rows in (1, 2)]
    dice = np.random.default_rng(0)
    for pair in range(20):
        for side in ("base", "head"):
            for process, chosen in (("one", cases), ("two", cases[:1])):
                took = {"import": (0.3 if side == "head" else 0.1) * dice.normal(1, 0.05), "prepare": 9.0}
                for case in chosen:
                    run.launch(case, pair, side=side, process=f"{process}{pair}{side}", seconds=took)
    (found,) = (
        each for each in other_metrics.other_metrics(run.data(), slack=0.02, alpha=0.05) if each.metric == "import"
    )
    assert (found.key, found.unit, found.pairs, found.differs) == ("", "s", 20, True)
    assert found.base == pytest.approx(0.2, rel=0.1)
    assert found.low < 3 < found.high


def test_imports_of_a_pair_that_lost_a_process_are_not_compared(run):
    case = run.plan(WORKLOAD)
    for side, processes in (("base", "ab"), ("head", "c")):
        for process in processes:
            run.launch(case, 0, side=side, process=process, seconds={"import": 1.0})
    assert not [each for each in other_metrics.other_metrics(run.data(), slack=0.02, alpha=0.05) if not each.key]
