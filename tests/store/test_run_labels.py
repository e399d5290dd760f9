"""What several runs are called."""

import pytest

from bench.store import run_labels


def run(number=0, machine="2-core Intel Xeon", torch="2.13.0", created="2026-11-25T10:00:00+00:00"):
    return {
        "run": f"run-{number}", "machine": machine, "created": created, "environment": {"torch": {"version": torch}}
    }  # fmt: skip


def test_unlike_machines_keep_their_names():
    names = run_labels.labels([run(), run(machine="16-core Xeon + NVIDIA H200")])
    assert names == ["2-core Intel Xeon", "16-core Xeon + NVIDIA H200"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"torch": "2.8.0", "created": "2026-11-26T10:00:00+00:00"}, "torch 2.8.0"),
        ({"created": "2026-11-26T10:00:00+00:00"}, "2026-11-26"),
        ({"created": "2026-11-25T11:30:00+00:00"}, "2026-11-25 11:30"),
        ({}, "run-1"),
    ],
)
def test_two_of_one_name_are_told_apart_by_the_plainest_thing_that_differs(change, told):
    other = run(machine="laptop")
    first, second, third = run_labels.labels([run(), run(1, **change), other])
    assert second == f"2-core Intel Xeon ({told})"
    assert first.startswith("2-core Intel Xeon (")
    assert third == "laptop"


def test_no_two_are_alike_though_two_of_three_agree_in_all_but_their_id():
    names = run_labels.labels([run(0), run(1), run(2, torch="2.8.0")])
    assert len(set(names)) == 3
