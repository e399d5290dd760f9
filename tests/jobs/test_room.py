"""What holds for all jobs: nothing is said, the command line offers the same, and `import bench` stays light."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import bench
from bench.cli import certify, gate, profile, report, run
from tests.test_layers import ROOT, lint

JOBS = sorted((ROOT / "bench" / "jobs").glob("*.py"))

TERMINAL = re.compile(r"sys\.(argv|std\w+|exit)|\bprint\(|\btyper\b|\bsignal\.signal\b|\.listen\(\)")
"""What a job has no business with: the command line, its terminal, its end, and the handlers of signals."""

CLI_ONLY = {"format_", "quiet", "dry_run", "in_process", "json", "markdown", "junit", "fail_on", "bisect", "prune"}
JOB_ONLY = {"listener", "stop", "command", "pages"}

SAME = {
    bench.run: (run.run, set()),
    bench.gate: (gate.gate, set()),
    bench.certify: (certify.certify, set()),
    bench.report: (report.report, set()),
    bench.profile: (profile.profile, {"diff", "base", "head", "setup", "pairs"}),
    bench.difference: (profile.profile, {"diff", "steps", "seconds", "peaks"}),
}
"""By job the command that does the same, and options of it that belong to another job."""


@pytest.mark.parametrize("path", JOBS, ids=lambda path: path.stem)
def test_a_job_has_nothing_of_a_terminal_in_it(path):
    code = re.sub("`[^`\n]*`", "", path.read_text())  # a docstring may speak of them
    assert TERMINAL.findall(code) == []


def test_what_a_job_has_no_business_with_would_be_found():
    for line in ("sys.argv[1:]", "print(run)", "sys.stderr.write('x')", "raise typer.Exit", "stop.listen()"):
        assert TERMINAL.search(line), line


@pytest.mark.parametrize("job", SAME, ids=lambda job: job.__name__)
def test_a_job_takes_what_its_command_takes_with_the_same_defaults(job):
    command, of_another = SAME[job]
    options = inspect.signature(command).parameters
    taken = inspect.signature(job).parameters
    assert set(taken) - JOB_ONLY == set(options) - CLI_ONLY - of_another
    for name in set(taken) & set(options):
        mine, theirs = taken[name].default, options[name].default
        assert mine == theirs or (theirs is None and mine in ((), inspect.Parameter.empty)), name


@pytest.mark.parametrize("job", SAME, ids=lambda job: job.__name__)
def test_the_docstring_of_a_job_speaks_of_each_of_its_arguments(job):
    lines = inspect.getdoc(job).partition("Raises")[0].splitlines()
    told = {name.strip() for line in lines if ": " in line for name in line.partition(": ")[0].split(",")}
    assert set(inspect.signature(job).parameters) <= told


def test_a_misspelt_job_is_an_error_that_names_it():
    with pytest.raises(AttributeError, match="no attribute 'rum'"):
        bench.rum  # noqa: B018
    assert {"run", "gate", "profile", "difference", "certify", "report", "Listener"} <= set(dir(bench))


def test_the_jobs_can_be_had_without_torch_pandas_or_what_draws():
    heavy = "{'torch', 'pandas', 'numpy', 'scipy', 'matplotlib', 'typer', 'rich'}"
    names = "bench.run, bench.gate, bench.profile, bench.difference, bench.certify, bench.report, bench.Listener"
    program = f"import sys, bench; {names}; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("pytest_plugin", "from bench.cli.options import note"),
        ("jobs.run_job", "import typer"),
        ("jobs.run_job", "from bench.cli.options import note"),
    ],
)
def test_an_import_of_the_command_line_would_be_noticed(module, line, tmp_path):
    """The planted mistake, in a copy of the package."""
    import shutil

    for name in ("bench", "workloads"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    path = tmp_path / "bench" / (module.replace(".", "/") + ".py")
    path.write_text(path.read_text() + f"\n\ndef _planted() -> None:\n    {line}\n")
    done = lint(tmp_path / "pyproject.toml", tmp_path)
    assert done.returncode != 0
    assert f"bench.{module} -> {line.split()[1]}" in " ".join(done.stdout.split())


def test_the_plugin_of_pytest_imports_nothing_of_the_command_line():
    program = (
        "import sys; from bench.jobs.choice import Choice; import bench.pytest_plugin; "
        "Choice('matmul/square').plan(('cpu',)); print([name for name in sys.modules if name.startswith('bench.cli')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert "bench.cli" not in Path(bench.__file__).with_name("pytest_plugin.py").read_text()
