"""What a difference is made of: who was planted is named first, what is not clear is not named, and sums hold."""

import json
import math
from fractions import Fraction

import pytest

from bench.analyse.profiles.difference import explain
from bench.analyse.profiles.exact_counts import Exact
from bench.analyse.profiles.step_seconds import mean_stacks
from bench.records import BASE, HEAD
from bench.stats.coverage_simulation import exact_bounds
from tests.analyse.profiles.pairs_made_up import BACKWARD, FORWARD, KEY, LINEAR, STEP, WAIT, pairs


def explained(alpha=0.001, **more):
    return explain(pairs(**more), KEY, alpha)


def names(causes):
    return [cause.name for cause in causes]


def test_a_function_that_became_slower_is_named_and_its_interval_holds_what_was_planted():
    found = explained(head={**STEP, FORWARD: 600.0})
    first = found.first
    assert (first.name, first.within, first.view) == ("Net.forward (mine.py)", "", "code")
    assert first.low < 300e-6 < first.high
    assert names(found.code.clear) == ["Net.forward (mine.py)"]


def test_a_function_of_torch_is_told_with_the_own_function_that_calls_it():
    first = explained(head={**STEP, LINEAR: 700.0}).first
    assert (first.name, first.within) == ("Linear.forward (torch/nn/modules/linear.py)", "Net.forward (mine.py)")


def test_the_same_function_of_torch_called_in_two_places_is_two():
    other = "train (mine.py);Linear.forward (torch/nn/modules/linear.py)"
    found = explained(base={**STEP, other: 400.0}, head={**STEP, other: 800.0})
    assert [(cause.name, cause.within) for cause in found.code.clear] == [
        ("Linear.forward (torch/nn/modules/linear.py)", "train (mine.py)")
    ]


def test_what_became_faster_is_named_where_the_step_did():
    first = explained(head={**STEP, BACKWARD: 500.0, FORWARD: 350.0}).first
    assert first.name == "_engine_run_backward (torch/autograd/graph.py)"
    assert first.high < 0


def test_what_is_named_and_the_rest_are_the_measured_difference():
    found = explained(head={**STEP, FORWARD: 600.0, LINEAR: 300.0})
    named = sum(cause.difference_s for cause in found.code.clear)
    assert named + found.code.rest.difference_s == pytest.approx(found.step.difference_s, rel=1e-12)
    assert found.step.difference_s == pytest.approx(200e-6, rel=0.2)


def test_the_backward_pass_comes_after_the_forward_pass_that_it_follows():
    found = explained(head={**STEP, FORWARD: 600.0, BACKWARD: 1500.0})
    assert found.first.name == "Net.forward (mine.py)"
    assert names(found.code.clear)[0] == "_engine_run_backward (torch/autograd/graph.py)"


def test_of_unchanged_sides_something_is_named_no_oftener_than_the_level_says():
    alpha, trials = 0.1, 200
    named = sum(
        bool(found.code.clear or found.operators.clear or found.loader.clear)
        for found in (
            explain(pairs(seed=seed, owned=(OWNED, OWNED), loader=(LOADER, LOADER), count=12, noise=0.2), KEY, alpha)
            for seed in range(trials)
        )
    )
    assert exact_bounds(named, trials)[0] <= alpha


OWNED = {("operators", "aten::mm", "float32"): 500.0, ("operators", "aten::add", "float32"): 200.0}
LOADER = {"fetch (mine.py);augment (mine.py)": 900.0, "get (multiprocessing/queues.py)": 700.0}


def test_too_few_pairs_show_nothing():
    found = explained(head={**STEP, FORWARD: 900.0}, count=6)
    assert (found.first, found.code.clear) == (None, ())
    assert math.isinf(found.step.low)
    assert found.code.rest.difference_s == found.step.difference_s


def test_few_pairs_are_asked_about_the_largest_alone():
    found = explained(head={**STEP, BACKWARD: 1500.0}, count=12)
    assert names(found.code.causes) == ["_engine_run_backward (torch/autograd/graph.py)"]
    assert found.first.name == "_engine_run_backward (torch/autograd/graph.py)"


def test_where_the_rest_dominates_nothing_is_named():
    crumbs = {f"train (mine.py);f{n} (mine.py)": 4.0 for n in range(120)}
    more = {name: 2 * us for name, us in crumbs.items()}
    found = explained(base={**STEP, **crumbs}, head={**STEP, **more, FORWARD: 330.0}, noise=0.005)
    assert found.dominated
    assert found.first is None


def test_a_function_that_was_renamed_is_no_cause():
    """The others take 150 us longer; the one that changed its name, and those it calls, take what they took."""
    renamed = {name.replace("Net.forward", "Net.forward2"): us for name, us in STEP.items()}
    found = explained(head={**renamed, "train (mine.py)": 250.0})
    assert found.first.name == "train (mine.py)"
    assert found.code.moved == (
        "base: Linear.forward (torch/nn/modules/linear.py), Net.forward (mine.py)",
        "head: Linear.forward (torch/nn/modules/linear.py), Net.forward2 (mine.py)",
    )


def test_a_function_that_is_new_is_a_cause_by_its_name():
    found = explained(head={**STEP, "train (mine.py);log (mine.py)": 300.0})
    assert (found.first.name, found.code.moved) == ("log (mine.py)", ())


def test_differences_that_cancel_have_no_cause():
    found = explained(head={**STEP, FORWARD: 600.0, LINEAR: 150.0, BACKWARD: 870.0}, noise=0.002)
    assert found.step.clear
    assert (found.cancels, found.first) == (True, None)


def test_what_accounts_for_little_is_not_named_before_what_follows():
    found = explained(head={**STEP, BACKWARD: 1900.0, "train (mine.py)": 130.0}, noise=0.005)
    assert "train (mine.py)" in names(found.code.clear)
    assert found.first.name == "_engine_run_backward (torch/autograd/graph.py)"


def test_a_step_that_does_not_clearly_differ_has_no_cause():
    found = explained(base={**STEP, FORWARD: 30.0}, head={**STEP, FORWARD: 45.0}, noise=0.03)
    assert (found.step.clear, found.first) == (False, None)


def test_pairs_without_samples_enough_crash_nothing():
    found = explained(samples=40)
    assert (found.seen, found.code.causes, found.first) == (0, (), None)
    assert found.code.reason == "no pair has 100 samples on both sides"


def test_too_few_pairs_for_the_cases_of_a_suite_are_asked_about_nothing():
    found = explain(pairs(count=12), KEY, 0.001, 3)
    assert (found.code.causes, found.code.reason) == ((), "")


def test_a_sample_weighs_a_step_by_its_time_and_so_does_the_step():
    """Every tenth step logs: its time is in the samples and in the mean of a loop, and in no median of one."""
    found = explained(head={**STEP, "train (mine.py);log (mine.py)": 70.0})
    assert names(found.code.clear) == ["log (mine.py)"]


def test_what_takes_less_than_a_two_hundredth_is_not_asked_about():
    tiny = {"train (mine.py);tiny (mine.py)": 5.0}
    assert "tiny (mine.py)" not in names(explained(base={**STEP, **tiny}, head={**STEP, **tiny}).code.causes)


def test_one_wild_pair_hides_nothing():
    data = pairs(head={**STEP, FORWARD: 600.0})
    told = json.loads(data.sides[7].facts)
    data.sides[7] = data.sides[7]._replace(facts=json.dumps({**told, "loops_ns": [1e9] * 4}))
    assert explain(data, KEY).first.name == "Net.forward (mine.py)"


def test_a_pair_in_which_a_side_was_hardly_seen_says_nothing_of_functions():
    data = pairs(head={**STEP, FORWARD: 600.0})
    for at in (0, 3, 4, 6, 9, 10):  # rows of six pairs
        told = json.loads(data.sides[at].facts)
        data.sides[at] = data.sides[at]._replace(facts=json.dumps({**told, "samples": 9}))
    found = explain(data, KEY)
    assert (found.pairs, found.seen, len(found.code.causes)) == (18, 12, 1)  # more, twelve pairs cannot answer for
    assert found.step.clear


def test_without_a_sampler_there_are_no_functions_and_the_step_all_the_same():
    data = pairs(head={**STEP, FORWARD: 600.0}, owned=(OWNED, OWNED))
    data.stacks.clear()
    data.sides[:] = [
        row._replace(facts=json.dumps({**json.loads(row.facts), "watched_ns": [], "samples": 0})) for row in data.sides
    ]
    found = explain(data, KEY)
    assert (found.code.causes, found.loader.causes, found.first) == ((), (), None)
    assert found.step.clear
    assert found.operators.causes
    assert found.code.reason == "no pair has 100 samples on both sides"


# --- a loader -------------------------------------------------------------------------------------------------------


def test_a_slower_transform_is_named_where_the_steps_wait_for_it():
    slower = {**LOADER, "fetch (mine.py);augment (mine.py)": 1500.0}
    found = explained(base={**STEP, WAIT: 700.0}, head={**STEP, WAIT: 1250.0}, loader=(LOADER, slower))
    assert (found.first.name, found.first.view) == ("augment (mine.py)", "in the loader's workers")


def test_a_slower_transform_that_nobody_waits_for_is_not_named():
    slower = {**LOADER, "fetch (mine.py);augment (mine.py)": 1500.0}
    found = explained(head={**STEP, FORWARD: 600.0}, loader=(LOADER, slower))
    assert found.first.name == "Net.forward (mine.py)"


def test_a_transform_that_accounts_for_little_of_the_wait_is_not_named():
    slower = {**LOADER, "fetch (mine.py);augment (mine.py)": 1000.0}
    found = explained(base={**STEP, WAIT: 700.0}, head={**STEP, WAIT: 1700.0}, loader=(LOADER, slower), noise=0.01)
    assert [cause.name for cause in found.loader.clear] == ["augment (mine.py)"]
    assert found.first.waits


def test_seconds_of_workers_add_up_to_the_workers():
    assert explained(loader=({"a (m.py)": 1700.0, "b (m.py)": 1700.0},) * 2).workers == pytest.approx(2, rel=0.02)


def test_a_wait_is_named_where_nothing_else_differs():
    found = explained(base={**STEP, WAIT: 700.0}, head={**STEP, WAIT: 1250.0}, loader=(LOADER, LOADER))
    assert (found.first.name, found.first.waits) == ("waiting for another thread or process", True)


# --- operators ------------------------------------------------------------------------------------------------------


def test_operators_are_told_by_dtype():
    mm = ("operators", "aten::mm", "float64")
    owned = (OWNED, {mm: 900.0, ("operators", "aten::add", "float32"): 200.0})
    found = explained(head={**STEP, FORWARD: 700.0}, owned=owned)
    assert [(cause.name, cause.within) for cause in found.operators.clear] == [
        ("aten::mm", "float64"),
        ("aten::mm", "float32"),
    ]


def test_a_machine_that_changes_its_pace_is_not_taken_for_a_sampler_that_costs_the_sides_unlike():
    """As restless as recorded: one pair of loops with the sampler and without lies 13 % apart."""
    head = {**STEP, FORWARD: 572.0}  # 16 % of a step
    found = [explained(head=head, pace=(0.11, 0.07), seed=seed) for seed in range(40)]
    assert [each.code.reason for each in found] == [""] * 40


def test_over_budget_nothing_is_told_of_functions():
    found = explained(head={**STEP, FORWARD: 600.0}, sampled=(1.4, 1.3))
    assert (found.code.causes, found.loader.causes, found.first) == ((), (), None)
    assert found.code.reason == "the sampler makes a step 1.40 times as long"


def test_a_sampler_that_costs_the_sides_unlike_says_nothing_of_a_difference_as_small():
    reason = explained(head={**STEP, FORWARD: 400.0}, sampled=(1.0, 1.1)).code.reason
    assert "one side more: with it the head takes 1.17 times as long as the base, without it 1.06 times" in reason
    assert explained(head={**STEP, FORWARD: 900.0}, sampled=(1.0, 1.1)).first.name == "Net.forward (mine.py)"


def test_over_budget_no_times_of_operators_are_told():
    found = explained(head={**STEP, FORWARD: 700.0}, owned=(OWNED, OWNED), slower=1.4)
    assert (found.operators.causes, found.operators.clear) == ((), ())
    assert "1.40 times as long" in found.operators.reason


# --- exact counts ---------------------------------------------------------------------------------------------------


def test_a_graph_break_is_named_before_all_else_with_its_reason():
    found = explained(
        head={**STEP, FORWARD: 900.0}, counters=({}, {"graph_breaks": 1}), reasons=({}, {"print at mine.py:3": 1})
    )
    assert found.first == Exact("graph breaks", Fraction(0), Fraction(1), "process", ("print at mine.py:3",))


@pytest.mark.parametrize("forward", [300.0, 100.0], ids=["no slower", "faster"])
def test_a_graph_break_explains_no_step_that_is_not_clearly_slower(forward):
    found = explained(head={**STEP, FORWARD: forward}, counters=({}, {"graph_breaks": 1}))
    assert found.exact[0].name == "graph breaks"
    assert not isinstance(found.first, Exact)


def test_a_break_that_went_away_is_told_and_not_named_as_what_slows():
    found = explained(head={**STEP, FORWARD: 900.0}, counters=({"graph_breaks": 1}, {}))
    assert found.exact[0].name == "graph breaks"
    assert found.first.name == "Net.forward (mine.py)"


def test_calls_that_differ_come_in_the_order_of_their_times():
    calls = ({("aten::mm", "float32"): 3, ("aten::t", ""): 3}, {("aten::mm", "float32"): 4, ("aten::t", ""): 9})
    owned = (OWNED, {**OWNED, ("operators", "aten::mm", "float32"): 700.0})
    found = explained(calls=calls, owned=owned)
    assert [(each.name, each.base, each.head) for each in found.exact] == [
        ("aten::mm (float32)", 3, 4),
        ("aten::t", 3, 9),
    ]


def test_a_count_that_is_not_the_same_in_every_pair_is_no_fact():
    data = pairs(calls=({("aten::mm", "float32"): 3}, {("aten::mm", "float32"): 4}))
    data.calls[3] = data.calls[3]._replace(calls=7)
    assert explain(data, KEY).exact == ()


def device(lost=0, launches=400):
    copies = {"HtoD": {"calls": 20, "ns": 5}}
    times = {"copy_ns": 5, "busy_ns": 100, "span_ns": 200}
    return {"launches": launches, "kernels": 400, "fills": 0, "copies": copies, "lost": lost, **times}


def test_launches_and_copies_of_a_device_are_counted_exactly():
    data = pairs()
    for at, row in enumerate(data.sides):
        told = {**json.loads(row.facts), "device": device(launches=400 if row.side == BASE else 420)}
        data.sides[at] = row._replace(facts=json.dumps(told))
    assert explain(data, KEY).exact == (Exact("launches on the device", Fraction(20), Fraction(21), "step"),)


def test_where_work_of_the_device_was_lost_it_is_not_counted():
    data = pairs()
    for at, row in enumerate(data.sides):
        told = {**json.loads(row.facts), "device": device(lost=row.side == HEAD, launches=400 + at % 2)}
        data.sides[at] = row._replace(facts=json.dumps(told))
    assert explain(data, KEY).exact == ()


# --- the picture ----------------------------------------------------------------------------------------------------


def test_mean_stacks_add_up_to_a_step():
    data = pairs(head={**STEP, FORWARD: 600.0})
    for side, whole in ((BASE, 1700e-6), (HEAD, 2000e-6)):
        assert sum(seconds for _, seconds in mean_stacks(data, KEY, side)) == pytest.approx(whole, rel=0.1)
