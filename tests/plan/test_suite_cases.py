"""Tests of a suite as cases: their keys, and what two trees have in common."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.plan.function_identity import identity
from bench.plan.suite_cases import CollectedSide, keys_of, side_by_side
from bench.protocol import Collected
from bench.records import Case
from bench.suites import FoundTest, OtherTest, Suite
from tests.tiers import examples

FILE = """
import pytest

@pytest.fixture
def of_its_own():
    return 1

@pytest.fixture(autouse=True)
def around_all():
    yield 1

def helper(x):
    return x

@pytest.fixture
def by_text():
    return helper(1)

@pytest.mark.usefixtures("by_text")
@pytest.mark.parametrize("size", [1, 2])
def test_a(benchmark, size):
    benchmark(int)

class TestB:
    rows = 3

    def test_c(self, benchmark):
        benchmark(int)

    def test_d(self, benchmark, of_its_own):
        benchmark(int)
"""


def found(name, params=None, path="test_x.py"):
    family, _, function = name.partition("::")
    return FoundTest(name, family, function, params or {}, path, path, 1, function.partition("[")[0])


@given(params=st.dictionaries(st.text(min_size=1), st.text(), max_size=3), name=st.text(min_size=1))
@settings(max_examples=examples(200))
def test_every_name_and_parameter_gives_a_key_that_reads_back(params, name):
    (key,) = keys_of([found(name, params)]).values()
    assert Case.from_key(key).key == key
    assert (Case.from_key(key)["device"], Case.from_key(key)["threads"]) == ("cpu", 1)


def test_a_parameter_is_readable_and_names_that_look_alike_have_keys_of_their_own():
    names = ("a-b::test[x]", "a_b::test[x]", "a.b::test[x]", "a/b::test[x]")
    keys = keys_of([found(name, {"param": "1024-float32"}) for name in names])
    assert len(set(keys.values())) == 4
    assert keys["a_b::test[x]"].startswith("a_b/test-x")
    assert "param=1024-float32" in keys["a_b::test[x]"]


def test_a_parameter_called_as_an_axis_of_every_case_is_no_such_axis():
    (key,) = keys_of([found("a::test", {"device": "cuda", "threads": "4"})]).values()
    assert (Case.from_key(key)["device"], Case.from_key(key)["device_"]) == ("cpu", "cuda")


@pytest.fixture
def sides(tmp_path):
    """Base, its copy and head, each with the tests of one file; the head's is the base's text until it is written."""
    made = {}
    for name in ("base", "twin", "head"):
        root = tmp_path / name
        root.mkdir()
        path = str(root / "test_x.py")
        (root / "test_x.py").write_text(FILE)
        tests = [
            FoundTest(f"test_x.py::{one}", "test_x", one, {}, path, path, 5, one.replace("::", "."))
            for one in ("test_a", "TestB::test_c", "TestB::test_d")
        ]
        made[name] = CollectedSide(root, Suite("pytest", str(root)), Collected(tests, [], 0, {}))
    return made


def matched(sides):
    return side_by_side(sides["base"], sides["base"].on_copy(sides["twin"].root), sides["head"])


def names(keys):
    return sorted(key.partition("[")[0] for key in keys)


def test_tests_are_matched_by_name_and_the_copy_has_paths_of_its_own(sides):
    sided = matched(sides)
    assert names(item.case.key for item in sided.coupled) == [
        "test_x/TestB-test_c",
        "test_x/TestB-test_d",
        "test_x/test_a",
    ]
    first = sided.coupled[0]
    assert first.base.source.path == str(sides["base"].root / "test_x.py")
    assert first.head.source.suite.folder == str(sides["head"].root)
    assert sided.twins[0].head.source.path == str(sides["twin"].root / "test_x.py")
    assert sided.twins[0].head.source.suite.folder == str(sides["twin"].root)
    assert sided.tests[first.case.key] == {"name": "test_x.py::test_a", "file": "test_x.py", "line": 5}


def test_a_test_that_changed_is_not_compared_and_its_neighbours_are(sides):
    text = FILE.replace(
        "def test_c(self, benchmark):\n        benchmark(int)", "def test_c(self, benchmark):\n        benchmark(str)"
    )
    (sides["head"].root / "test_x.py").write_text("# a comment\n" + text)
    sided = matched(sides)
    assert names(sided.changed) == ["test_x/TestB-test_c"]
    assert names(item.case.key for item in sided.coupled) == ["test_x/TestB-test_d", "test_x/test_a"]


def test_what_one_side_lacks_and_what_is_no_case_is_listed(sides):
    base, head = sides["base"].found, sides["head"].found
    others = [OtherTest("test_x.py::test_async", "it is async")]
    sides["base"] = replace(sides["base"], found=replace(base, others=[*others, OtherTest("old", "gone")]))
    broken = {"test_z.py": "Traceback\nE   ImportError: no z"}
    sides["head"] = replace(
        sides["head"], found=replace(head, tests=head.tests[:2], others=others, unused=3, faults=broken)
    )
    sided = matched(sides)
    assert names(sided.only_base) == ["test_x/TestB-test_d"]
    assert sided.no_cases == (
        "test_x.py::test_async: it is async",
        "test_z.py: it cannot be collected: ImportError: no z",
        "old, on the base: gone",
        "3 tests do not use the benchmark fixture",
    )


@pytest.mark.parametrize(
    ("qualified", "old", "new", "is_same"),
    [
        ("test_a", "[1, 2]", "[1, 3]", False),  # its decorator
        ("test_a", "rows = 3", "rows = 4", True),
        ("TestB.test_c", "rows = 3", "rows = 4", False),  # of its class
        ("TestB.test_c", "def test_d(self, benchmark, of_its_own)", "def test_e(self, benchmark)", True),
        ("test_made", "rows = 3", "rows = 4", False),  # no function of the file: the whole file counts
        ("TestB.test_d", "of_its_own():\n    return 1", "of_its_own():\n    return 2", False),  # a fixture, by its name
        ("test_a", "of_its_own():\n    return 1", "of_its_own():\n    return 2", True),
        ("test_a", "around_all():\n    yield 1", "around_all():\n    yield 2", False),  # a fixture of all tests
        ("test_a", "by_text():\n    return helper(1)", "by_text():\n    return helper(2)", False),
        ("test_a", "helper(x):\n    return x", "helper(x):\n    return x + 1", False),
    ],
)
def test_the_identity_of_a_test_is_that_of_its_function_and_its_class(tmp_path, qualified, old, new, is_same):
    first, second = tmp_path / "one.py", tmp_path / "two.py"
    first.write_text(FILE)
    second.write_text(FILE.replace(old, new))
    assert (identity(first, qualified) == identity(second, qualified)) is is_same
