"""`bench gate --pytest` and `--asv` in real repositories that have never heard of us."""

from __future__ import annotations

import json
import subprocess
import textwrap

import pytest

from tests.cli import gated
from tests.terminal import Terminal

pytestmark = pytest.mark.timeout(900)  # a pair is two imports of torch, and several minutes where other tests run too

LIBRARY = """
import time

SLOW = {slow}


def work(share=1.0):
    ends = time.perf_counter() + 0.0004 * SLOW * share
    while time.perf_counter() < ends:
        pass
    return {answer}
"""

TESTS = """
import pytest

from library import work


@pytest.fixture(scope="class")
def share():
    return 0.5


def set_up():
    return (0.5,), {}


def test_call(benchmark):
    assert benchmark(work) == 1


def test_pedantic(benchmark):
    assert benchmark.pedantic(work, kwargs={"share": 0.5}, rounds=5, iterations=3) == 1


def test_set_up(benchmark):
    assert benchmark.pedantic(work, setup=set_up, rounds=5) == 1


@pytest.mark.benchmark(group="by share", min_rounds=3)
@pytest.mark.parametrize("part", [0.25, 0.5], ids=["a quarter, [0.25]", "half"])
def test_parametrised(benchmark, part):
    benchmark.extra_info["part"] = part
    assert benchmark(work, part) == 1


class TestGrouped:
    def test_in_class(self, benchmark, share):
        assert benchmark(work, share) == 1


def test_untouched(benchmark):
    benchmark(sum, range(2000))


async def test_async(benchmark):
    benchmark(work)


def test_woven(benchmark):
    benchmark.weave("library.work")


def test_plain():
    assert work() == 1
"""


class Repository(Terminal):
    """A repository with a module, tests of it, and a main branch; what is not committed is the head."""

    def __init__(self, folder):
        super().__init__(folder)
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.email", "someone@example.org")
        self.git("config", "user.name", "Someone")
        self.write(".gitignore", "results/\n__pycache__/\n")
        self.write("pytest.ini", "[pytest]\ntestpaths = tests\naddopts = --benchmark-disable -n 2\n")
        self.library()
        self.write("tests/test_speed.py", TESTS)
        self.commit("as it was")

    def git(self, *words):
        return subprocess.run(
            ["git", "-C", str(self.folder), *words], check=True, capture_output=True, text=True
        ).stdout

    def commit(self, message):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def library(self, slow=1.0, answer=1):
        self.write("library.py", LIBRARY.format(slow=slow, answer=answer))

    def gate(self, *words, timeout=800):
        """What the gate ended as, and its JSON."""
        own = words.index("--") if "--" in words else len(words)
        done = self("gate", *words[:own], "--json", "told.json", *words[own:], timeout=timeout)
        path = self.folder / "told.json"
        told = json.loads(path.read_text()) if path.exists() else None
        path.unlink(missing_ok=True)
        return done, told


@pytest.fixture
def repository(tmp_path, monkeypatch):
    return repository_in(tmp_path, monkeypatch)


def repository_in(folder, monkeypatch):
    return Repository(gated.folder_in(folder, monkeypatch))


@pytest.fixture(scope="module")
def slowed(tmp_path_factory):
    """Two pairs of each test, whose library the head makes twice as slow: the repository, what was done, its JSON."""
    with pytest.MonkeyPatch.context() as patch:
        repository = repository_in(tmp_path_factory.mktemp("slowed"), patch)
        repository.library(slow=2.0)
        return repository, *repository.gate("--base", "main", "--pytest", "--pairs", 2)


def by_name(told):
    """The cases by the name of their test."""
    return {case["place"]["test"]: case for case in told["cases"]}


def test_each_test_is_a_case_and_what_the_head_slowed_is_slower(slowed):
    _, done, told = slowed
    assert done.returncode in (0, 1), done.stderr
    cases = by_name(told)
    assert sorted(cases) == sorted(
        "tests/test_speed.py::" + name
        for name in (
            *("test_call", "test_pedantic", "test_set_up", "test_parametrised[a quarter, [0.25]]"),
            *("test_parametrised[half]", "TestGrouped::test_in_class", "test_untouched"),
        )
    )
    assert {case["pairs"] for case in cases.values()} == {2}
    untouched = cases.pop("tests/test_speed.py::test_untouched")
    assert all(1.4 < case["ratio"] < 2.6 for case in cases.values()), cases
    assert 0.6 < untouched["ratio"] < 1.4


def test_what_cannot_become_a_case_is_named_with_its_reason(slowed):
    _, done, told = slowed
    text = " ".join(done.stdout.split())
    assert "No case: tests/test_speed.py::test_async: it is async" in text
    assert "No case: 1 test does not use the benchmark fixture" in text
    assert "Skipped: tests-test_speed/test_woven" in text
    assert "it uses benchmark.weave" in text
    assert told["failed"] == []


def test_a_case_says_where_its_test_stands(slowed):
    _, _, told = slowed
    (place,) = [case["place"] for case in told["cases"] if case["place"]["test"].endswith("::test_call")]
    assert (place["file"], place["line"]) == ("tests/test_speed.py", 16)


def test_the_users_tree_is_left_as_it_was(slowed):
    repository, _, _ = slowed
    assert repository.git("status", "--porcelain").split() == ["M", "library.py"]


def test_a_test_that_fails_on_the_head_is_wrong_and_ends_with_4(repository):
    repository.library(answer=2)
    done, told = repository.gate("--base", "main", "--pytest", "--pairs", 1, "--", "tests", "-k", "test_call")
    assert done.returncode == 4
    (failed,) = told["failed"]
    assert "on the head: wrong: tests/test_speed.py:17: assert 2 == 1" in failed["text"]


def test_words_after_two_dashes_are_pytests(repository):
    done, told = repository.gate("--base", "main", "--pytest", "--pairs", 1, "--", "tests", "-k", "half or untouched")
    assert done.returncode == 0, done.stderr
    assert [name.rpartition("::")[2] for name in sorted(by_name(told))] == ["test_parametrised[half]", "test_untouched"]


def test_a_test_that_changed_is_not_compared_and_a_new_one_is_listed(repository):
    text = TESTS.replace("assert benchmark(work) == 1", "assert benchmark(work, 0.5) == 1")
    repository.write("tests/test_speed.py", text + "\n\ndef test_new(benchmark):\n    benchmark(work)\n")
    words = ("tests", "-k", "test_call or test_new or untouched")
    done, told = repository.gate("--base", "main", "--pytest", "--pairs", 1, "--", *words)
    assert done.returncode == 0, done.stderr
    assert {case["key"].partition("[")[0]: case["verdict"] for case in told["cases"]} == {
        "tests-test_speed/test_call": "workload_changed",
        "tests-test_speed/test_untouched": "not_resolved",
    }
    assert [key.partition("[")[0] for key in told["only_head"]] == ["tests-test_speed/test_new"]


@pytest.mark.parametrize("words", [(), ("tests",)])
def test_the_pull_request_that_brings_the_tests_lists_them_and_ends_with_0(repository, words):
    repository.git("rm", "-q", "-r", "tests")
    repository.commit("no tests yet")
    repository.write("tests/test_speed.py", TESTS)
    done, told = repository.gate("--base", "HEAD", "--pytest", *words)
    assert done.returncode == 0, done.stderr
    assert len(told["only_head"]) == 8
    assert told["cases"] == []


def test_a_head_whose_tests_cannot_be_collected_ends_with_4(repository):
    repository.write("library.py", "def work(:\n")
    done, told = repository.gate("--base", "main", "--pytest")
    assert done.returncode == 4
    assert "the workloads of the head cannot be loaded: tests/test_speed.py cannot be collected" in done.stderr
    assert "SyntaxError" in done.stderr
    assert told["verdict"] == "failed"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--pytest", "--asv"), "a gate compares the tests of one tool"),
        (("--pytest", "--set", "size=3"), "sets chooses among workloads"),
        (("--pytest", "-w", "mine.py"), "workloads chooses among workloads"),
        (("--pytest", "nosuch"), "file or directory not found: nosuch"),
        (("--pytest", "--", "-k", "nosuch"), "no test of pytest can become a case"),
        (("--asv",), "there is no folder benchmarks"),
    ],
)
def test_bad_input_ends_with_2_and_says_what_is_wrong(repository, words, message):
    done = repository("gate", "--base", "main", *words)
    assert done.returncode == 2, done.stdout
    assert message in done.stderr


def test_benchmarks_of_an_asv_suite_are_compared(repository):
    repository.write("benchmarks/__init__.py", "")
    repository.write(
        "benchmarks/speed.py",
        textwrap.dedent(
            """
            from library import work

            class TimeWork:
                params = [0.5, 1.0]

                def setup(self, share):
                    self.share = share

                def time_work(self, share):
                    work(self.share)

            def time_sum():
                sum(range(1000))

            def mem_list():
                return [0]
            """
        ),
    )
    repository.commit("with benchmarks")
    repository.library(slow=2.0)
    done, told = repository.gate("--base", "main", "--asv", "--pairs", 2)
    assert done.returncode in (0, 1), done.stderr
    ratios = {name: case["ratio"] for name, case in by_name(told).items()}
    assert 0.6 < ratios.pop("speed.time_sum") < 1.4
    assert sorted(ratios) == ["speed.TimeWork.time_work(0.5)", "speed.TimeWork.time_work(1.0)"]
    assert all(1.4 < ratio < 2.6 for ratio in ratios.values())
    assert told["no_cases"] == ["speed.mem_list: it is of kind mem: only time_* is compared"]


def test_git_bisect_finds_the_commit_by_a_test(repository):
    repository.git("tag", "good")
    commits = {}
    for name, slow in (("first", 1.0), ("second", 1.0), ("culprit", 2.0), ("later", 2.0)):
        repository.library(slow=slow)
        repository.write(f"{name}.txt", name)
        repository.commit(name)
        commits[name] = repository.git("rev-parse", "HEAD").strip()
    repository.git("bisect", "start", "HEAD", "good")
    command = """
import subprocess, sys
words = ["gate", "--base", "good", "--head", "HEAD", "--pytest", "--bisect", "--alpha", "0.05", "--limit", "0.3"]
sys.exit(subprocess.run([sys.executable, "-m", "bench", *words, "--", "tests", "-k", "test_call"]).returncode)
"""
    done = repository.program(
        "import subprocess, sys\n"
        f"done = subprocess.run(['git', 'bisect', 'run', sys.executable, '-c', {command!r}])\n"
        "sys.exit(done.returncode)",
        timeout=800,
    )
    assert done.returncode == 0, done.stderr
    assert f"{commits['culprit']} is the first bad commit" in done.stdout + done.stderr
