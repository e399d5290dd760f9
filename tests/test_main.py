"""How the program ends: a mistake of ours is never taken for a regression, which alone ends with 1."""

from __future__ import annotations

import subprocess
import sys

import pytest

BEGIN = "import sys; from bench.__main__ import main; "
REPLAY = "sys.argv = ['bench', 'gate', '--replay', '.']; main()"


def ended(code: str, cwd) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=cwd)


@pytest.mark.parametrize(
    "mistake",
    [
        "import bench.store.runs as runs; runs.locate = lambda path: 1 / 0; ",
        "import bench.store.runs as runs; runs.locate = None; ",
        "sys.modules['bench.cli.app'] = None; ",  # a library of ours that is missing or broken
        "import bench.store.runs as runs; runs.locate = None; import importlib.metadata as known\n"
        "def version(name): raise known.PackageNotFoundError\n"
        "known.version = version\n",  # a checkout that was never installed
    ],
)
def test_a_mistake_of_ours_ends_with_70_and_says_what_to_report(tmp_path, mistake):
    done = ended(BEGIN + mistake + REPLAY, tmp_path)
    assert done.returncode == 70, done.stderr
    assert "a mistake in coursebench" in done.stderr


def test_an_interrupt_before_anything_listens_ends_with_130(tmp_path):
    raising = "import bench.store.runs as runs\ndef locate(path): raise KeyboardInterrupt\nruns.locate = locate\n"
    done = ended(BEGIN + "\n" + raising + REPLAY, tmp_path)
    assert done.returncode == 130, done.stderr


def test_what_the_user_got_wrong_ends_with_2(tmp_path):
    assert ended(BEGIN + REPLAY, tmp_path).returncode == 2


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        ("BrokenPipeError(32, 'Broken pipe')", 70),  # the library of the command line would end with 1
        ("typer.Abort()", 130),
        ("EOFError()", 130),
        ("typer.Exit(1)", 1),  # a verdict, and that alone
        ("typer.Exit(3)", 3),
    ],
)
def test_1_is_what_a_command_said_and_never_what_the_library_of_the_command_line_makes_up(tmp_path, raised, code):
    raising = f"import typer, bench.store.runs as runs\ndef locate(path): raise {raised}\nruns.locate = locate\n"
    done = ended(BEGIN + "\n" + raising + REPLAY, tmp_path)
    assert done.returncode == code, done.stderr
