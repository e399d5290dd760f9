"""Light commands import little: looked at in `sys.modules`, not timed."""

import subprocess
import sys

import pytest

HEAVY = {"torch", "matplotlib", "scipy"}

PROGRAM = """
import sys
sys.argv = ["bench", *{words!r}]
from bench.__main__ import main
try:
    main()
except SystemExit as end:
    assert (end.code or 0) == {code}, end.code
heavy = {heavy!r}
print("HEAVY", sorted(heavy & set(sys.modules)), file=sys.stderr)
"""


def heavy_after(words, heavy, cwd, code=0):
    program = PROGRAM.format(words=words, heavy=heavy, code=code)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=cwd, check=True)
    return done.stderr.rpartition("HEAVY ")[2].strip()


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["--version"], ["show", "--help"]])
def test_help_imports_neither_torch_matplotlib_scipy_nor_pandas(words, tmp_path):
    assert heavy_after(words, HEAVY | {"pandas", "numpy"}, tmp_path) == "[]"


@pytest.mark.parametrize("format_", ["table", "json", "csv", "md"])
def test_list_imports_neither_torch_matplotlib_nor_scipy(format_, tmp_path):
    assert heavy_after(["list", "--format", format_], HEAVY | {"pandas"}, tmp_path) == "[]"


@pytest.mark.parametrize("format_", ["table", "json", "csv", "md"])
def test_show_imports_neither_torch_matplotlib_nor_scipy(format_, finished):
    terminal, _ = finished
    assert heavy_after(["show", "run", "--vs", "mode=eager", "--format", format_], HEAVY, terminal.folder) == "[]"


def test_the_parent_of_a_run_never_imports_torch(tmp_path):
    words = ["run", "matmul/square[size=64]", "--launches", "1", "--out", "run"]
    assert heavy_after(words, {"torch", "scipy", "matplotlib"}, tmp_path) == "[]"


def test_several_cases_in_process_are_refused_without_torch(tmp_path):
    assert heavy_after(["run", "matmul/*", "--in-process"], {"torch"}, tmp_path, code=2) == "[]"


def test_the_facade_imports_nothing_until_it_is_used():
    program = "import sys, bench; print(sorted({'pandas', 'numpy', 'torch'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
