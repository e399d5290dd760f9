"""Which process the pairs of a round are forked from: a fresh one for each, started ahead where more are sure."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from bench.records import BASE, HEAD, Case, ComparedCase, Planned, Settings, Source
from bench.runner.launches.schedule import Assignment
from bench.runner.pairs import pair_loop, round_starters
from bench.runner.pairs.pair_context import PairContext
from bench.runner.pairs.round_starters import RoundStarters
from bench.runner.starter import StarterError
from bench.runner.stop_request import Stop
from bench.runner.worker import HERE, MachineUnfitError, SideCode
from bench.series import Series

PLANNED = Planned(Case.of("a/b", {}), Source("a.py", "b"))


def dealt(compiled: bool = False):
    return [Assignment(0, 1, (ComparedCase(PLANNED, PLANNED),), compiled)]


class Made:
    """Starters that were made, in order, and what became of them."""

    def __init__(self, breaks: bool = False) -> None:
        self.made: list[FakeStarter] = []
        self.breaks = breaks

    def __call__(self, python, environment, modules=()):
        self.made.append(FakeStarter(frozenset(modules), self.breaks))
        return self.made[-1]


@dataclasses.dataclass
class FakeStarter:
    modules: frozenset[str]
    breaks: bool = False
    waited: bool = False
    ended: bool = False

    def wait(self, seconds, stop):
        if self.breaks:
            raise StarterError("no torch")
        self.waited = True

    def end(self):
        self.ended = True


@pytest.fixture
def made(monkeypatch):
    found = Made()
    monkeypatch.setattr(round_starters, "Starter", found)
    monkeypatch.setattr(round_starters, "cores", lambda: 2)
    return found


def context(can_fork: bool = True, sides=pair_loop.SAME) -> PairContext:
    return PairContext(
        sides=sides, settings=Settings(), stop=Stop(), threads=int, caches=Path(), listener=None, can_fork=can_fork
    )


def test_each_round_has_a_fresh_one_that_ends_with_it(made):
    with RoundStarters(context()) as starters:
        with starters.one(dealt(), 1) as first:
            assert first.waited
            assert not first.ended
        with starters.one(dealt(), 1) as second:
            assert first.ended
            assert second is not first
    assert all(each.ended for each in made.made)


def test_once_a_first_pair_was_measured_those_of_sure_rounds_start_together(made):
    about = context()
    with RoundStarters(about) as starters:
        with starters.one(dealt(), 8):
            assert len(made.made) == 1
        about.learned.steps["a/b"] = {Series("step", "wall"): 1}
        with starters.one(dealt(), 8):
            assert len(made.made) == 3
            assert all(each.waited for each in made.made)  # none of them imports while something is timed
        with starters.one(dealt(), 7):
            assert len(made.made) == 3
    assert all(each.ended for each in made.made)


def test_the_one_that_looked_at_the_sides_serves_the_first_round(made):
    probe = FakeStarter(frozenset())
    with RoundStarters(context(), probe) as starters, starters.one(dealt(), 8) as first:
        assert first is probe
        assert first.waited
    assert probe.ended
    assert made.made == []


def test_one_that_lacks_what_the_round_imports_is_ended(made):
    probe, about = FakeStarter(frozenset()), context()
    about.learned.heavy.add("torch._dynamo.eval_frame")
    with RoundStarters(about, probe) as starters, starters.one(dealt(compiled=True), 1) as first:
        assert probe.ended
        assert first.modules == {"torch._dynamo", "torch._dynamo.eval_frame", round_starters.COMPILER}


@pytest.mark.parametrize(
    "about", [context(can_fork=False), context(sides={BASE: HERE, HEAD: SideCode("another")})], ids=["cuda", "pythons"]
)
def test_where_the_sides_cannot_be_forks_of_one_there_is_none(made, about):
    with RoundStarters(about) as starters, starters.one(dealt(), 3) as starter:
        assert starter is None
    assert made.made == []


def test_one_that_does_not_come_up_is_a_machine_on_which_nothing_can_run(made):
    made.breaks = True
    with (
        RoundStarters(context()) as starters,
        pytest.raises(MachineUnfitError, match="no torch"),
        starters.one(dealt(), 1),
    ):
        pass
    assert all(each.ended for each in made.made)
