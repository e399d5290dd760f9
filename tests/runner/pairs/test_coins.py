"""Which core the coin of a pair falls on: of one kind, of one node, and never a second CPU of a core."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from bench.measure.machine.placement import placement
from bench.plan.catalog import find
from bench.protocol import VERSION, Hello
from bench.protocol.placement import Placement
from bench.records import Case, ComparedCase, Planned, Settings
from bench.runner.launches.schedule import Assignment
from bench.runner.pairs import pair_loop
from bench.runner.pairs.pair import Pair
from bench.runner.pairs.pair_context import PairListener
from bench.runner.stop_request import Stop
from bench.runner.thread_counts import threads_of
from tests.measure.machine import trees
from tests.measure.machine.trees import planted

FILE = Path(__file__).parents[2] / "workload_files" / "sided.py"
CASE = Case.from_key("sided/cores[how=one]")


def hello_of(root: Path, cpus: range, *files: dict[str, str], physical: int = 4) -> Hello:
    """What a worker says on a recorded machine."""
    told = placement(cpus, planted(root, *files))
    return Hello(VERSION, {"cpu": {"affinity": list(cpus), "physical": physical}, "placement": told}, {"cuda": "no"})


class Silent(PairListener):
    """Takes nothing down: nothing is measured."""


@pytest.mark.parametrize(
    ("tree", "cpus", "cores"),
    [
        (trees.HYBRID, range(12), {0, 2, 4, 6}),
        (trees.TWO_NODES, range(16), {0, 1, 2, 3}),
        (trees.ARM, range(8), {4, 5, 6, 7}),
        (trees.PLAIN, range(4), {0, 1, 2, 3}),
    ],
    ids=["hybrid", "two nodes", "arm", "plain"],
)
def test_the_coins_of_pairs_fall_on_cores_of_one_kind_and_node(tmp_path, tree, cpus, cores):
    planned = Planned(CASE, find([FILE], installed=False)[CASE.workload].source)
    hello = hello_of(tmp_path / "machine", cpus, tree)
    context = pair_loop.pair_context_of(tmp_path, pair_loop.SAME, Settings(), hello, Stop(), Silent())
    compared = ComparedCase(planned, planned)
    drawn = {Pair(Assignment(number, 1, (compared,), compiled=False), context)._cpu for number in range(60)}
    assert drawn == cores


def test_cores_are_drawn_from_as_before_where_all_are_alike(tmp_path):
    """What a seed means stays what it was."""
    coins = Placement.of(hello_of(tmp_path, range(4), trees.PLAIN).facts).coins()
    assert [random.Random(seed).choice(coins) for seed in range(20)] == [
        random.Random(seed).choice([0, 1, 2, 3]) for seed in range(20)
    ]


@pytest.mark.parametrize(
    ("quota", "threads"), [("max 100000", 4), ("250000 100000", 2), ("50000 100000", 1), ("900000 100000", 4)]
)
def test_physical_is_no_more_than_a_quota_is_worth(tmp_path, quota, threads):
    hello = hello_of(tmp_path, range(4), trees.PLAIN, trees.half_a_core(quota=quota))
    assert threads_of("physical", hello) == threads
    assert threads_of(3, hello) == 3
