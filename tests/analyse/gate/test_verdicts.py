"""Verdicts of a gate, from pairs whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench.analyse.gate import verdicts
from bench.records import UserError

KEY, OTHER = "regression/train_step[device=cpu,rows=800]", "torchscript/inference[batch=32,device=cpu]"


class Recorded:
    """A run of `bench gate`, pair by pair."""

    def __init__(self, run, cases=(KEY,), **told):
        self._run, self._cases, self._told = run, cases, told
        self._number = 0

    def pairs(self, key, effect, spread=0.005, n=20, seed=0, twin=False, clock="wall"):
        for shift in np.random.default_rng(seed).normal(math.log1p(effect), spread, n):
            base = [1_000_000] * 3
            self._run.pair(
                key, self._number, base, [round(each * math.exp(shift)) for each in base], twin=twin, clock=clock
            )
            self._number += 1
        return self

    def data(self):
        data = self._run.data()
        data.run["gate"] = {
            "rule": {"cases": len(self._cases)}, "cases": list(self._cases), "changed": [], "only_base": [],
            "only_head": [], "sides": {}, **self._told,
        }  # fmt: skip
        return data


@pytest.fixture
def recorded(run):
    return lambda **options: Recorded(run, **options)


@pytest.mark.parametrize(
    ("effect", "verdict"), [(0.08, "regressed"), (0.0, "not_slower"), (-0.08, "improved"), (0.035, "not_resolved")]
)
def test_the_verdict_of_an_effect(recorded, effect, verdict):
    n, spread = (6, 0.02) if verdict == "not_resolved" else (12, 0.005)
    judged = verdicts.judge(recorded().pairs(KEY, effect, spread, n=n).pairs(KEY, 0.0, twin=True).data())
    (case,) = judged.cases
    assert (case.verdict, judged.verdict, case.pairs) == (verdict, verdict, n)
    assert case.ratio == pytest.approx(1 + effect, abs=0.03)
    assert (case.evidence >= case.needed) == (verdict != "not_resolved")
    assert case.seconds == pytest.approx(n * 3 * 2 * 3e-3, rel=0.1)


def test_the_interval_beside_a_verdict_holds_the_effect(recorded):
    (case,) = verdicts.judge(recorded().pairs(KEY, 0.08, n=30).data()).cases
    assert 1.02 < case.low < 1.08 < case.high < 1.2


def test_what_is_not_resolved_says_what_could_have_been_seen(recorded):
    (case,) = verdicts.judge(recorded().pairs(KEY, 0.035, 0.05, n=12).data()).cases
    assert case.verdict == "not_resolved"
    assert 0.03 < case.smallest_effect_seen < 0.3
    assert case.pairs_to_go is None or 1 <= case.pairs_to_go < 10_000


def test_a_datum_is_the_same_to_who_measures_and_to_who_judges(run):
    from bench.analyse.gate.pair_ratios import pair_ratios
    from bench.stats.pairs import log_ratio

    base, head = [1_000_000, 1_100_000, 990_000, 5_000_000], [1_040_000, 1_130_000, 1_060_000, 4_000_000]
    run.pair(KEY, 0, base, head)
    assert pair_ratios(run.data().pairs)["log_ratio"].tolist() == pytest.approx([log_ratio(base, head)])


def test_a_canary_that_fires_leaves_no_verdict(recorded):
    """The planted mistake: the canary ignored. Base differs from its twin: nothing here can be trusted."""
    judged = verdicts.judge(recorded().pairs(KEY, 0.08).pairs(KEY, 0.05, n=20, twin=True).data())
    assert judged.canary.fired
    assert judged.verdict == "machine_unfit"
    assert {case.verdict for case in judged.cases} == {"machine_unfit"}


def test_a_canary_is_heard_over_all_cases_together(recorded):
    cases = tuple(f"a/b[device=cpu,place={place}]" for place in range(6))
    many = recorded(cases=cases)
    for place, key in enumerate(cases):
        many.pairs(key, 0.04, n=4, seed=place, twin=True)
    judged = verdicts.judge(many.data())
    assert judged.canary.fired
    assert judged.canary.pairs == 24


def test_a_quiet_canary_is_told(recorded):
    judged = verdicts.judge(recorded().pairs(KEY, 0.0).pairs(KEY, 0.0, seed=3, twin=True).data())
    assert not judged.canary.fired
    assert judged.canary.pairs == 20


def test_pairs_of_the_canary_are_none_of_the_case(recorded):
    (case,) = verdicts.judge(recorded().pairs(KEY, 0.0, n=5).pairs(KEY, 0.5, n=1, twin=True).data()).cases
    assert case.pairs == 5
    assert case.ratio == pytest.approx(1, abs=0.02)


def test_one_case_that_regressed_is_the_verdict_of_the_suite(recorded):
    data = recorded(cases=(KEY, OTHER)).pairs(KEY, 0.0, n=30).pairs(OTHER, 0.1, n=30).data()
    judged = verdicts.judge(data)
    assert {case.key: case.verdict for case in judged.cases} == {KEY: "not_slower", OTHER: "regressed"}
    assert judged.verdict == "regressed"


def test_blocks_are_no_replicates(recorded, run):
    """The planted mistake: three pairs of a thousand couples are three data, however many blocks they have."""
    for number in range(3):
        run.pair(KEY, number, [1_000_000] * 1000, [1_200_000] * 1000)
    (case,) = verdicts.judge(recorded().data()).cases
    assert (case.verdict, case.pairs) == ("not_resolved", 3)


def test_a_case_without_pairs_is_not_resolved_and_not_called_fine(recorded):
    """The planted mistake: not resolved mapped to not slower."""
    judged = verdicts.judge(recorded().data())
    assert [case.verdict for case in judged.cases] == ["not_resolved"]
    assert judged.verdict == "not_resolved"


def test_a_workload_that_changed_is_said_and_not_compared(recorded):
    judged = verdicts.judge(recorded(changed=[OTHER]).pairs(KEY, 0.0, n=30).data())
    assert {case.key: case.verdict for case in judged.cases} == {KEY: "not_slower", OTHER: "workload_changed"}


def test_recorded_pairs_can_be_judged_by_another_rule(recorded):
    data = recorded().pairs(KEY, 0.08, n=10).data()
    assert verdicts.judge(data).verdict == "regressed"
    assert verdicts.judge(data, alpha=1e-6).verdict != "regressed"
    assert verdicts.judge(data, slack=0.2, limit=0.3).verdict == "not_slower"


def test_other_clocks_do_not_mix_with_the_wall(recorded):
    data = recorded().pairs(KEY, 0.0, n=12).pairs(KEY, 0.9, n=12, clock="device").data()
    (case,) = verdicts.judge(data).cases
    assert (case.pairs, case.metric) == (12, "wall")
    assert case.ratio == pytest.approx(1, abs=0.02)


def test_counters_that_differ_are_told_exactly(recorded, run):
    case = run.plan("a/b")
    run.launch(case, 0, side="base", counters={"operators": 12, "allocations": 3})
    run.launch(case, 0, side="head", counters={"operators": 15, "allocations": 3})
    assert verdicts.judge(recorded().data()).counters == (f"{case.key}: operators 12 → 15",)


def test_a_counter_of_what_the_machine_lacked_is_no_difference_of_the_sides(recorded, run):
    case = run.plan("a/b")
    run.launch(case, 0, side="base", counters={"precompiled_headers": 1, "operators": 12})
    run.launch(case, 0, side="head", counters={"precompiled_headers": 0, "operators": 12})
    assert verdicts.judge(recorded().data()).counters == ()


def test_counters_of_the_canary_are_none_of_the_heads(recorded, run):
    case = run.plan("a/b")
    for launch, head, twin in ((0, 7, False), (1, 1, True)):
        run.launch(case, launch, side="base", counters={"graphs": 1}, twin=twin)
        run.launch(case, launch, side="head", counters={"graphs": head}, twin=twin)
    assert verdicts.judge(recorded().data()).counters == (f"{case.key}: graphs 1 → 7",)


def test_a_copy_of_the_base_that_fails_is_not_taken_for_the_head(recorded, run):
    run.launch(run.plan("a/b"), 1, side="head", twin=True, outcome="crashed", reason="gone")
    (failed,) = verdicts.judge(recorded().data()).failed
    assert failed.text.endswith("on the second copy of the base: crashed: gone")


def test_a_case_that_failed_is_the_verdict_of_the_suite(recorded, run):
    case = run.plan("regression/train_step", device="cpu", rows=800)
    run.launch(case, 1, side="head", outcome="crashed", reason="x")
    data = recorded(cases=(case.key, OTHER)).pairs(case.key, 0.0, n=30).pairs(OTHER, 0.0, n=30).data()
    judged = verdicts.judge(data)
    assert judged.verdict == "failed"
    assert {each.key: each.verdict for each in judged.cases} == {case.key: "failed", OTHER: "not_slower"}


def test_a_case_that_regressed_before_it_failed_has_regressed(recorded, run):
    case = run.plan("regression/train_step", device="cpu", rows=800)
    run.launch(case, 1, side="head", outcome="crashed", reason="x")
    judged = verdicts.judge(recorded(cases=(case.key,)).pairs(case.key, 0.2, n=30).data())
    assert (judged.verdict, judged.cases[0].note) == ("regressed", "it failed")


def test_a_side_that_cannot_be_loaded_fails_all_its_cases(recorded):
    text = "mine.py does not import:\nTraceback (most recent call last):\n  …\nValueError: no such thing\nA hint."
    judged = verdicts.judge(recorded(broken={"head": text}).data())
    assert (judged.verdict, judged.cases[0].verdict) == ("failed", "failed")
    assert judged.failed[0].text == "the workloads of the head cannot be loaded: ValueError: no such thing"
    assert judged.failed[0].detail == text


def test_sides_without_a_common_case_have_a_verdict_of_their_own(recorded):
    judged = verdicts.judge(recorded(cases=(), only_head=["a/b[]"], rule={"cases": 1}).data())
    assert (judged.verdict, judged.cases) == ("nothing_in_common", ())


def test_an_effect_that_changed_has_no_interval(recorded):
    (case,) = verdicts.judge(recorded().pairs(KEY, 0.05, 0.002, n=10).pairs(KEY, -0.05, 0.002, n=30).data()).cases
    assert (case.low, case.high) == (None, None)
    assert "changed" in case.note


def test_who_failed_is_told_with_side_and_reason(recorded, run):
    run.launch(run.plan("a/b"), 0, side="head", outcome="crashed", reason="the worker was killed by SIGSEGV")
    (failed,) = verdicts.judge(recorded().data()).failed
    assert failed.text.endswith("on the head: crashed: the worker was killed by SIGSEGV")


def test_any_other_run_is_refused(run):
    with pytest.raises(UserError, match="not a run of bench gate"):
        verdicts.judge(run.data())
