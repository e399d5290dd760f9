"""What fails a gate by its policy, from runs whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench.analyse.gate import other_metrics, verdicts
from bench.jobs.endings import code_of
from bench.stats.gate_policy import Acknowledged, CaseNumbers, GatePolicy, IgnoredCases
from tests.analyse.gate.test_verdicts import KEY, OTHER, Recorded

MB = 1_000_000


@pytest.fixture
def judged(run):
    """The verdicts on pairs of `KEY` that are not slower, whose launches recorded `facts(side, pair)`."""

    def of(facts, n=14, policy=None, twin_facts=None, **options):
        recorded = Recorded(run).pairs(KEY, 0.0, n=n)
        case = run.plan("regression/train_step", device="cpu", rows=800)
        key = KEY
        for pair in range(n):
            for side in ("base", "head"):
                run.launch(case, pair, side=side, **facts(side, pair))
                if twin_facts:
                    run.launch(case, 100 + pair, side=side, twin=True, **twin_facts(side, pair))
        data = recorded.data()
        data.launches["key"] = key
        return verdicts.judge(data, policy=policy, **options)

    return of


def counted(**head):
    base = {"operators": 10, "allocations": 5, "allocated_bytes": 40 * MB, "graph_breaks": 0, "device_kernels": 7}
    return lambda side, pair: {"counters": {**base, **head} if side == "head" else base} if pair == 0 else {}


@pytest.mark.parametrize(
    ("counter", "head", "metric"),
    [
        ("graph_breaks", 1, "graph_breaks"),
        ("operators", 11, "operators"),
        ("allocations", 6, "allocations"),
        ("allocated_bytes", 40 * MB + 1, "allocations"),
        ("device_kernels", 8, "kernels"),
        ("allocated_bytes", 58 * MB, "host_memory"),
        ("traced_peak_bytes", 18 * MB, "host_memory"),
    ],
)
def test_a_counter_that_grew_fails_only_where_the_policy_names_its_metric(judged, counter, head, metric):
    base = {"traced_peak_bytes": 3 * MB}

    def facts(side, pair):
        found = counted(**{counter: head})(side, pair)
        return {"counters": {**base, **found["counters"]}} if found else {}

    told = judged(facts)
    assert (told.verdict, code_of(told)) == ("not_slower", 0)
    assert [each.counter for each in told.counters] == [counter]
    failing = judged(facts, fail_on=[metric])
    assert [(each.metric, each.quantity, each.exact, each.head) for each in failing.failures] == [
        (metric, counter, True, head)
    ]
    assert (failing.verdict, code_of(failing)) == ("regressed", 1)
    assert [case.verdict for case in failing.cases] == ["not_slower"]  # its time is as it was


def test_a_counter_that_fell_fails_nothing(judged):
    assert judged(counted(operators=9), fail_on=["operators"]).failures == ()


def test_a_counter_of_which_copies_of_the_base_differ_is_told_and_fails_nothing(judged):
    found = judged(counted(operators=11), fail_on=["operators"], twin_facts=counted(operators=12))
    assert found.failures == ()
    assert "copies of the base differ" in found.counters[0].text


def test_two_buffers_of_9_mb_more_are_host_memory_and_within_its_slack_they_are_not(judged):
    grown = counted(allocated_bytes=58 * MB)
    assert code_of(judged(grown, fail_on=["host_memory"])) == 1
    wide = GatePolicy(fail_on=("host_memory",), metric_slack={"host_memory": 0.5})
    assert code_of(judged(grown, policy=wide)) == 0


def test_what_a_device_allocates_is_no_memory_of_the_host(judged):
    def facts(side, pair):
        more = 50 * MB if side == "head" else 0
        return {"counters": {"allocated_bytes": 60 * MB + more, "device_allocated_bytes": 20 * MB + more}}

    assert judged(facts, fail_on=["host_memory"]).failures == ()
    (found,) = judged(facts, fail_on=["device_memory"]).failures
    assert (found.quantity, found.ratio) == ("device_allocated_bytes", 3.5)


def peaks(factor, spread=0.01):
    dice = np.random.default_rng(0)
    return lambda side, _: {"host_peak_bytes": int(1e8 * (factor if side == "head" else 1) * dice.normal(1, spread))}


def test_a_peak_that_grew_fails_the_gate_that_names_it(judged):
    assert judged(peaks(1.2)).failures == ()
    (found,) = judged(peaks(1.2), fail_on=["host_memory"]).failures
    assert (found.metric, found.quantity, found.exact) == ("host_memory", "host_peak", False)
    assert found.head / found.base == pytest.approx(found.ratio)


def test_a_metric_needs_the_evidence_of_its_part_of_alpha(judged):
    """With two metrics each of the three parts is a third: the same pairs no longer suffice."""
    few = judged(peaks(1.2), n=8, fail_on=["host_memory"])
    assert few.failures
    many = ["host_memory", "device_memory", "import_time", "compile_time", "first_call"]
    assert judged(peaks(1.2), n=8, fail_on=many).failures == ()


def test_a_first_call_that_takes_longer_is_its_own_metric_and_no_compile_time(judged):
    def facts(side, _):
        return {"first_call_ns": 2 * 10**6 if side == "head" else 10**6}

    assert [each.quantity for each in judged(facts, fail_on=["first_call"]).failures] == ["first_call"]
    assert judged(facts, fail_on=["compile_time"]).failures == ()


def test_unchanged_metrics_fail_a_gate_as_rarely_as_stated(run):
    """1,000 gates of one case; α is 20 %, shared by time and a metric that differs by coins: 100 on the mean."""
    dice = np.random.default_rng(1)
    policy = GatePolicy(alpha=0.2, slack=0.0, limit=0.0, fail_on=("host_memory",))
    from bench.analyse.gate.failures import measured

    fails = 0
    for _ in range(1000):
        logs = (dice.choice((-0.04, 0.04), 30) + dice.normal(0, 0.01, 30)).tolist()
        base = np.ones(30)
        series = [other_metrics.MetricSeries(KEY, "host_peak", "B", base, base * np.exp(logs), logs)]
        fails += bool(measured(series, policy, policy.rule(1)))
    assert 0 < fails <= 130  # 100 of 1,000 at most on the mean; 130 with a chance of one in a thousand


# --- what is let pass -----------------------------------------------------------------------------------------------


def test_an_acknowledged_regression_is_told_and_fails_nothing(run):
    data = Recorded(run).pairs(KEY, 0.1).data()
    policy = GatePolicy(acknowledged=(Acknowledged("regression/*", "dearer loss", (), "2099-01-31"),))
    found = verdicts.judge(data, policy=policy)
    assert (found.verdict, code_of(found)) == ("acknowledged", 0)
    (case,) = found.cases
    assert (case.verdict, case.note) == ("acknowledged", "dearer loss (until 2099-01-31)")
    assert case.ratio == pytest.approx(1.1, abs=0.02)
    assert [each.acknowledged for each in found.failures] == ["dearer loss (until 2099-01-31)"]


def test_an_acknowledgement_of_another_metric_lets_no_time_pass(run):
    data = Recorded(run).pairs(KEY, 0.1).data()
    policy = GatePolicy(acknowledged=(Acknowledged("*", "x", ("operators",), "2099-01-31"),))
    assert code_of(verdicts.judge(data, policy=policy)) == 1


def test_one_acknowledged_case_does_not_hide_another(run):
    data = Recorded(run, cases=(KEY, OTHER)).pairs(KEY, 0.1, n=30).pairs(OTHER, 0.1, n=30).data()
    policy = GatePolicy(acknowledged=(Acknowledged("regression/*", "x", (), "2099-01-31"),))
    found = verdicts.judge(data, policy=policy)
    assert {case.key: case.verdict for case in found.cases} == {KEY: "acknowledged", OTHER: "regressed"}
    assert (found.verdict, code_of(found)) == ("regressed", 1)


def test_an_ignored_case_has_no_verdict(run):
    data = Recorded(run, cases=(KEY, OTHER)).pairs(KEY, 0.1, n=30).pairs(OTHER, 0.0, n=30).data()
    found = verdicts.judge(data, policy=GatePolicy(ignored=(IgnoredCases("regression/*", "not ours"),)))
    assert [case.key for case in found.cases] == [OTHER]
    assert code_of(found) == 0


def test_a_case_is_judged_by_its_own_numbers(run):
    data = Recorded(run, cases=(KEY, OTHER)).pairs(KEY, 0.08, n=30).pairs(OTHER, 0.08, n=30).data()
    found = verdicts.judge(data, policy=GatePolicy(cases=(CaseNumbers("regression/*", 0.12, 0.2),)))
    assert {case.key: case.verdict for case in found.cases} == {KEY: "not_slower", OTHER: "regressed"}
    assert {case.key: case.slack for case in found.cases} == {KEY: 0.12, OTHER: 0.02}


def test_the_recorded_policy_judges_and_another_replaces_it(run):
    policy = GatePolicy(slack=0.2, limit=0.3, acknowledged=(Acknowledged("x", "y", (), "2099-01-31"),))
    data = Recorded(run, policy=policy.plain()).pairs(KEY, 0.1).data()
    data.run["gate"]["rule"] = {"cases": 1, "slack": 0.2, "limit": 0.3}
    assert verdicts.judge(data).policy == policy
    assert verdicts.judge(data).verdict == "not_slower"
    assert verdicts.judge(data, policy=GatePolicy()).verdict == "regressed"


# --- numbers that belong together -----------------------------------------------------------------------------------


def test_base_and_head_of_a_metric_never_contradict_its_ratio():
    """Medians of each side would say faster here: 3 → 2; two of three pairs say slower."""
    base, head = np.array([1.0, 3.0, 9.0]), np.array([1.5, 4.0, 2.0])
    logs = np.log(head / base).tolist()
    assert np.median(head) < np.median(base)
    low, high = other_metrics.middle(other_metrics.MetricSeries(KEY, "host_peak", "B", base, head, logs))
    assert high / low == pytest.approx(math.exp(np.median(logs)))
    assert (low, high) == (3.0, 4.0)


def test_so_do_those_of_an_even_number_of_pairs():
    base, head = np.array([1.0, 3.0, 9.0, 2.0]), np.array([1.5, 4.0, 2.0, 2.1])
    logs = np.log(head / base).tolist()
    low, high = other_metrics.middle(other_metrics.MetricSeries(KEY, "host_peak", "B", base, head, logs))
    assert high / low == pytest.approx(math.exp(np.median(logs)))


def test_for_git_bisect_a_gate_without_a_case_says_nothing_of_a_commit(run):
    found = verdicts.judge(Recorded(run, cases=()).data())
    assert (code_of(found), code_of(found, bisect=True)) == (0, 125)
