"""Five steps, and how each tool is asked for the time of one: by its manual, in fresh processes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from tests.agreement.builds import ROOT, Build, Turn, run


@dataclass(frozen=True)
class Step:
    """The case of the catalog, and the same work for the other tools: statements to prepare it, and one to time."""

    case: str
    setup: str
    statement: str


SETUP = "import torch\ntorch.set_num_threads(1)\ntorch.manual_seed(0)\n"

COURSE = f"""import sys
sys.path.insert(0, {str(ROOT)!r})
from types import SimpleNamespace
from workloads._course import RegressionNet, Training, course_loader
from workloads._data import regression_data
data = regression_data(SimpleNamespace(seed=0, place=lambda rows: rows.float()))
x, y = data.x_train, data.y_train
"""
"""Rows and nets of the course: those that the cases are made of, with the imports that they take."""

STEPS = {
    "product": Step("matmul/square[size=64]", "a = torch.randn(64, 64)\n", "torch.mm(a, a)"),
    "sine": Step("tensors/elementwise[op=sin,size=10000]", "a = torch.randn(10_000)\n", "torch.sin(a)"),
    "net": Step(
        "torchscript/inference[batch=32]",
        COURSE + "net, rows = RegressionNet().eval(), x[:32]\nstep = torch.no_grad()(lambda: net(rows))\n",
        "step()",
    ),
    "train": Step(
        "regression/train_step[rows=800]",
        COURSE + "training = Training(RegressionNet())\nstep = lambda: training.update(training.model(x), y)\n",
        "step()",
    ),
    "epoch": Step(
        "dataloader/epoch[loader=dataloader,batch=32,workers=0,pin=False]",
        COURSE
        + "training, batches = Training(RegressionNet()), course_loader(x, y, 32, torch.Generator().manual_seed(0))\n"
        "step = lambda: training.epoch(batches)\n",
        "step()",
    ),
}
"""`train` and `epoch` start anew, untimed, before each of our blocks; the other tools train on. The operations are the
same."""


def bench(build: Build, words: str, step: Step, folder: Path) -> Turn:
    """The median of a build, with the interval that it gives."""
    ended = build.bench([*words.format(case=step.case).split(), "--out", "run", "--quiet"], folder)
    (row,) = [row for row in build.rows(folder) if row["clock"] == "wall"]
    names = ("value_s", "low_s", "high_s", "launches", "blocks")
    return {**{name: row[name] for name in names}, "cost_s": ended.wall_s, "cpu_s": ended.cpu_s}


def timer(step: Step, folder: Path) -> Turn:
    """`Timer(...).blocked_autorange()`, its median."""
    text = (
        f"from torch.utils.benchmark import Timer\nprint(Timer({step.statement!r}, setup={SETUP + step.setup!r}, "
        "num_threads=1).blocked_autorange().median)"
    )
    (folder / "timer.py").write_text(text)
    started = time.monotonic()
    done = subprocess.run([sys.executable, "timer.py"], cwd=folder, check=True, capture_output=True, text=True)
    return {"value_s": float(done.stdout), "cost_s": time.monotonic() - started}


def pytest_benchmark(step: Step, folder: Path) -> Turn:
    """`benchmark(step)`, its mean: what `--benchmark-compare-fail=mean:5%` looks at."""
    body = f"{SETUP}{step.setup}\n\ndef test_step(benchmark):\n    benchmark(lambda: {step.statement})\n"
    (folder / "test_step.py").write_text(body)
    plugins = ["-p", "no:cacheprovider", "-p", "no:coursebench"]
    words = ["-m", "pytest", "-q", *plugins, "--benchmark-json", "out.json", "test_step.py"]
    cost_s = run([sys.executable, *words], folder).wall_s
    found = json.loads((folder / "out.json").read_text())["benchmarks"][0]["stats"]
    return {"value_s": found["mean"], "cost_s": cost_s}


def pyperf(step: Step, folder: Path) -> Turn:
    """`bench_func` in five processes, its mean: in the default twenty it costs four times as much."""
    body = f"import pyperf\n{SETUP}{step.setup}\nrunner = pyperf.Runner()\n"
    (folder / "perf.py").write_text(f"{body}runner.bench_func('step', lambda: {step.statement})\n")
    cost_s = run([sys.executable, "perf.py", "-p", "5", "-q", "-o", "perf.json"], folder).wall_s
    import pyperf as library

    return {"value_s": library.Benchmark.load(str(folder / "perf.json")).mean(), "cost_s": cost_s}


def why_no_asv(python: str) -> str:
    """Why an interpreter cannot run asv on the same work: what it lacks, or another torch; empty where it can."""
    asked = "import sklearn, asv, torch; print(torch.__version__)"
    found = subprocess.run([python, "-c", asked], capture_output=True, text=True)
    if found.returncode:
        return found.stderr.strip().rpartition("\n")[2]
    mine = version("torch")
    return "" if found.stdout.strip().partition("+")[0] == mine.partition("+")[0] else f"its torch is not {mine}"


def asv(python: str, step: Step, folder: Path) -> Turn:
    """`asv run` in its own environment with its default rounds, the median that it keeps."""
    (folder / "benchmarks").mkdir()
    (folder / "benchmarks" / "__init__.py").touch()
    body = f"{SETUP}{step.setup}\n\ndef time_step():\n    {step.statement}\n"
    (folder / "benchmarks" / "steps.py").write_text(body)
    options = {"version": 1, "project": "steps", "repo": ".", "branches": ["main"], "environment_type": "existing"}
    (folder / "asv.conf.json").write_text(json.dumps(options))
    home = ["env", f"HOME={folder}"]  # what it knows about machines is kept there
    git = ["git", "-c", "user.name=Someone", "-c", "user.email=someone@example.org"]
    run([*git, "init", "-q", "-b", "main"], folder)
    run([*git, "add", "-A"], folder)
    run([*git, "commit", "-q", "-m", "steps"], folder)
    run([*home, python, "-m", "asv", "machine", "--yes", "--machine", "here"], folder)
    words = ["run", "--python=same", "--machine", "here", "--set-commit-hash", "main"]
    ended = run([*home, python, "-m", "asv", *words], folder)
    (kept,) = (folder / "results" / "here").glob("*-existing*.json")
    told = json.loads(kept.read_text())
    (found,) = told["results"].values()
    ((value_s,),) = [found[told["result_columns"].index("result")]]
    if value_s is None:
        raise RuntimeError(f"asv has no time\n{ended.text[-3000:]}")
    return {"value_s": value_s, "cost_s": ended.wall_s}


PEERS: dict[str, Callable[[Step, Path], Turn]] = {
    "torch Timer": timer,
    "pytest-benchmark": pytest_benchmark,
    "pyperf -p 5": pyperf,
}
ASV = "asv"
