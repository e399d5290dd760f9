"""The host of an asv suite, in workers that answer as those of a pair do."""

from __future__ import annotations

import textwrap

import pytest

from bench.measure.suites.asv_benchmarks import folder_of
from bench.protocol import Opened
from tests.measure.suites.hosted import Hosted

pytestmark = pytest.mark.timeout(300)  # each worker imports torch

SUITE = """
class TimeSort:
    params = [[10, 20], ["up", "down"]]
    param_names = ["size", "order"]

    def setup(self, size, order):
        if size == 20 and order == "down":
            raise NotImplementedError("too dear")
        self.rows = sorted(range(size), reverse=order == "down")

    def time_sorted(self, size, order):
        assert len(sorted(self.rows)) == size

    def peakmem_sorted(self, size, order):
        pass


class Attribute:
    def __get__(self, instance, owner):
        return instance.missing  # an AttributeError without an instance


class TimeCached:
    held = Attribute()
    number = 1

    def setup_cache(self):
        with open("cached.txt", "a") as file:
            file.write("cached ")
        return [1, 2]

    def setup(self, rows):
        self.rows = list(rows)

    def teardown(self, rows):
        assert self.rows == []

    def time_emptied(self, rows):
        while self.rows:
            self.rows.pop()
        rows.append(3)


def time_plain():
    sum(range(10))


def time_wrong():
    raise ValueError("wrong here")


def timeraw_import():
    return "import json"


def helper():
    pass
"""


@pytest.fixture
def hosted(tmp_path):
    made = Hosted(tmp_path, "asv")
    made.write("benchmarks/__init__.py", "")
    made.write("benchmarks/sorting.py", textwrap.dedent(SUITE))
    yield made
    made.end()


def test_benchmarks_are_found_with_each_combination_of_their_parameters(hosted):
    found = hosted.collect()
    names = [test.name for test in found.tests]
    assert [name for name in names if "sorted" in name] == [
        f"sorting.TimeSort.time_sorted({size}, {order!r})" for size in (10, 20) for order in ("up", "down")
    ]
    assert [name for name in names if "sorted" not in name] == [
        *("sorting.TimeCached.time_emptied", "sorting.time_plain", "sorting.time_wrong"),
    ]
    assert found.tests[0].params == {"size": "10", "order": "'up'"}
    assert {each.name: each.reason for each in found.others} == {
        "sorting.TimeSort.peakmem_sorted": "it is of kind peakmem: only time_* is compared",
        "sorting.timeraw_import": "it is of kind timeraw: only time_* is compared",
    }


def test_a_pattern_chooses_and_a_module_that_does_not_import_is_named(hosted):
    hosted.write("benchmarks/broken.py", "import nosuchmodule\n")
    found = hosted.collect("benchmarks", "plain|wrong")
    assert [test.name for test in found.tests] == ["sorting.time_plain", "sorting.time_wrong"]
    assert "nosuchmodule" in found.faults["benchmarks.broken"]
    assert "there is no folder nosuch" in hosted.collect("nosuch").error


def test_setup_and_cache_come_before_and_a_single_call_has_a_setup_of_its_own(hosted):
    hosted.begin()
    opened, _ = hosted.through("time_emptied", blocks=3)
    assert list(opened.steps.values()) == [1]
    opened, _ = hosted.through("time_sorted(10, 'down')")
    assert min(opened.steps.values()) > 1
    assert (hosted.folder / "cached.txt").read_text() == "cached "


def test_several_can_be_open_at_once(hosted):
    hosted.begin()
    first, second = hosted.open("time_plain"), hosted.open("time_sorted(20, 'up')")
    assert isinstance(first, Opened)
    assert isinstance(second, Opened)
    hosted.block(second)
    hosted.block(first)


@pytest.mark.parametrize(
    ("name", "outcome", "reason"),
    [
        ("time_sorted(20, 'down')", "skipped", "its setup raises NotImplementedError: too dear"),
        ("time_wrong", "failed", "ValueError: wrong here"),
    ],
)
def test_a_benchmark_that_cannot_run_says_why(hosted, name, outcome, reason):
    hosted.begin()
    refused = hosted.refused(name)
    assert (refused.outcome, refused.reason) == (outcome, reason)


def test_the_folder_is_the_one_named_that_of_the_configuration_or_benchmarks(tmp_path):
    assert folder_of(tmp_path, []) == tmp_path / "benchmarks"
    assert folder_of(tmp_path, ["perf"]) == tmp_path / "perf"
    (tmp_path / "perf").mkdir()
    (tmp_path / "perf" / "asv.conf.json").write_text('{ // of asv\n "benchmark_dir": "suite" }')
    assert folder_of(tmp_path, ["perf"]) == tmp_path / "perf" / "suite"
    (tmp_path / "asv.conf.json").write_text('{"benchmark_dir": "speed"}')
    assert folder_of(tmp_path, []) == tmp_path / "speed"


ASKS = """
import torch

torch.set_default_dtype(torch.{dtype})


def time_ones():
    assert torch.ones(1).dtype is torch.{dtype}
"""


def test_what_a_module_sets_when_it_is_imported_holds_for_its_own_benchmarks_alone(hosted):
    """asv imports it in a process for these alone."""
    hosted.write("benchmarks/first.py", ASKS.format(dtype="float64"))
    hosted.write("benchmarks/second.py", ASKS.format(dtype="float32"))
    hosted.begin()
    told = {name: hosted.through(f"{name}.time_ones")[1].facts for name in ("first", "second")}
    assert told["first"]["changed_settings"] == {"default dtype": ["torch.float32", "torch.float64"]}
    assert "changed_settings" not in told["second"]
