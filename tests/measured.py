"""One real run for all tests that only read one: an eager case, a scripted one, a wrong one and one that crashes."""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from tests.terminal import Terminal

FILES = Path(__file__).parent / "workload_files"

WORDS = (
    "run", *(f"matmul/square[mode={mode},size=64]" for mode in ("eager", "script", "trace")),
    *(f"matmul/round_trip[mode={mode},size=64]" for mode in ("eager", "script", "trace")),
    "misbehaving/is_wrong", "misbehaving/exits", "--workloads", str(FILES / "misbehaving.py"),
    "--launches", "2", "--out", "run", "--format", "json",
)  # fmt: skip
"""The products, four of which can be run; and what goes wrong."""

OUTCOMES = {"ok": 4, "skipped": 2, "wrong": 1, "crashed": 1}
CASES = sum(OUTCOMES.values())


class Measured(NamedTuple):
    """A run that has ended, and what its command said."""

    folder: Path
    done: subprocess.CompletedProcess[str]

    def copy(self, folder: Path) -> Path:
        """A copy of it, to be changed."""
        return shutil.copytree(self.folder, folder)


def measured(root: Path, own: Path) -> Measured:
    """The run as it lies in the folder `own`; measured by whichever process of the session locks `root` first."""
    kept = root / "measured"
    with (root / "measured.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (kept / "said.json").exists():
            kept.mkdir()
            done = Terminal(kept)(*WORDS)
            (kept / "said.json").write_text(json.dumps([done.args, done.returncode, done.stdout, done.stderr]))
    shutil.copytree(kept / "run", own / "run")
    said = json.loads((kept / "said.json").read_text())
    return Measured(own / "run", subprocess.CompletedProcess(*said))
