"""Where a process may run, as the files of other machines say it."""

from __future__ import annotations

import json
import os

import pytest

from bench.measure.machine import cgroups
from bench.measure.machine.placement import keep_home, placement, scheduling
from bench.protocol.placement import Placement, Quota, cpus_of
from tests.measure.machine import trees
from tests.measure.machine.trees import planted


def place_of(root, cpus, *files) -> Placement:
    """The facts of a machine as another process reads them."""
    told = placement(cpus_of(cpus), planted(root, *files))
    return Placement.of({"placement": json.loads(json.dumps(told))})


# --- kinds of core --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tree", "kinds", "known_by"),
    [
        (trees.PLAIN, {"": (0, 1, 2, 3)}, ""),
        (trees.HYBRID, {"P": tuple(range(8)), "E": (8, 9, 10, 11)}, "cpu_core and cpu_atom"),
        (trees.ARM, {"capacity 1024": (4, 5, 6, 7), "capacity 446": (0, 1, 2, 3)}, "cpu_capacity"),
        (trees.FAVOURED, {"": (0, 1, 2, 3)}, ""),
        (trees.COMPACT, {"performance 196": (0, 1), "performance 140": (2, 3)}, "acpi_cppc/highest_perf"),
        (trees.CLOCKS_ALONE, {"": (0, 1, 2, 3)}, ""),
    ],
    ids=["plain", "hybrid", "arm", "favoured", "compact", "clocks"],
)
def test_kinds_are_told_by_the_best_file_that_there_is(tmp_path, tree, kinds, known_by):
    assert place_of(tmp_path, "0-3", tree).kinds == kinds
    assert placement((0,), tmp_path)["kinds_by"] == known_by


def test_clock_rates_are_a_hint_and_no_kind(tmp_path):
    assert place_of(tmp_path, "0-3", trees.CLOCKS_ALONE).frequencies == "4800 MHz 0-1, 3600 MHz 2-3"
    assert place_of(tmp_path / "alike", "0-3", trees.FAVOURED).frequencies == ""


def test_nodes_and_shared_cores_are_read(tmp_path):
    place = place_of(tmp_path, "0-15", trees.TWO_NODES)
    assert place.nodes == {"0": (0, 1, 2, 3, 8, 9, 10, 11), "1": (4, 5, 6, 7, 12, 13, 14, 15)}
    assert place.siblings == tuple((cpu, cpu + 8) for cpu in range(8))


def test_a_system_without_these_files_tells_its_cpus_alone(tmp_path):
    place = place_of(tmp_path, "0-1")
    assert (place.cpus, place.kinds, place.nodes, place.quota, place.nice) == ((0, 1), {"": (0, 1)}, {}, None, None)
    assert (place.home(1), place.home(2), place.coins()) == ((0, 1), (0, 1), (0, 1))


# --- quotas ---------------------------------------------------------------------------------------------------------


def test_a_container_of_half_a_core_is_told_with_its_stops(tmp_path):
    told = placement((0,), planted(tmp_path, trees.half_a_core()))
    assert told["cpuset"] == "0-2"
    assert told["quota"] == {
        "cores": 0.5, "quota_us": 50_000, "period_us": 100_000, "periods": 40, "throttled": 12, "throttled_s": 0.6,
    }  # fmt: skip


def test_the_limit_of_a_parent_binds_too(tmp_path):
    told = placement((0,), planted(tmp_path, trees.BY_PARENT))
    assert (told["quota"]["cores"], told["quota"]["throttled"], told["cpuset"]) == (1.5, 2, "0-3")


def test_of_several_limits_the_tightest_is_told(tmp_path):
    own = {"sys/fs/cgroup/user.slice/user-1000.slice/session-3.scope/cpu.max": "50000 200000"}
    assert placement((0,), planted(tmp_path, trees.BY_PARENT, own))["quota"]["cores"] == 0.25
    assert len(cgroups.limits(tmp_path)) == 2


def test_version_1_is_read_in_its_own_units(tmp_path):
    told = placement((1,), planted(tmp_path, trees.VERSION_1))
    assert told["cpuset"] == "1-2"
    assert told["quota"] == {
        "cores": 0.5, "quota_us": 25_000, "period_us": 50_000, "periods": 30, "throttled": 4, "throttled_s": 0.25,
    }  # fmt: skip


@pytest.mark.parametrize("tree", [trees.half_a_core(quota="max 100000"), trees.UNLIMITED_1], ids=["2", "1"])
def test_without_a_limit_there_is_no_quota(tmp_path, tree):
    assert placement((0,), planted(tmp_path, tree))["quota"] is None


def test_a_group_outside_of_the_mount_is_not_looked_for(tmp_path):
    """Inside a name space the kernel may tell `/../other`."""
    strange = {**trees.half_a_core(), "proc/self/cgroup": "0::/../../other"}
    assert placement((0,), planted(tmp_path, strange))["quota"]["cores"] == 0.5


# --- rank -----------------------------------------------------------------------------------------------------------


def test_niceness_and_policy_are_read_past_any_name(tmp_path):
    assert scheduling(planted(tmp_path, trees.NICE)) == (10, "batch")


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="this system has no /proc")
def test_niceness_here_is_what_the_system_says():
    assert scheduling() == (os.getpriority(os.PRIO_PROCESS, 0), "other")


# --- held there -----------------------------------------------------------------------------------------------------


@pytest.fixture
def held(monkeypatch):
    """The CPUs that each thread was held to."""
    found = {}
    monkeypatch.setattr(os, "sched_setaffinity", lambda thread, cpus: found.update({thread: set(cpus)}), raising=False)
    return found


def test_a_process_is_held_to_one_kind_with_all_its_threads(tmp_path, held):
    keep_home(place_of(tmp_path, "0-11", trees.HYBRID), 1)
    assert os.getpid() in held
    assert set(map(frozenset, held.values())) == {frozenset(range(8))}


def test_where_all_cores_are_alike_nothing_is_held(tmp_path, held):
    keep_home(place_of(tmp_path, "0-3", trees.PLAIN), 2)
    assert held == {}


def test_where_a_machine_has_nothing_better_nothing_is_held(tmp_path, held):
    keep_home(place_of(tmp_path, "8-11", trees.HYBRID), 2)
    assert held == {}


def test_the_quota_of_the_facts_is_that_of_findings(tmp_path):
    quota = place_of(tmp_path, "0", trees.half_a_core()).quota
    assert quota == Quota(50_000, 100_000)
    assert (quota.cores, quota.longest_ms(1), quota.longest_ms(2)) == (0.5, 50.0, 25.0)
