import subprocess
from pathlib import Path

import pytest

from tests.terminal import Terminal

FILES = Path(__file__).parents[1] / "workload_files"


@pytest.fixture
def bench(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Terminal, subprocess.CompletedProcess[str]]:
    """A small finished run of real workloads: (terminal, folder)."""
    terminal = Terminal(tmp_path_factory.mktemp("finished"))
    done = terminal(
        "run", "matmul/square[size=64]", "matmul/round_trip[size=64]", "-s", "mode=eager,script,trace",
        "--launches", 2, "--out", "run", "--format", "json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return terminal, done
