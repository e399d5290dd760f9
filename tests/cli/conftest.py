import atexit
import itertools
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

FILES = Path(__file__).parents[1] / "workload_files"


class Forking:
    """The process that starts `python -m bench` for all terminals of this one; see forking.py."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(Path(__file__).with_name("forking.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,  # so that nothing has been read that `select` does not know of
        )
        atexit.register(self._process.kill)

    def has_ended(self) -> bool:
        """Was it killed? It ends by itself when this process does."""
        return self._process.poll() is not None

    def run(self, words: list[str], folder: Path, files: list[str], timeout: float) -> int:
        """The exit code of `python -m bench …`. Raises `TimeoutExpired`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        number, pid = next(self._numbers), None
        asked = {"number": number, "words": words, "folder": str(folder), "files": files}
        self._process.stdin.write((json.dumps({**asked, "environment": dict(os.environ)}) + "\n").encode())
        while True:
            if not select.select([self._process.stdout], [], [], timeout)[0]:
                if pid is not None:
                    os.kill(pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired(words, timeout)
            line = self._process.stdout.readline()
            if not line:
                raise RuntimeError(f"the process that starts commands ended meanwhile, with {self._process.wait()}")
            answer = json.loads(line)
            if answer["number"] == number:  # else of a command that a test did not wait for
                pid = answer.get("pid", pid)
                if "code" in answer:
                    return answer["code"]


STARTED: list[Forking] = []


def forking() -> Forking:
    """The one of this process; a new one where it was killed."""
    if not STARTED or STARTED[-1].has_ended():
        STARTED.append(Forking())
    return STARTED[-1]


class Terminal:
    """Runs `python -m bench …` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *words: object, stdin: str = "", timeout: float = 120) -> subprocess.CompletedProcess[str]:
        said = list(map(str, words))
        with tempfile.TemporaryDirectory() as folder:
            files = [Path(folder, name) for name in ("stdin", "stdout", "stderr")]
            for file in files:
                file.write_text(stdin if file.name == "stdin" else "")
            code = forking().run(said, self.folder, list(map(str, files)), timeout)
            return subprocess.CompletedProcess(said, code, *(file.read_text() for file in files[1:]))


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
