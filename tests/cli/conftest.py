import subprocess
import sys
from pathlib import Path

import pytest

FILES = Path(__file__).parents[1] / "workload_files"


class Terminal:
    """Runs `python -m bench …` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *words: object, stdin: str = "", timeout: float = 120) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "bench", *map(str, words)],
            capture_output=True,
            text=True,
            cwd=self.folder,
            input=stdin,
            timeout=timeout,
        )


@pytest.fixture
def bench(tmp_path):
    return Terminal(tmp_path)


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A small finished run of real workloads: (terminal, folder)."""
    terminal = Terminal(tmp_path_factory.mktemp("finished"))
    done = terminal(
        "run", "matmul/square[size=64]", "matmul/round_trip[size=64]", "-s", "mode=eager,script,trace",
        "--launches", 2, "--out", "run", "--format", "json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return terminal, done
