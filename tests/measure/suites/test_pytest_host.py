"""The host of pytest-benchmark tests: real sessions of pytest, in workers that answer as those of a pair do."""

from __future__ import annotations

import textwrap

import pytest

from bench.protocol import BlockTimed, Closed, Opened, Refused
from tests.measure.suites.hosted import Hosted

pytestmark = pytest.mark.timeout(300)  # each worker imports torch


@pytest.fixture
def hosted(tmp_path):
    made = Hosted(tmp_path)
    yield made
    made.end()


def of(hosted, text, name="test_it.py"):
    """A worker that is ready for the tests of one file."""
    hosted.write(name, textwrap.dedent(text))
    hosted.begin()
    return hosted


# --- what is collected ------------------------------------------------------------------------------------------------


def test_tests_that_use_the_fixture_are_found_with_their_names_parameters_and_places(hosted):
    hosted.write(
        "tests/test_sort.py",
        textwrap.dedent(
            """
            import pytest

            @pytest.mark.benchmark(group="sorts")
            @pytest.mark.parametrize("size", [1, 2], ids=["a, [b]", "c=d"])
            def test_sorted(benchmark, size):
                benchmark(sorted, [size])

            class TestMany:
                def test_reversed(self, benchmark):
                    benchmark(list, "ab")

            def test_plain():
                pass
            """
        ),
    )
    found = hosted.collect("tests")
    assert [test.name for test in found.tests] == [
        "tests/test_sort.py::test_sorted[a, [b]]",
        "tests/test_sort.py::test_sorted[c=d]",
        "tests/test_sort.py::TestMany::test_reversed",
    ]
    first, _, last = found.tests
    assert (first.family, first.function, first.params) == ("tests/test_sort", "test_sorted", {"param": "a, [b]"})
    assert (last.family, last.qualified, last.line) == ("tests/test_sort::TestMany", "TestMany.test_reversed", 10)
    assert first.path == first.defined == str(hosted.folder / "tests" / "test_sort.py")
    assert (found.unused, found.others, found.faults, found.error) == (1, [], {}, "")


def test_what_cannot_become_a_case_is_named_with_its_reason(hosted):
    hosted.write("test_broken.py", "import nosuchmodule\n")
    hosted.write("test_lacking.py", "import pytest\npytest.importorskip('nosuchmodule')\n")
    hosted.write(
        "test_others.py",
        textwrap.dedent(
            """
            import pytest

            async def test_async(benchmark):
                benchmark(sorted, [1])

            def test_woven(benchmark_weave):
                pass

            @pytest.mark.skip(reason="not today")
            def test_skipped(benchmark):
                pass

            class TestOwn:
                @pytest.fixture
                def benchmark(self):
                    return None

                def test_own(self, benchmark):
                    pass
            """
        ),
    )
    found = hosted.collect()
    reasons = {each.name: each.reason for each in found.others}
    assert found.tests == []
    assert "it is async" in reasons["test_others.py::test_async"]
    assert "benchmark_weave" in reasons["test_others.py::test_woven"]
    assert reasons["test_others.py::test_skipped"] == "it is skipped: not today"
    assert "is that of test_others" in reasons["test_others.py::TestOwn::test_own"]
    assert "could not import 'nosuchmodule'" in reasons["test_lacking.py"]
    assert "No module named 'nosuchmodule'" in found.faults["test_broken.py"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("nosuch.py",), "file or directory not found: nosuch.py"),
        (("--nosuch",), "unrecognized arguments: --nosuch"),
    ],
)
def test_a_session_that_does_not_begin_says_why(hosted, words, why):
    hosted.write("test_it.py", "def test_it(benchmark):\n    benchmark(sorted, [1])\n")
    assert why in hosted.collect(*words).error


def test_a_plugin_that_is_blocked_is_said_to_be_missing(hosted):
    hosted.write("test_it.py", "def test_it(benchmark):\n    benchmark(sorted, [1])\n")
    (other,) = hosted.collect("-p", "no:benchmark").others
    assert other.reason == "no plugin here has a fixture `benchmark`"


def test_options_of_the_project_that_do_not_fit_are_overruled(hosted):
    hosted.write(
        "pytest.ini",
        textwrap.dedent(
            """
            [pytest]
            addopts = -n 2 --benchmark-skip --benchmark-json=told.json --junitxml=told.xml -x --lf
            timeout = 0.001
            """
        ),
    )
    of(hosted, "import time\n\ndef test_it(benchmark):\n    benchmark(time.sleep, 0.01)\n").through("test_it")
    hosted.end(20)
    assert not list(hosted.folder.glob("told.*"))
    assert not (hosted.folder / ".pytest_cache").exists()


# --- what is timed ----------------------------------------------------------------------------------------------------


def test_a_call_is_timed_in_the_middle_of_its_test_which_goes_on_with_what_it_returned(hosted):
    of(
        hosted,
        """
        import time
        import pytest

        def slept(seconds, *, add):
            time.sleep(seconds)
            return seconds + add

        def test_it(benchmark, monkeypatch):
            monkeypatch.setenv("SET", "yes")
            benchmark.extra_info["what"] = "sleep"
            benchmark.group = "sleeps"
            assert benchmark(slept, 0.002, add=1) == 1.002
            assert benchmark.stats.stats.min >= 0.002
            assert len(benchmark.stats.stats.data) == 2
            assert benchmark.name == "test_it" and benchmark.enabled
        """,
    )
    opened = hosted.open("test_it")
    assert isinstance(opened, Opened)
    assert (opened.clocks, opened.facts["error_before"]) == (["wall"], None)
    for _ in range(2):
        timed = hosted.block(opened)
        assert isinstance(timed, BlockTimed)
        assert timed.total_ns >= 2_000_000 * timed.steps
    assert isinstance(hosted.close(opened), Closed)


def test_pedantic_calls_have_their_arguments_their_setup_and_their_teardown(hosted):
    of(
        hosted,
        """
        LIVING = []

        def set_up():
            LIVING.append([3, 1, 2])
            return (LIVING[-1],), {"reverse": True}

        def tear_down(rows, reverse):
            assert LIVING.pop() is rows

        def in_place(rows, reverse=False):
            assert rows == [3, 1, 2]  # of a setup of its own
            rows.sort(reverse=reverse)
            return rows

        def test_set_up(benchmark):
            assert benchmark.pedantic(in_place, setup=set_up, rounds=3) == [3, 2, 1]

        def test_torn_down(benchmark):
            assert benchmark.pedantic(in_place, setup=set_up, teardown=tear_down, rounds=3) == [3, 2, 1]
            assert LIVING == []

        def test_arguments(benchmark):
            assert benchmark.pedantic(sorted, args=([2, 1],), kwargs={"reverse": True}, iterations=10) == [2, 1]

        def test_mistaken(benchmark):
            benchmark.pedantic(sorted, args=([1],), setup=set_up)
        """,
    )
    opened, _ = hosted.through("test_torn_down", blocks=3)
    assert list(opened.steps.values()) == [1]  # a setup comes before each call
    opened, _ = hosted.through("test_arguments")
    assert min(opened.steps.values()) > 1
    hosted.through("test_set_up")
    assert "if `setup` returns the arguments" in hosted.refused("test_mistaken").reason


def test_fixtures_of_all_scopes_live_as_long_as_in_any_session(hosted):
    of(
        hosted,
        """
        import pytest

        def note(what):
            with open("events.txt", "a") as file:
                file.write(what + " ")

        def noted(scope):
            @pytest.fixture(scope=scope)
            def made():
                note(f"+{scope}")
                yield scope
                note(f"-{scope}")
            return made

        session, module, klass, function = map(noted, ("session", "module", "class", "function"))

        class TestA:
            def test_one(self, benchmark, session, module, klass, function):
                benchmark(int)
                note("one")

            def test_two(self, benchmark, klass, function):
                benchmark(int)
                note("two")

        def test_three(benchmark, module):
            benchmark(int)
            note("three")
        """,
    )
    for name in ("test_one", "test_two", "test_three"):
        hosted.through(name)
    hosted.end(20)
    assert (hosted.folder / "events.txt").read_text().split() == [
        *("+session", "+module", "+class", "+function", "one", "-function"),
        *("+function", "two", "-function", "-class", "three", "-module", "-session"),
    ]


def test_the_open_test_and_the_session_are_torn_down_where_the_parent_ends_in_between(hosted):
    of(
        hosted,
        """
        import pytest

        @pytest.fixture(autouse=True)
        def noted():
            yield
            open("events.txt", "a").write("torn down ")

        def test_it(benchmark):
            benchmark(int)
            open("events.txt", "a").write("went on ")
        """,
    )
    assert isinstance(hosted.open("test_it"), Opened)
    hosted.end(20)
    assert (hosted.folder / "events.txt").read_text() == "torn down "


def test_a_context_around_the_call_holds_while_it_is_timed(hosted):
    of(
        hosted,
        """
        import torch

        def test_it(benchmark):
            a = torch.ones(2, requires_grad=True)
            with torch.no_grad():
                assert not benchmark(lambda: a * 2).requires_grad
        """,
    ).through("test_it")


def test_both_sides_draw_the_same_numbers(hosted):
    of(
        hosted,
        """
        import random

        def test_it(benchmark):
            open("drawn.txt", "a").write(f"{random.random()} ")
            benchmark(int)
        """,
    ).through("test_it")
    hosted.begin()
    hosted.through("test_it")
    first, second = (hosted.folder / "drawn.txt").read_text().split()
    assert first == second


# --- how it ends ------------------------------------------------------------------------------------------------------

ENDINGS = """
import pytest

CALLS = []

def once():
    CALLS.append(1)
    if len(CALLS) > 1:
        raise ValueError("again")

def raises():
    raise KeyError("missing")

@pytest.fixture
def broken():
    raise OSError("no disk")

@pytest.fixture
def breaks():
    yield
    raise OSError("still busy")

async def awaited():
    pass

def test_wrong(benchmark):
    assert benchmark(int) == 1

def test_raises(benchmark):
    benchmark(raises)

def test_raises_as_expected(benchmark):
    with pytest.raises(KeyError):
        benchmark(raises)

def test_broken(benchmark, broken):
    benchmark(int)

def test_breaks(benchmark, breaks):
    benchmark(int)

def test_never(benchmark):
    pass

def test_twice(benchmark):
    benchmark(int)
    benchmark(int)

def test_weaves(benchmark):
    benchmark.weave(int)

def test_skips(benchmark):
    pytest.skip("no GPU")

def test_awaits(benchmark):
    benchmark(awaited)

def test_gives_what_is_to_be_awaited(benchmark):
    benchmark(lambda: awaited())

def test_once(benchmark):
    benchmark.pedantic(once)

def test_counts(benchmark):
    called = []
    benchmark.pedantic(called.append, args=(1,), rounds=3)
    assert called == [1, 1, 1]

def test_mistaken(benchmark):
    with pytest.raises(ValueError):
        benchmark.pedantic(int, rounds="x")

def test_holds_itself(benchmark):
    rows = []
    rows.append(rows)
    assert benchmark(lambda: rows) is rows

@pytest.mark.xfail(reason="slow")
def test_xfail(benchmark):
    assert benchmark(int) == 1

def test_good(benchmark):
    assert benchmark(int) == 0
"""


@pytest.fixture(scope="module")
def ending(tmp_path_factory):
    made = Hosted(tmp_path_factory.mktemp("endings"))
    made.write("test_endings.py", ENDINGS)
    made.begin()
    yield made
    made.end()


@pytest.mark.parametrize(
    ("name", "outcome", "reason"),
    [
        ("test_wrong", "wrong", "test_endings.py:27: assert 0 == 1"),
        ("test_raises", "failed", "test_endings.py:12: KeyError: 'missing'"),
        ("test_raises_as_expected", "skipped", "its function raises, as its test expects: KeyError"),
        ("test_broken", "failed", "its setup: test_endings.py:16: OSError: no disk"),
        ("test_breaks", "failed", "its teardown: test_endings.py:21: OSError: still busy"),
        ("test_never", "skipped", "it does not call the benchmark fixture"),
        ("test_twice", "skipped", "it calls the benchmark fixture twice"),
        ("test_weaves", "skipped", "it uses benchmark.weave"),
        ("test_skips", "skipped", "no GPU"),
        ("test_awaits", "skipped", "it is async"),
        ("test_gives_what_is_to_be_awaited", "skipped", "nobody awaits it"),
        ("test_once", "skipped", "cannot be called again, and its test calls it only once: ValueError: again"),
        ("test_counts", "skipped", "it passes as pytest-benchmark runs it"),
        ("test_mistaken", "skipped", "it does not call the benchmark fixture"),
        ("test_xfail", "skipped", "it is expected to fail: slow"),
    ],
)
def test_a_test_that_does_not_pass_gives_its_case_an_outcome_and_a_reason(ending, name, outcome, reason):
    refused = ending.refused(name)
    assert (refused.outcome, reason in refused.reason) == (outcome, True), refused
    ending.through("test_good")  # the session goes on
    ending.through("test_holds_itself")


def test_a_test_that_the_session_does_not_have_is_refused(ending):
    ending.tests["nosuch.py::test_it"] = ending.tests["test_endings.py::test_good"]
    ending._keys["nosuch.py::test_it"] = "nosuch/test_it[device=cpu,dtype=unknown,mode=unknown,threads=1]"
    source = ending._sources["test_endings.py::test_good"]
    ending._sources["nosuch.py::test_it"] = type(source)(source.path, "nosuch.py::test_it", None, "", source.suite)
    assert "pytest does not find nosuch.py::test_it" in ending.refused("nosuch.py::test_it").reason


# --- the harness is out of the way ------------------------------------------------------------------------------------


def test_a_package_and_a_module_called_bench_are_the_repositorys_own(hosted):
    hosted.write("bench/__init__.py", "OWN = True\n")
    hosted.write("bench/records.py", "WHOSE = 'mine'\n")
    call = "benchmark(lambda: (OWN, records.WHOSE))"
    hosted.write(
        "bench/test_it.py",
        f"from bench import OWN, records\n\ndef test_it(benchmark):\n    assert {call} == (True, 'mine')\n",
    )
    hosted.begin(words=("bench",))
    hosted.through("test_it")


def test_what_a_test_starts_finds_the_sides_code(hosted):
    hosted.write("mine.py", "WHOSE = 'the side'\n")
    of(
        hosted,
        """
        import subprocess
        import sys

        def test_it(benchmark, tmp_path):
            program = "import mine, sys; print(mine.WHOSE)"
            run = lambda: subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
            assert benchmark.pedantic(run, rounds=2).stdout == "the side\\n"
        """,
    ).through("test_it")


def test_refused_is_what_a_worker_without_a_session_answers(hosted):
    hosted.write("test_it.py", "def test_it(benchmark):\n    benchmark(int)\n")
    found = hosted.collect()
    hosted.write("conftest.py", "raise RuntimeError('broken here')\n")
    hosted.begin(*found.tests)
    reply = hosted.open("test_it")
    assert isinstance(reply, Refused)
    assert "broken here" in reply.detail


# --- settings of the process ------------------------------------------------------------------------------------------

SETTERS = """
import pytest
import torch

@pytest.fixture(scope="session", autouse=True)
def for_the_session():
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(1)

def test_body(benchmark):
    torch.set_default_dtype(torch.float64)
    benchmark(sum, [1])

def test_step(benchmark):
    benchmark(torch.set_grad_enabled, False)

def test_through_a_fixture(benchmark, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    benchmark(sum, [1])

def test_last(benchmark):
    assert torch.get_default_dtype() is torch.float32
    assert torch.is_grad_enabled()
    assert torch.get_num_threads() == 2
    benchmark(sum, [1])
"""


def test_what_a_test_sets_is_told_and_put_back_and_what_its_fixtures_set_is_theirs(hosted):
    of(hosted, SETTERS)
    _, body = hosted.through("test_body")
    _, step = hosted.through("test_step")
    _, fixture = hosted.through("test_through_a_fixture")
    _, last = hosted.through("test_last")
    assert body.facts["changed_settings"] == {"default dtype": ["torch.float32", "torch.float64"]}
    assert step.facts["changed_settings"] == {"gradients": ["on", "off"]}
    assert "changed_settings" not in fixture.facts
    assert "changed_settings" not in last.facts
    assert last.facts["threads"] == 2


OF_A_FILE = """
import pytest
import torch

torch.set_default_dtype(torch.{dtype})

@pytest.fixture(scope="session", autouse={session})
def for_the_session():
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(1)

def test_{name}(benchmark):
    assert benchmark(torch.ones, 1).dtype is torch.{dtype}
"""


def test_what_a_file_sets_when_it_is_imported_holds_for_its_own_tests_alone(hosted):
    """What its fixture of the session sets stays, as in any run."""
    hosted.write("test_first.py", OF_A_FILE.format(dtype="float64", session=True, name="first"))
    hosted.write("test_second.py", OF_A_FILE.format(dtype="float32", session=False, name="second"))
    hosted.begin()
    first, second = (hosted.through(f"test_{name}.py::test_{name}")[1].facts for name in ("first", "second"))
    again = hosted.through("test_first.py::test_first")[1].facts
    assert first["changed_settings"] == again["changed_settings"]
    assert first["changed_settings"] == {"default dtype": ["torch.float32", "torch.float64"]}
    assert "changed_settings" not in second
    assert (first["threads"], second["threads"]) == (2, 2)
