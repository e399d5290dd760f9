"""Two stored runs beside each other."""

from __future__ import annotations

import numpy as np
import pytest

from bench.analyse.common_shift import shared_by
from bench.analyse.rows.analysis import Analysis
from bench.analyse.two_runs import compare
from bench.present.tables import two_runs_table as present
from bench.records import UserError

from .conftest import MadeUpRun


def stored(fingerprint="here", **cases):
    """A run with a case a name: seconds per step of each launch, or the outcome it had in place of them."""
    run = MadeUpRun()
    for name, seconds in cases.items():
        if isinstance(seconds, str):
            run.launch(run.plan(f"a/{name}"), outcome=seconds, reason="for some reason")
        else:
            run.measured(seconds, workload=f"a/{name}")
    data = run.data()
    data.run["fingerprint"] = fingerprint
    return data


def compared(base, head):
    found = compare(Analysis(base), Analysis(head))
    return {item.key.partition("[")[0]: item for item in found}


STEADY = [1.0e-3, 1.001e-3, 0.999e-3, 1.002e-3, 0.998e-3, 1.0e-3]


@pytest.mark.parametrize(("factor", "verdict"), [(1.1, "slower"), (0.9, "faster"), (1.0, "not_resolved")])
def test_what_lies_between_two_runs_of_one_machine(factor, verdict):
    found = compared(stored(x=STEADY), stored(x=[factor * each for each in STEADY]))["a/x"]
    assert found.verdict == verdict
    assert found.ratio == pytest.approx(factor)
    assert found.low <= factor <= found.high
    assert "unpaired" in found.method


def test_nothing_between_two_runs_is_called_a_regression():
    found = compared(stored(x=STEADY), stored(x=[2 * each for each in STEADY]))["a/x"]
    assert found.verdict == "slower"
    text = present.show([found], {"run": "1", "machine": "m"}, {"run": "2", "machine": "m"}, "table")
    assert "regress" not in text
    assert "not interleaved" in text
    assert "bench gate" in text


def test_runs_of_unlike_machines_are_a_comparison_of_machines():
    """The planted mistake: the fingerprint ignored."""
    found = compared(stored(x=STEADY), stored("elsewhere", x=[2 * each for each in STEADY]))["a/x"]
    assert found.verdict == "other_machine"
    assert found.ratio == pytest.approx(2)
    text = present.show([found], {"run": "1", "machine": "m"}, {"run": "2", "machine": "n"}, "table")
    assert "different machines" in text


def test_unequal_launches_are_counted_on_either_side():
    found = compared(stored(x=STEADY[:3]), stored(x=STEADY))["a/x"]
    assert (found.base_launches, found.head_launches) == (3, 6)
    assert found.low is not None


def test_one_launch_has_no_interval_and_resolves_nothing():
    found = compared(stored(x=STEADY[:1]), stored(x=[9e-3]))["a/x"]
    assert (found.verdict, found.low) == ("not_resolved", None)
    assert found.ratio == pytest.approx(9)


def test_a_case_of_one_run_alone_is_named_and_not_compared():
    found = compared(stored(x=STEADY, gone=STEADY), stored(x=STEADY, new=STEADY))
    assert list(found) == ["a/x", "a/new", "a/gone"]
    assert found["a/new"].note == "not in the base"
    assert found["a/gone"].note == "not in the head"
    assert {found[key].verdict for key in ("a/new", "a/gone")} == {"not_compared"}


def test_a_case_that_failed_says_so():
    found = compared(stored(x=STEADY), stored(x="crashed"))["a/x"]
    assert (found.verdict, found.note) == ("not_compared", "head: crashed (for some reason)")


@pytest.mark.parametrize("format_", ["table", "md", "csv", "json"])
def test_every_format_has_every_case(format_):
    found = list(compared(stored(x=STEADY, y=STEADY), stored(x=STEADY, y="oom")).values())
    text = present.show(found, {"run": "1", "machine": "m"}, {"run": "2", "machine": "m"}, format_, width=200)
    assert "a/x" in text
    assert "oom" in text


# --- the CPU clock, statistics, protocols -----------------------------------------------------------------------------


def loaded(seed: int, cpu_s: float, load: float = 0.5):
    """A run of one case beside busy programs: its wall is bent, its CPU time is not."""
    dice, run = np.random.default_rng(seed), MadeUpRun()
    case = run.plan("a/x")
    for number in range(6):
        run.launch(case, number)
        for cpu in cpu_s * dice.lognormal(0, 0.003, 8):
            wall = cpu * (1 + load * dice.random())
            counts = {"cpu_ns": round(cpu * 1e12), "thread_ns": round(cpu * 1e12), "preempted": 1, "waited": 0}
            run.blocks(case, number, [wall], **counts)
    data = run.data()
    data.run["fingerprint"] = "here"
    return data


@pytest.mark.parametrize("factor", [1.0, 1.05, 1.5])
def test_a_loaded_machine_does_not_bend_the_comparison(factor):
    found = compared(loaded(1, 1e-5), loaded(2, factor * 1e-5, load=3.0))["a/x"]
    assert (found.clock, found.note) == ("cpu", "on the CPU clock, which is narrower")
    assert found.ratio == pytest.approx(factor, rel=0.02)
    assert found.head_s / found.base_s == pytest.approx(found.ratio, rel=0.01)  # both of one clock


def test_a_clock_that_is_asked_for_is_the_one_that_is_compared():
    base, head = Analysis(loaded(1, 1e-5)), Analysis(loaded(2, 1.5e-5))
    for clock in ("wall", "cpu"):
        (found,) = compare(base, head, clock=clock)
        assert (found.clock, found.note) == (clock, "")
    with pytest.raises(UserError, match="nothing here was timed on the clock 'device'"):
        compare(base, head, clock="device")


def test_a_run_without_cpu_times_is_compared_on_wall():
    found = compared(stored(x=STEADY), loaded(2, 1e-3))["a/x"]
    assert (found.clock, found.note) == ("wall", "")


def test_the_statistic_is_that_of_the_runs():
    """Every fourth block is dear: the median does not see it, the mean does."""

    def run(dear):
        made = MadeUpRun()
        case = made.plan("a/x")
        for number in range(6):
            made.launch(case, number)
            made.blocks(case, number, [1e-3, 1e-3, 1e-3, dear])
        data = made.data()
        data.run["fingerprint"] = "here"
        return data

    ratios = {
        name: compare(Analysis(run(1e-3), name), Analysis(run(9e-3), name))[0].ratio
        for name in ("median", "mean", "min")
    }
    assert ratios == {"median": pytest.approx(1), "mean": pytest.approx(3), "min": pytest.approx(1)}


@pytest.mark.parametrize(("base", "head", "older"), [(4, 5, "base"), (5, 4, "head")])
def test_runs_of_unlike_protocols_are_not_compared(base, head, older):
    one, other = stored(x=STEADY), stored(x=STEADY)
    one.run["schema"], other.run["schema"] = base, head
    found = compared(one, other)["a/x"]
    assert (found.verdict, found.ratio, found.low) == ("not_compared", None, None)
    assert found.note == f"the {older} was measured by an older protocol"
    text = present.show([found], {"run": "1", "machine": "m"}, {"run": "2", "machine": "m"}, "table")
    assert "before schema 5" in text
    assert "slower or faster" not in text
    assert (found.base_s, found.head_s) == (pytest.approx(1e-3), pytest.approx(1e-3))


@pytest.mark.parametrize("schema", [4, 5])
def test_runs_of_one_protocol_are_compared(schema):
    one, other = stored(x=STEADY), stored(x=STEADY)
    one.run["schema"] = other.run["schema"] = schema
    assert compared(one, other)["a/x"].verdict == "not_resolved"


def test_a_run_of_another_tool_has_no_protocol_of_ours():
    one, other = stored(x=STEADY), stored(x=STEADY)
    one.run |= {"schema": 4, "imported": {"from": "pyperf"}}
    other.run["schema"] = 5
    assert compared(one, other)["a/x"].verdict == "not_resolved"


def test_a_ratio_that_is_not_known_to_a_factor_of_three_says_so():
    wild = [1e-3, 4e-3, 2e-3, 9e-3, 1.5e-3, 6e-3]
    found = compared(stored(x=wild), stored(x=STEADY))["a/x"]
    assert (found.verdict, found.low, found.high) == ("not_resolved", None, None)
    assert found.note.startswith("not known even to a factor of three")
    text = present.show([found], {"run": "1", "machine": "m"}, {"run": "2", "machine": "m"}, "table", width=200)
    assert "not known" in text


def test_other_cases_tell_how_much_few_launches_spread():
    """Three launches of a case, beside twelve other cases of either run."""
    dice = np.random.default_rng(3)

    def run(others):
        names = ["x", *(f"y{place}" for place in range(others))]
        return stored(**{name: (1e-3 * dice.lognormal(0, 0.01, 3)).tolist() for name in names})

    alone, among = (compared(run(others), run(others))["a/x"] for others in (0, 12))
    assert "other cases" in among.method
    assert among.high / among.low < alone.high / alone.low


# --- what all cases share ---------------------------------------------------------------------------------------------


def at_level(seed, level, cases=10, **planted):
    """A run whose cases are all slower by a level; some have a factor of their own."""
    dice = np.random.default_rng(seed)
    names = [f"y{place}" for place in range(cases)]
    return stored(
        **{name: (1e-3 * level * planted.get(name, 1) * dice.lognormal(0, 0.005, 6)).tolist() for name in names}
    )


@pytest.mark.parametrize("level", [1.03, 0.97])
def test_a_slow_hour_makes_no_case_slower_and_is_told_once(level):
    found = compare(Analysis(at_level(1, 1.0)), Analysis(at_level(2, level)))
    assert {item.verdict for item in found} == {"not_resolved"}
    assert any("it moved as all cases did" in item.note for item in found)
    assert all(item.ratio == pytest.approx(level, rel=0.02) for item in found)
    text = present.show(found, {"run": "1", "machine": "m"}, {"run": "2", "machine": "m"}, "table")
    assert "The 10 cases together: head ÷ base" in text


@pytest.mark.parametrize(("factor", "verdict"), [(1.1, "slower"), (0.9, "faster")])
def test_a_case_that_moved_beyond_all_others_keeps_its_verdict(factor, verdict):
    found = compare(Analysis(at_level(1, 1.0)), Analysis(at_level(2, 1.03, y4=factor)))
    assert {item.key.partition("[")[0]: item.verdict for item in found if item.verdict != "not_resolved"} == {
        "a/y4": verdict
    }


def test_a_case_that_did_not_move_in_a_slow_hour_is_no_faster_one():
    """Its ratio is 1: what is said of it is what was measured."""
    found = compare(Analysis(at_level(1, 1.0)), Analysis(at_level(2, 1.05, y4=1 / 1.05)))
    (still,) = [item for item in found if item.key.startswith("a/y4[")]
    assert still.verdict == "not_resolved"


def test_few_cases_share_nothing_that_could_be_known():
    found = compare(Analysis(at_level(1, 1.0, cases=5)), Analysis(at_level(2, 1.05, cases=5)))
    assert {item.verdict for item in found} == {"slower"}
    assert shared_by(found) is None


def test_runs_at_one_level_share_nothing_and_half_that_moved_is_no_level():
    assert shared_by(compare(Analysis(at_level(1, 1.0)), Analysis(at_level(2, 1.0)))).is_one
    half = {f"y{place}": 1.3 for place in range(5)}
    found = compare(Analysis(at_level(1, 1.0)), Analysis(at_level(2, 1.0, **half)))
    assert sum(item.verdict == "slower" for item in found) == 5


def test_other_machines_share_no_hour():
    base, head = at_level(1, 1.0), at_level(2, 1.05)
    head.run["fingerprint"] = "elsewhere"
    found = compare(Analysis(base), Analysis(head))
    assert shared_by(found) is None
    assert {item.verdict for item in found} == {"other_machine"}


def in_environment(variables, **cases):
    """A run that says its steering variables."""
    made = stored(**cases)
    made.run["environment"] = {**made.run["environment"], "steering": variables}
    return made


def test_runs_of_unlike_environments_are_a_comparison_of_those():
    """The planted mistake: variables that steer are in no fingerprint, and nobody looks at them."""
    base, head = in_environment({}, x=STEADY), in_environment({"MKL_CBWR": "SSE2"}, x=[2 * each for each in STEADY])
    found = compared(base, head)["a/x"]
    assert found.verdict == "other_environment"
    assert found.ratio == pytest.approx(2)
    text = present.show([found], {**base.run, "machine": "m"}, {**head.run, "machine": "m"}, "table", width=200)
    assert "environment differs: MKL_CBWR unset in the base, SSE2 in the head" in text
    assert "compares those, not two versions of code" in text


def test_a_run_from_before_variables_were_recorded_is_compared_with_a_line_of_doubt():
    base, head = stored(x=STEADY), in_environment({"MKL_CBWR": "SSE2"}, x=STEADY)
    found = compared(base, head)["a/x"]
    assert found.verdict == "not_resolved"
    text = present.show([found], {**base.run, "machine": "m"}, {**head.run, "machine": "m"}, "table", width=200)
    assert "The base does not say what its environment was; the other run had MKL_CBWR=SSE2." in text
