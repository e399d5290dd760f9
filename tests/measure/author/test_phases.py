"""Phases are named and held to the contract where their author declares them."""

from __future__ import annotations

import pytest

from bench.analyse.rows.once import ONCE
from bench.measure.author.contract import inspect
from bench.measure.dispatcher import Dispatcher
from bench.plan.catalog import find
from bench.protocol import Open, Opened, Refused
from bench.records import Case, Settings
from bench.series import BESIDE, BY, RIVALS, Series
from bench.workload import Prepared, Work, phase_name_fault

FILE = '''
import torch
from bench.workload import Context, Prepared, Work, workload


@workload(lesson="Phases")
def parts(ctx: Context) -> Prepared:
    """A step of two parts."""
    a = torch.ones(4, 4)
    exact = a.double() @ a.double()

    def check(out):
        return ctx.relative_error(out, exact)

    return Prepared(lambda: a @ a, check, Work(flops=128, items=1), phases=PHASES)
'''
GOOD = "{'multiply': lambda: a @ a, 'add up': lambda: a.sum()}"

REFUSED = {
    "step": "phase 'step' has a name that the harness uses itself: call it 'own_step', or what it does",
    "first_call": "call it 'own_first_call', or what it does",
    "build": "call it 'own_build', or what it does",
    "compile_cold": "call it 'own_compile_cold', or what it does",
    "beside pyperf": "call it 'own_beside pyperf', or what it does",
    "by pyperf": "call it 'own_by pyperf', or what it does",
    "to:host": "phase 'to:host' has a colon, which separates phase and clock in stored times: call it 'to_host'",
    "": "a phase needs a name of at least one character, not '': write phases={'forward': forward}",
    " ": "a phase needs a name",
}


@pytest.fixture
def source_of(tmp_path):
    """Writes a workload with these phases, and returns its key and source."""

    def make(phases):
        file = tmp_path / "mine.py"
        file.write_text(FILE.replace("PHASES", phases))
        (item,) = find([file], installed=False).values()
        return Case.of(item.name, {}).key, item.source

    return make


def test_phases_with_names_of_their_own_are_taken(source_of):
    key, source = source_of(GOOD)
    inspected = inspect(key, source, Settings())
    assert inspected.faults == []
    assert "its phases return what they computed" in inspected.passed
    opened = Dispatcher(lambda stage: None).answer(Open(key, source, Settings(warm_s=0.001, warm_cap_s=0.01)))
    assert isinstance(opened, Opened)
    assert set(opened.steps) == {Series(phase, "wall") for phase in ("step", "multiply", "add up")}


@pytest.mark.parametrize("name", REFUSED)
def test_a_name_that_the_harness_needs_is_refused_by_check_with_what_to_do(source_of, name):
    (fault,) = inspect(*source_of(f"{{{name!r}: lambda: a[0]}}"), Settings()).faults
    assert fault.rule == "it prepares"
    assert REFUSED[name] in fault.message
    assert "mine.py" in fault.message  # and where


@pytest.mark.parametrize("name", REFUSED)
def test_a_name_that_the_harness_needs_is_refused_by_a_run_before_anything_is_timed(source_of, name):
    key, source = source_of(f"{{{name!r}: lambda: a[0]}}")
    refused = Dispatcher(lambda stage: None).answer(Open(key, source, Settings()))
    assert isinstance(refused, Refused)
    assert refused.outcome == "failed"
    assert REFUSED[name] in refused.reason
    assert {"first_call_ns", "warm_calls"}.isdisjoint(refused.facts)


@pytest.mark.parametrize("name", [*ONCE, *(BESIDE + rival for rival in RIVALS), *(BY + rival for rival in RIVALS)])
def test_every_phase_of_the_harness_is_reserved(name):
    assert phase_name_fault(name)


@pytest.mark.parametrize("name", ["to_device", "steps", "building", "first", "bypass", "recompile_", "zwei Schritte"])
def test_other_names_are_free(name):
    assert phase_name_fault(name) == ""


def test_a_name_that_is_no_text_is_refused():
    with pytest.raises(ValueError, match="at least one character, not 3"):
        Prepared(lambda: 0, lambda out: 0.0, Work(items=1), phases={3: lambda: 0})


def test_a_phase_that_returns_nothing_is_refused_by_check(source_of):
    (fault,) = inspect(*source_of("{'multiply': lambda: a @ a, 'drop': lambda: None}"), Settings()).faults
    assert fault.rule == "its phases return what they computed"
    assert fault.message == "phase 'drop' returns None: return what it computed, as the step does"


def test_a_phase_that_spoils_the_step_is_refused_by_check(source_of):
    (fault,) = inspect(*source_of("{'fill': lambda: a.fill_(2)}"), Settings()).faults
    assert fault.rule == "its phases return what they computed"
    assert "after phase 'fill' the relative error of the step is 3" in fault.message


def test_a_phase_that_raises_is_told_with_the_authors_own_line(source_of):
    (fault,) = inspect(*source_of("{'divide': lambda: 1 / 0}"), Settings()).faults
    assert fault.rule == "its phases return what they computed"
    assert "mine.py" in fault.message
    assert "ZeroDivisionError" in fault.message
