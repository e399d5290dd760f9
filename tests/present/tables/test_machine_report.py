"""What the doctor tells of a machine."""

from __future__ import annotations

from pathlib import Path

from bench.measure.machine.placement import placement
from bench.present.tables.machine_report import placement_lines
from tests.measure.machine import trees
from tests.measure.machine.trees import planted


def lines(cpus: range, *files: dict[str, str], root: Path) -> list[str]:
    return placement_lines({"placement": placement(cpus, planted(root, *files))})


def test_kinds_of_core_the_quota_and_the_rank_are_told(tmp_path: Path) -> None:
    assert lines(range(12), trees.HYBRID, trees.half_a_core(), trees.NICE, root=tmp_path) == [
        "kinds of core  P: 0-7; E: 8-11 (by cpu_core and cpu_atom)",
        "shared cores   4 with 2 CPUs each",
        "runs on        0-7",
        "quota          0.5 core: 50 of 100 ms; stopped in 12 of 40 periods so far",
        "priority       niceness 10, policy batch",
    ]


def test_nodes_are_told_where_there_are_several(tmp_path: Path) -> None:
    assert lines(range(16), trees.TWO_NODES, root=tmp_path) == [
        "kinds of core  one: 0-15",
        "NUMA nodes     0: 0-3,8-11; 1: 4-7,12-15",
        "shared cores   8 with 2 CPUs each",
        "runs on        0-3,8-11",
        "quota          none",
    ]


def test_a_machine_without_differences_takes_two_lines(tmp_path: Path) -> None:
    assert lines(range(4), trees.PLAIN, root=tmp_path) == ["kinds of core  one: 0-3", "quota          none"]


def test_a_run_that_did_not_record_it_has_no_lines() -> None:
    assert placement_lines({"cpu": {"affinity": [0]}}) == []
