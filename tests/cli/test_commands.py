"""Exit codes, pipes, the debugger and the author's check."""

import json
import subprocess
import sys
from textwrap import dedent

import pytest

from tests.measured import CASES, FILES, OUTCOMES
from tests.terminal import Terminal


def test_cuda_on_a_machine_without_it_is_skipped_with_the_reason_and_code_4(bench):
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device, so nothing is skipped")
    done = bench("run", "autograd/polynomial", "-s", "device=cuda", "--out", "run", "--format", "json")
    assert done.returncode == 4
    assert json.loads(done.stdout)["outcomes"] == {"skipped": 1}
    (row,) = json.loads(bench("show", "run", "--format", "json").stdout)
    assert "no CUDA" in row["reason"]


def test_a_wrong_answer_ends_with_code_4_though_other_cases_are_fine(finished):
    _, done = finished
    assert (done.returncode, json.loads(done.stdout)["outcomes"]) == (4, OUTCOMES)


def test_a_case_without_memory_is_a_result_and_code_0(bench):
    words = ("--workloads", FILES / "misbehaving.py", "misbehaving/behaves", "misbehaving/takes_all_memory")
    done = bench("run", *words, "--launches", 1, "--out", "run", "--format", "json")
    assert (done.returncode, json.loads(done.stdout)["outcomes"]) == (0, {"ok": 1, "oom": 1})


def test_a_spent_budget_leaves_cases_for_resume_and_says_so(bench):
    words = ("--workloads", FILES / "paced.py", "paced/*", "--budget", "0.000001s", "--out", "run", "--format", "json")
    done = bench("run", *words)
    assert done.returncode == 4
    assert json.loads(done.stdout)["status"] == "out of budget"
    rows = json.loads(bench("show", "run", "--format", "json").stdout)
    assert {row["reason"] for row in rows} == {"not measured: the run is out of budget"}


def test_a_run_of_which_most_was_not_begun_ends_with_code_4_and_says_how_much(bench):
    """Each thread count is a process of its own: the budget is spent after the first."""
    (bench.folder / "slow.py").write_text((FILES / "paced.py").read_text().replace("sleep(0.002)", "sleep(1)"))
    words = ("--workloads", "slow.py", "slow/paced[place=1]", "-s", "threads=1,2,3", "--launches", 1)
    done = bench("run", *words, "--budget", "5s", "--out", "run", "--format", "json")
    told = json.loads(done.stdout)
    assert (told["outcomes"], told["left_out"]) == ({"skipped": 2, "ok": 1}, 2)
    assert done.returncode == 4


def test_a_closed_pipe_is_quiet(finished):
    terminal, _ = finished
    command = f"{sys.executable} -m bench show run --format csv | head -c 10"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, cwd=terminal.folder
    )
    assert done.stderr == ""


def test_dry_run_prints_the_cases_in_order_and_an_estimate_and_writes_nothing(bench):
    done = bench("run", "matmul/square", "-s", "size=64,256", "-s", "mode=eager,trace", "--dry-run")
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert [line.partition("[")[0] for line in lines[:-1]] == ["matmul/square"] * (len(lines) - 1)
    assert f"{len(lines) - 1} cases, about" in lines[-1]
    assert list(bench.folder.iterdir()) == []


def test_quiet_says_nothing_on_stderr_until_the_end(bench):
    done = bench("run", "autograd/polynomial", "--launches", 1, "--out", "run", "--quiet", "--format", "json")
    assert done.stderr == ""


def test_progress_is_plain_lines_where_stderr_is_no_terminal(finished):
    _, done = finished
    assert f"of {CASES} cases finished" in done.stderr
    assert "\x1b" not in done.stderr


def test_in_process_stops_at_a_breakpoint_in_a_workload(bench):
    (bench.folder / "mine.py").write_text(
        dedent('''
        import torch
        from bench.workload import Prepared, Work, workload

        @workload(lesson="Mine")
        def stops(ctx):
            """Stops."""
            secret = 6 * 7
            breakpoint()
            return Prepared(step=lambda: torch.ones(1), check=lambda out: 0.0, work=Work(items=1, flops=1))
        ''')
    )
    # It is prepared twice, and continues from both.
    done = bench("run", "--workloads", "mine.py", "mine/stops[]", "--in-process", stdin="p secret\nc\nc\n")
    assert done.returncode == 0, done.stderr
    assert "(Pdb)" in done.stdout
    assert "42" in done.stdout
    assert "no number is kept" in done.stderr
    assert not (bench.folder / "results").exists()


def test_in_process_shows_the_traceback_of_a_workload_that_raises(bench):
    done = bench("run", "--workloads", FILES / "misbehaving.py", "misbehaving/raises[]", "--in-process")
    assert done.returncode == 4
    assert "ZeroDivisionError" in done.stderr
    assert "misbehaving.py" in done.stderr


GOOD = '''
import torch
from bench.workload import Context, Prepared, Work, workload


@workload(lesson="Mine", axes={"size": (100, 1000)})
def total(ctx: Context, size: int) -> Prepared:
    """Sum of (size,) numbers.

    Answer: the sum in float64.
    Work: size additions.
    """
    x = ctx.randn(size) + 1
    exact = x.double().sum()
    step = ctx.mode(torch.sum, x)
    return Prepared(step, lambda out: ctx.relative_error(out, exact), Work(flops=size, items=size, unit="number"))
'''

FAULTS = {
    "its step returns what it computed": ("step = ctx.mode(torch.sum, x)", "step = lambda: None"),
    "its answer is right": ("exact = x.double().sum()", "exact = x.double().sum() * 1.01"),
    "its phases return what they computed": ('unit="number"))', 'unit="number"), phases={"sum": lambda: None})'),
    "its check notices a wrong answer": ("lambda out: ctx.relative_error(out, exact)", "lambda out: 0.0"),
    "it states its work": ("Work(flops=size, items=size", "Work(flops=size"),
    "it repeats under one seed": (
        "x = ctx.randn(size) + 1\n",
        "import os\n    x = ctx.randn(size) + int.from_bytes(os.urandom(3))\n",
    ),
    "its docstring explains it": ("    Answer: the sum in float64.\n", ""),
    "it prepares": ("exact = x.double().sum()", "exact = y.double().sum()"),
    "it is still right after 50 calls": (
        "step = ctx.mode(torch.sum, x)",
        "calls = []\n    step = lambda: (calls.append(1), x.sum() * (2 if len(calls) > 40 else 1))[1]",
    ),
    "it waits for the work that it gives to others": (
        "step = ctx.mode(torch.sum, x)",
        "import threading, time\n"
        "    until = [0.0]\n"
        "    def serve():\n"
        "        while True:\n"
        "            if time.perf_counter() > until[0]:\n"
        "                time.sleep(0.001)\n"
        "    threading.Thread(target=serve, daemon=True).start()\n"
        "    step = lambda: (until.__setitem__(0, time.perf_counter() + 0.2), x.sum())[1]",
    ),
    "it keeps nothing from call to call": (
        "step = ctx.mode(torch.sum, x)",
        "kept = []\n    step = lambda: (kept.append(x.sum()), x.sum())[1]",
    ),
    "it leaves its process alive": ("step = ctx.mode(torch.sum, x)", "import os\n    step = lambda: os._exit(5)"),
    "it leaves its process as it was set": (
        "x = ctx.randn(size) + 1",
        "torch.set_num_threads(2)\n    x = ctx.randn(size) + 1",
    ),
    "it closes": ('unit="number"))', 'unit="number"), close=lambda: 1 / 0)'),
}


def faulty(rule):
    """The good workload with one fault, as a function of its own."""
    right, wrong = FAULTS[rule]
    assert right in GOOD
    text = GOOD.replace(right, wrong)
    if rule == "it repeats under one seed":  # the answer must be known apart from the data for this one to matter
        text = text.replace(
            "exact = x.double().sum()",
            "global first\n    first = globals().get('first', x.double().sum())\n    exact = x.double().sum()",
        )
        text = text.replace("ctx.relative_error(out, exact)", "ctx.relative_error(out, first)")
    return text.partition("from bench.workload")[2].partition("\n")[2].replace("def total", f"def {name_of(rule)}")


def name_of(rule):
    return rule.replace(" ", "_")


def test_check_finds_nothing_wrong_with_a_good_workload(bench):
    (bench.folder / "mine.py").write_text(GOOD)
    done = bench("check", "mine.py")
    assert done.returncode == 0, done.stdout
    assert "0 faults in 1 workload" in done.stdout


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    """A file with a workload for each fault, checked: what was done, and what was said of each."""
    terminal = Terminal(tmp_path_factory.mktemp("checked"))
    begins = GOOD[: GOOD.index("@workload")]
    (terminal.folder / "mine.py").write_text(begins + "".join(map(faulty, FAULTS)))
    done = terminal("check", "mine.py")
    said = {part.partition("\n")[0]: part for part in done.stdout.split("mine/")[1:]}
    return done, said


def test_check_ends_with_4_where_there_are_faults(checked):
    done, said = checked
    assert done.returncode == 4, done.stdout
    assert set(said) == {name_of(rule) for rule in FAULTS}
    assert f"{len(FAULTS)} faults in {len(FAULTS)} workloads" in done.stdout


@pytest.mark.parametrize("rule", FAULTS)
def test_check_tells_the_author_which_rule_is_broken(rule, checked):
    _, said = checked
    assert f"WRONG  {rule}" in said[name_of(rule)]


def test_a_workload_that_cannot_close_is_told_why(checked):
    _, said = checked
    assert "ZeroDivisionError" in said[name_of("it closes")]


def test_a_reader_that_left_before_anything_was_written_is_no_fault(bench):
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m bench list | true; echo ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        cwd=bench.folder,
    )
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_a_full_disk_is_an_error_of_the_user_and_no_mistake_of_ours(bench):
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m bench list > /dev/full"], capture_output=True, text=True, cwd=bench.folder
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: stdout cannot be written")


def test_the_dry_run_can_be_piped_as_json(bench):
    done = bench("run", "autograd/polynomial", "--dry-run", "--format", "json")
    told = json.loads(done.stdout)
    assert len(told["cases"]) == 1
    assert told["estimate"]["low_s"] <= told["estimate"]["likely_s"] <= told["estimate"]["high_s"]
