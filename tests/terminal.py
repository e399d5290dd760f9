"""A terminal for tests: `python -m bench …` in a folder of its own, forked from a process that has its libraries."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from tests import forking

MEASURE = ("run", "gate", "profile", "certify", "lecture", "check", "doctor")
"""Commands that start workers."""


class Terminal:
    """Runs `python -m bench …` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *words: object, stdin: str = "", timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """What the command ended as, and what it said. Raises `subprocess.TimeoutExpired`, and ends it then."""
        said = list(map(str, words))
        libraries = forking.WORKERS if "--in-process" in said else forking.COMMANDS
        return self._ended("bench", said, libraries, said[0] in MEASURE, stdin, timeout)

    def program(self, text: str, *words: object, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """The same of a program that uses `bench` otherwise than its command does, and starts workers."""
        return self._ended(forking.PROGRAM, [text, *map(str, words)], forking.COMMANDS, True, "", timeout)

    def _ended(
        self, module: str, words: list[str], libraries: tuple[str, ...], measures: bool, stdin: str, timeout: float
    ) -> subprocess.CompletedProcess[str]:
        environment = dict(os.environ)
        if environment.get(forking.ADDRESS) == forking.HERE:
            environment[forking.ADDRESS] = forking.server(forking.WORKERS).address if measures else ""
        with tempfile.TemporaryDirectory() as folder:
            files = [Path(folder, name) for name in ("stdin", "stdout", "stderr")]
            files[0].write_text(stdin)
            opened = [files[0].open("rb"), files[1].open("wb"), files[2].open("wb")]
            try:
                address = forking.server(libraries).address
                numbers = [file.fileno() for file in opened]
                command = forking.Forked(address, module, words, numbers, environment, str(self.folder))
            finally:
                for file in opened:
                    file.close()
            try:
                code = command.wait(timeout)
            except subprocess.TimeoutExpired:
                command.kill()
                raise
            return subprocess.CompletedProcess(words, code, *(file.read_text() for file in files[1:]))
