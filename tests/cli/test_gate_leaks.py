"""Planted leaks in whole gates of real repositories: each is told, and none reaches another case.

Of workloads, of tests with pytest-benchmark, and of an asv suite; the cases of a pair share the same two processes.
"""

from __future__ import annotations

import json
import shutil

import pytest

from bench.store import tables
from tests.cli import gated
from tests.cli.layouts import Repository
from tests.measure.settings.leaks import DECLARED, FILE, LEAKS, VICTIM, declaring, leaking
from tests.terminal import Running

pytestmark = [pytest.mark.timeout(900), pytest.mark.real]

VICTIMS = 3
"""Tests that set nothing: their order among the others is drawn anew for each pair."""

READING = """

def read():
    return {
        "threads": torch.get_num_threads(), "dtype": torch.get_default_dtype(),
        "device": torch._C._len_torch_function_stack(), "products": torch.get_float32_matmul_precision(),
        "convolutions": torch.backends.cudnn.allow_tf32, "cudnn": torch.backends.cudnn.benchmark,
        "deterministic": torch.get_deterministic_debug_mode(), "subnormals": sys.float_info.min * 0.5,
        "gradients": torch.is_grad_enabled(), "autocast": torch.is_autocast_enabled("cpu"),
        "anomalies": torch.is_anomaly_enabled(), "onednn": torch.backends.mkldnn.enabled,
        "attention": torch.backends.cuda.flash_sdp_enabled(), "numpy": numpy.geterr(), "collector": gc.get_threshold(),
        "switches": sys.getswitchinterval(), "traces": tracemalloc.is_tracing(), "folder": os.getcwd(),
        "start": multiprocessing.get_start_method(allow_none=True) or "fork", "variable": os.environ.get("MKL_CBWR"),
    }


AT_FIRST = read()


def differs():
    return {name: value for name, value in read().items() if value != AT_FIRST[name]}
"""
"""What the suites read themselves of their process: they know nothing of the harness."""

TESTS = f"""
import pytest
import torch

from leaks import LEAKS, differs


@pytest.mark.parametrize("leak", list(LEAKS))
def test_leak(benchmark, leak):
    ones = torch.ones(10, device="cpu")
    LEAKS[leak][1]()
    assert benchmark(ones.sum) == 10


@pytest.mark.parametrize("number", range({VICTIMS}))
def test_victim(benchmark, number):
    ones = torch.ones(10, device="cpu")
    assert benchmark(ones.sum) == 10
    assert differs() == {{}}
"""

SUITE = f"""
import torch

from leaks import LEAKS, differs


class Ones:
    def setup(self, *_):
        self.ones = torch.ones(10, device="cpu")


class TimeLeak(Ones):
    params = list(LEAKS)

    def setup(self, leak):
        super().setup()
        LEAKS[leak][1]()

    def time_sum(self, leak):
        self.ones.sum()


class TimeVictim(Ones):
    params = list(range({VICTIMS}))

    def setup(self, number):
        super().setup()
        assert differs() == {{}}

    def time_sum(self, number):
        assert differs().keys() <= {{"traces"}}  # once the blocks are timed, its allocations are counted
        self.ones.sum()
"""


class Leaking(Repository):
    """A repository with the planted leaks; its head differs from its main in a file that no case reads."""

    def __init__(self, folder):
        super().__init__(folder)
        shutil.copy(FILE, folder / "leaky.py")
        setters = FILE.read_text().partition("AT_FIRST = ")[0]
        lines = [line for line in setters.splitlines() if not line.startswith("from bench")]
        (folder / "leaks.py").write_text("\n".join(lines) + READING)
        (folder / "benchmarks").mkdir()
        (folder / "benchmarks" / "__init__.py").touch()
        (folder / "benchmarks" / "sums.py").write_text(SUITE)
        (folder / "test_sums.py").write_text(TESTS)
        self.commit()
        (folder / "remark.txt").write_text("a change")

    def gate(self, *words):
        """Gate it, two pairs a case; the JSON, what was said on a terminal, and the launches of the pairs."""
        said = ("gate", *words, "--base", "main", "--pairs", 2, "--json", "told.json", "-o", "out")
        done = Running(self.folder, "bench", list(map(str, said))).ended(800)
        assert done.returncode == 0, done.stdout + done.stderr
        told = json.loads((self.folder / "told.json").read_text())
        return told, " ".join(done.stdout.split()), tables.launches_of(tables.read(self.folder / "out"))


def gate_in(factory, name, *words):
    with pytest.MonkeyPatch.context() as patch:
        return Leaking(gated.folder_in(factory.mktemp(name), patch)).gate(*words)


def told_of(told, part):
    """The cases of a gate whose key or test has this part, and their doubts as one text."""
    cases = [case for case in told["cases"] if part in case["key"] or part in case.get("place", {}).get("test", "")]
    return cases, " ".join(doubt for case in cases for doubt in case["doubts"])


@pytest.fixture(scope="module")
def workloads(tmp_path_factory):
    selects = [item.case.key for item in (VICTIM, *map(leaking, LEAKS), *map(declaring, DECLARED))]
    return gate_in(tmp_path_factory, "workloads", *selects, "-w", "leaky.py")


@pytest.fixture(scope="module")
def tests(tmp_path_factory):
    return gate_in(tmp_path_factory, "tests", "--pytest")


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    return gate_in(tmp_path_factory, "suite", "--asv")


# --- workloads --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("leak", LEAKS)
def test_a_gate_of_workloads_tells_the_leak(leak, workloads):
    told, said, _ = workloads
    key = leaking(leak).case.key
    (case,), doubts = told_of(told, key)
    assert case["pairs"] == 2
    assert f"it sets {LEAKS[leak]} from " in doubts
    assert f"it sets {LEAKS[leak]} from " in said


def test_in_a_gate_of_workloads_the_neighbour_is_timed_as_if_alone(workloads):
    told, _, launches = workloads
    (case,), doubts = told_of(told, VICTIM.case.key)
    assert case["pairs"] == 2
    assert "it sets" not in doubts
    ends = [each for each in launches if each.key == VICTIM.case.key]
    assert len(ends) >= 4
    assert all(each.outcome == "ok" and not each.quality and not each.changed_settings for each in ends)


@pytest.mark.parametrize("leak", DECLARED)
def test_in_a_gate_of_workloads_what_is_declared_is_no_leak(leak, workloads):
    told, _, launches = workloads
    key = declaring(leak).case.key
    _, doubts = told_of(told, key)
    assert "it sets" not in doubts
    (seen,) = {json.dumps(each.quality) for each in launches if each.key == key}
    assert json.loads(seen) == {LEAKS[leak].replace(" ", "_"): 1.0}


# --- tests of other tools ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("leak", LEAKS)
def test_a_gate_of_pytest_benchmark_tells_the_leak(leak, tests):
    told, _, _ = tests
    _, doubts = told_of(told, f"test_leak[{leak}]")
    assert f"it sets {LEAKS[leak]} from " in doubts


@pytest.mark.parametrize("leak", LEAKS)
def test_a_gate_of_an_asv_suite_tells_the_leak(leak, suite):
    told, _, _ = suite
    _, doubts = told_of(told, repr(leak))
    assert f"it sets {LEAKS[leak]} from " in doubts


@pytest.mark.parametrize("kind", ["tests", "suite"])
def test_a_test_of_another_tool_is_timed_as_if_alone(kind, request):
    """It asserts so itself: a leak would end its case as `wrong` or `failed`, and the gate with 4."""
    told, _, launches = request.getfixturevalue(kind)
    cases, doubts = told_of(told, "ictim")
    assert len(cases) == VICTIMS
    assert all(case["pairs"] == 2 for case in cases)
    assert "it sets" not in doubts
    assert all(not each.changed_settings for each in launches if "ictim" in each.key)
