"""The policy of a gate: what a pattern stands for, whose numbers a case has, and how α is shared."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from bench.stats import betting
from bench.stats.gate_policy import (
    FAIL_ON,
    MEASURED,
    Acknowledged,
    CaseNumbers,
    GatePolicy,
    IgnoredCases,
    fits,
    least_pairs,
    metric_needed,
)

KEY = "matmul/square[device=cpu,dtype=float32,mode=eager,size=64,threads=1]"


@pytest.mark.parametrize(
    "pattern",
    [KEY, "matmul/square", "matmul/*", "*/square", "*", "matmul/square[size=64]", "*/square[mode=eager,size=64]"],
)
def test_a_pattern_that_fits(pattern):
    assert fits(pattern, KEY)


@pytest.mark.parametrize(
    "pattern",
    ["matmul", "matmul/square[size=65]", "matmul/square[size=6]", "*/*[mode=compile]", "square", "", "matmul/square["],
)
def test_a_pattern_that_does_not_fit(pattern):
    assert not fits(pattern, KEY)


def test_the_last_entry_that_fits_has_the_numbers_of_a_case():
    policy = GatePolicy(cases=(CaseNumbers("*", slack=0.1), CaseNumbers("matmul/*", limit=0.3)))
    rule = policy.rule(3)
    assert (policy.rule_of(KEY, rule).slack, policy.rule_of(KEY, rule).limit) == (0.02, 0.3)
    other = policy.rule_of("io/read", rule)
    assert (other.slack, other.limit) == (0.1, 0.1)  # a limit below the slack would exclude nothing


def test_what_is_exact_spends_no_alpha_and_each_metric_with_noise_an_equal_part():
    assert GatePolicy(fail_on=("graph_breaks", "operators", "not_resolved")).rule(2).alpha == 0.01
    shared = GatePolicy(fail_on=("graph_breaks", "host_memory", "import_time"))
    assert shared.rule(2).alpha == pytest.approx(0.01 / 3)
    parts = [math.exp(-metric_needed(shared, metric, 1)) * len(MEASURED[metric]) for metric in shared.measured]
    assert sum(parts) + shared.rule(1).alpha == pytest.approx(0.01)


def test_the_least_pairs_are_those_after_which_a_metric_could_fail():
    policy = GatePolicy(fail_on=("host_memory",))
    least = least_pairs(policy, 11)
    needed = metric_needed(policy, "host_memory", 11)
    clear = np.full(least, 5.0)
    assert betting.above(clear, 0.0)[-1] >= needed > betting.above(clear[:-1], 0.0)[-1]
    assert least_pairs(GatePolicy(fail_on=("operators",)), 11) == 0


def test_a_policy_survives_json():
    policy = GatePolicy(
        0.02, 0.03, 0.1, ("operators", "import_time"), {"import_time": 0.2}, (CaseNumbers("a/*", 0.1, None),),
        (IgnoredCases("b/*", "not ours"),), (Acknowledged("c/*", "meant", ("time",), "2027-01-31"),), "pyproject.toml",
    )  # fmt: skip
    assert GatePolicy.of(json.loads(json.dumps(policy.plain()))) == policy
    assert GatePolicy.of(json.loads(json.dumps(GatePolicy().plain()))) == GatePolicy()


def test_an_acknowledgement_is_of_its_metrics_alone():
    policy = GatePolicy(acknowledged=(Acknowledged("matmul/*", "meant", ("time",), "2027-01-31"),))
    assert policy.acknowledgement(KEY, "time")
    assert policy.acknowledgement(KEY, "operators") is None
    assert GatePolicy(acknowledged=(Acknowledged("matmul/*", "meant", (), "2027-01-31"),)).acknowledgement(
        KEY, "kernels"
    )


def test_words_are_added_once_and_in_their_order():
    assert GatePolicy(fail_on=("operators",)).failing_on(("kernels", "operators")).fail_on == ("operators", "kernels")
    assert set(MEASURED) <= set(FAIL_ON)
