import subprocess
from pathlib import Path

import pytest

from tests.measured import Measured
from tests.terminal import Terminal


@pytest.fixture
def bench(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


@pytest.fixture(scope="session")
def finished(measured_run: Measured) -> tuple[Terminal, subprocess.CompletedProcess[str]]:
    """The run that the session measures: (a terminal in whose folder it is `run`, what its command ended as)."""
    return Terminal(measured_run.folder.parent), measured_run.done
