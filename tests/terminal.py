"""A terminal for tests: `python -m bench …` in a folder of its own, forked from a process that has its libraries."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests import forking

MEASURE = ("run", "gate", "profile", "certify", "lecture", "check", "doctor")
"""Commands that start workers."""


class Running:
    """A command that was started, and has not ended yet."""

    def __init__(
        self,
        folder: Path,
        module: str,
        words: Sequence[str],
        libraries: tuple[str, ...] = forking.COMMANDS,
        measures: bool = True,
        stdin: str = "",
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        """measures: it starts workers, which are forked too, unless a test wants fresh ones."""
        self._words = list(words)
        self._kept = tempfile.TemporaryDirectory()
        self._files = [Path(self._kept.name, name) for name in ("stdin", "stdout", "stderr")]
        self._files[0].write_text(stdin)
        told = dict(environment)
        if os.environ.get(forking.ADDRESS) == forking.HERE:
            told[forking.ADDRESS] = forking.server(forking.WORKERS).address if measures else ""
        address = forking.server(libraries).address
        with self._files[0].open("rb") as source, self._files[1].open("wb") as out, self._files[2].open("wb") as err:
            numbers = [file.fileno() for file in (source, out, err)]
            self._process = forking.Forked(address, module, self._words, numbers, told, str(folder))

    def send_signal(self, number: signal.Signals) -> None:
        """Signal it."""
        os.kill(self._process.pid, number)

    def ended(self, timeout: float) -> subprocess.CompletedProcess[str]:
        """What it ended as, and what it said. Raises `subprocess.TimeoutExpired`, and ends it then."""
        try:
            code = self._process.wait(timeout)
            return subprocess.CompletedProcess(self._words, code, *(file.read_text() for file in self._files[1:]))
        finally:
            self._process.kill()
            self._kept.cleanup()


class Terminal:
    """Runs `python -m bench …` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *words: object, stdin: str = "", timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """What the command ended as, and what it said. Raises `subprocess.TimeoutExpired`, and ends it then."""
        return self.start(*words, stdin=stdin).ended(timeout)

    def start(self, *words: object, stdin: str = "") -> Running:
        """The command, which goes on meanwhile."""
        said = list(map(str, words))
        libraries = forking.WORKERS if "--in-process" in said else forking.COMMANDS
        return Running(self.folder, "bench", said, libraries, said[0] in MEASURE, stdin)

    def program(self, text: str, *words: object, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """What a program ended as that uses `bench` otherwise than its command does, and starts workers."""
        return Running(self.folder, forking.PROGRAM, [text, *map(str, words)]).ended(timeout)
