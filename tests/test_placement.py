"""Which cores processes are held to, and among which ones coins choose, on machines whose cores are not all alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.measure.machine.placement import placement
from bench.protocol.placement import Placement, cpus_of, text_of
from tests.measure.machine import trees
from tests.measure.machine.trees import planted


@pytest.fixture
def on(tmp_path):
    """Where a process may run on a machine, with some of its CPUs."""

    def place(tree, cpus: str) -> Placement:
        return Placement.of({"placement": placement(cpus_of(cpus), planted(tmp_path, tree))})

    return place


@pytest.mark.parametrize(
    ("tree", "allowed", "threads", "home"),
    [
        # hybrid: P cores 0-7, two CPUs each; E cores 8-11
        (trees.HYBRID, "0-11", 1, "0-7"),
        (trees.HYBRID, "0-11", 2, "0,2,4,6"),
        (trees.HYBRID, "0-11", 4, "0,2,4,6"),
        (trees.HYBRID, "0-11", 5, "0,2,4,6,8-11"),  # more than there are P cores: a mixture, and a finding
        (trees.HYBRID, "0-11", 12, "0-11"),
        (trees.HYBRID, "8-11", 1, "8-11"),
        (trees.HYBRID, "1,8-11", 1, "8-11"),  # one P core: what a step starts would have to share it
        (trees.HYBRID, "1,8", 1, "1,8"),
        (trees.HYBRID, "3", 1, "3"),
        # two nodes of four cores, two CPUs each
        (trees.TWO_NODES, "0-15", 1, "0-3,8-11"),
        (trees.TWO_NODES, "0-15", 4, "0-3"),
        (trees.TWO_NODES, "0-15", 8, "0-7"),  # as many as there are cores: on both nodes, not two on a core
        (trees.TWO_NODES, "0-15", 16, "0-15"),
        (trees.TWO_NODES, "3-7", 2, "4-7"),  # the node with more of them
        # big and little
        (trees.ARM, "0-7", 1, "4-7"),
        (trees.ARM, "0-7", 8, "0-7"),
        (trees.PLAIN, "0-3", 1, "0-3"),
        (trees.PLAIN, "1-2", 2, "1-2"),
    ],
)
def test_a_process_is_held_to_cores_of_one_kind_and_one_node(on, tree, allowed, threads, home):
    assert text_of(on(tree, allowed).home(threads)) == home


@pytest.mark.parametrize(
    ("tree", "allowed", "coins"),
    [
        (trees.HYBRID, "0-11", "0,2,4,6"),
        (trees.HYBRID, "1,8", "1"),
        (trees.HYBRID, "8-11", "8-11"),
        (trees.TWO_NODES, "0-15", "0-3"),
        (trees.TWO_NODES, "4-15", "8-11"),
        (trees.HYBRID, "1,8-11", "8-11"),
        (trees.ARM, "0-7", "4-7"),
        (trees.PLAIN, "0-3", "0-3"),
        (trees.CLOCKS_ALONE, "0-3", "0-3"),
    ],
)
def test_coins_choose_among_cores_of_one_kind_and_node_and_one_cpu_of_each(on, tree, allowed, coins):
    place = on(tree, allowed)
    assert text_of(place.coins()) == coins
    assert len(place.kinds_among(place.coins())) == 1
    assert len(place.nodes_among(place.coins())) == 1
    assert not [core for core in place.siblings if len(set(core) & set(place.coins())) > 1]


MACHINES = {"hybrid": trees.HYBRID, "nodes": trees.TWO_NODES, "arm": trees.ARM, "plain": trees.PLAIN}


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    """The root of each machine."""
    return {name: planted(tmp_path_factory.mktemp(name), tree) for name, tree in MACHINES.items()}


@given(st.sampled_from(sorted(MACHINES)), st.sets(st.integers(0, 15), min_size=1), st.integers(1, 16))
def test_a_home_is_among_the_allowed_and_has_a_core_for_each_thread_if_they_do(roots, name, some, threads):
    root = roots[name]
    online = set(cpus_of((root / trees.CPU / "online").read_text()))
    allowed = tuple(sorted(some & online)) or (0,)
    place = Placement.of({"placement": placement(allowed, root)})
    home, cores = set(place.home(threads)), lambda cpus: {place.core_of(cpu) for cpu in cpus}
    assert home <= set(allowed)
    assert home
    assert len(cores(home)) >= min(threads, len(cores(allowed)))
    if len(cores(allowed)) >= threads > 1:
        assert len(cores(home)) == len(home)
    assert set(place.coins()) <= set(place.home(1))
    assert place.coins()


def test_a_run_that_did_not_record_it_tells_its_affinity_alone():
    place = Placement.of({"cpu": {"affinity": [0, 2]}})
    assert (place.cpus, place.home(1), place.home(2), place.coins()) == ((0, 2),) * 4
    assert Placement.of({}).coins() == ()


@given(st.sets(st.integers(0, 300)))
def test_a_list_of_cpus_is_read_back(cpus):
    assert cpus_of(text_of(cpus)) == tuple(sorted(cpus))


@pytest.mark.parametrize(("text", "cpus"), [("", ()), ("0", (0,)), ("0-3,8,10-11\n", (0, 1, 2, 3, 8, 10, 11))])
def test_a_list_is_read_as_the_kernel_writes_it(text, cpus):
    assert cpus_of(text) == cpus
