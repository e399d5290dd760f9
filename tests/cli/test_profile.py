"""`bench profile` from its words to its folder; and words that make no sense."""

import json
from pathlib import Path

import pytest

from bench.protocol.rungs import RUNGS
from tests import recordings
from tests.terminal import Terminal

PLANTED = Path(__file__).parents[1] / "workload_files" / "planted_profiles.py"


def live(terminal):
    """What taking a profile of a small product ended as; it lies in `p` in the folder of the terminal."""
    return terminal("profile", "matmul/square", "-s", "size=64", "--steps", 20, "--seconds", 1, "--out", "p")


@pytest.fixture(scope="module", params=["recorded", "live"])
def taken(request, tmp_path_factory):
    """A profile of a small product, and what the command said: (terminal, what it ended as)."""
    terminal = Terminal(tmp_path_factory.mktemp("profiled"))
    if request.param == "live":
        return terminal, live(terminal)
    recordings.copied("profile", terminal.folder / "p")
    return terminal, terminal("profile", "--from", "p")


def test_it_says_what_binds_the_case_and_where_page_and_trace_lie(taken):
    terminal, done = taken
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("matmul/square[device=cpu,dtype=float32,mode=eager,size=64,threads=1]\n")
    assert "torch.profiler, 20 steps in 20 blocks of one process" in done.stdout
    assert "aten::mm" in done.stdout
    assert "p/profile.html" in done.stderr
    assert "p/trace.json.gz" in done.stderr
    assert "samples in the steps" in done.stdout
    page, *files = (terminal.folder / "p" / name for name in ("profile.html", "flames.svg", "stacks.folded"))
    assert 'class="flame"' in page.read_text()
    assert all("product (workloads/matmul.py)" in path.read_text() for path in files)
    scope = json.loads((terminal.folder / "p" / "stacks.speedscope.json").read_text())
    assert scope["profiles"][0]["type"] == "sampled"


@pytest.mark.parametrize("taken", ["live"], indirect=True)
def test_its_progress_names_the_stages_on_stderr(taken):
    _, done = taken
    opening = ("prepare", "first_call", "check", "prepare_again", "warm_up", "check")
    assert [line for line in done.stderr.splitlines() if line.endswith(" …")] == [
        f"{stage} …" for stage in (*opening, "loop", "profile", "trace", "close")
    ]


def test_it_can_be_shown_again_in_another_form(taken):
    terminal, done = taken
    again = terminal("profile", "--from", "p", "--format", "json")
    found = json.loads(again.stdout)
    assert (found["blocks"], found["steps"]) == (20, 1)
    assert found["rung"] in RUNGS[:3]
    assert found["sampling"]["samples"] > 100
    assert found["verdict"] in done.stdout


@pytest.mark.parametrize(
    "words", [["show", "p"], ["compare", "p", "p"], ["export", "p", "--to", "csv", "--out", "x.csv"]]
)
def test_other_commands_refuse_it_and_name_the_one_that_reads_it(taken, words):
    terminal, _ = taken
    done = terminal(*words)
    assert done.returncode == 2
    assert "bench profile --from" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "takes a case"),
        (["matmul/squire"], "matches no workload"),
        (["matmul/square", "-s", "size=64,128"], "this selects 2"),
        (["matmul/square", "--steps", "0"], "--steps"),
        (["matmul/square", "--from", "p"], "beside it only"),
        (["matmul/square", "--base", "main"], "add --diff"),
        (["matmul/square", "--diff", "--pairs", "11"], "--pairs"),
        (["matmul/square", "--rung", "perf"], "no rung 'perf'; there are py-spy"),
        (["--from", "nowhere"], "no run 'nowhere'"),
    ],
)
def test_wrong_words_are_wrong_usage_and_leave_nothing(bench, words, said):
    done = bench("profile", *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert list(bench.folder.iterdir()) == []


def test_a_case_that_fails_leaves_no_folder_and_says_why(bench):
    done = bench("profile", "--workloads", PLANTED, "planted_profiles/ends[how=raises]", "--seconds", 0.2, "--out", "p")
    assert done.returncode == 4
    assert "failed: planted_profiles/ends[" in done.stderr
    assert "ZeroDivisionError: of all things" in done.stderr
    assert not (bench.folder / "p").exists()
