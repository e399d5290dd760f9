"""Two stored runs beside each other."""

from __future__ import annotations

import pytest

from bench.analyse.rows.analysis import Analysis
from bench.analyse.two_runs import compare
from bench.present.tables import two_runs_table as present

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
