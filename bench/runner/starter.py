"""The parent's end of a starter: a process that has imported torch, and forks workers of one launch or one pair."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from bench.protocol.wire import STARTER_READY
from bench.runner.stop_request import Stop


def can_fork(cuda: bool) -> bool:
    """Whether workers may be forked here: Linux alone has all that it takes, and neither CUDA nor SYCL survives a fork.

    cuda: whether the machine has such a GPU; see `has_gpu`.
    """
    return sys.platform.startswith("linux") and hasattr(os, "pidfd_open") and not cuda


def has_gpu(capabilities: Mapping[str, str]) -> bool:
    """Whether cases may use a device whose context does not survive a fork; see `Hello.capabilities`."""
    return any(capabilities.get(kind) == "" for kind in ("cuda", "xpu"))


class StarterError(Exception):
    """The starter did not come up; the text says what it printed."""


class Starter:
    """Starts at once; the first fork waits until it is ready. It and all its workers end with this process."""

    def __init__(self, python: str, environment: Mapping[str, str], modules: Sequence[str] = ()) -> None:
        """modules: what its workers will import besides torch."""
        self.modules = frozenset(modules)
        self._folder = tempfile.TemporaryDirectory(prefix="coursebench-")
        self._address = str(Path(self._folder.name, "socket"))
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as the starter
        self._process = subprocess.Popen(
            [python, "-P", "-m", "bench.measure.starter", self._address, *modules],
            stdin=subprocess.PIPE,  # its end says that this process has ended
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=environment,
            start_new_session=True,  # Ctrl-C is this process's to handle
        )
        self._ready = False

    def wait(self, seconds: float, stop: Stop) -> None:
        """Wait until it can fork. Raises `StarterError` where it ended or said nothing for so long, and `Stopped`."""
        if self._ready:
            return
        assert self._process.stdout is not None
        seen = select.select([self._process.stdout.fileno(), stop.fileno()], [], [], seconds)[0]
        stop.check()
        if not seen or self._process.stdout.readline() != STARTER_READY:
            self._log.seek(0)
            raise StarterError(self._log.read().decode(errors="replace").strip() or f"no word for {seconds:g} s")
        self._ready = True

    def fork(self, environment: Mapping[str, str], log: IO[bytes], seconds: float, stop: Stop) -> Forked:
        """A worker with this environment, which writes what it prints into `log`. Raises as `wait` does."""
        self.wait(seconds, stop)
        try:
            return Forked(self._address, environment, log)
        except (OSError, ValueError) as error:  # it was killed meanwhile: it refuses, or says no process id
            raise StarterError(f"the process that forks workers has ended: {error}") from None

    def end(self) -> None:
        """End it, if it has not ended. Its workers live on until their own end."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()
        for file in (self._process.stdin, self._process.stdout, self._log):
            assert file is not None
            file.close()
        self._folder.cleanup()


class Forked:
    """A worker that a starter forked: what is needed of `subprocess.Popen`."""

    def __init__(self, address: str, environment: Mapping[str, str], log: IO[bytes]) -> None:
        self.returncode: int | None = None
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(address)
        theirs_in, mine_in = os.pipe()
        mine_out, theirs_out = os.pipe()
        text = json.dumps(dict(environment)).encode()
        socket.send_fds(self._connection, [len(text).to_bytes(8, "big")], [theirs_in, theirs_out, log.fileno()])
        self._connection.sendall(text)
        os.close(theirs_in)
        os.close(theirs_out)
        self.stdin, self.stdout = os.fdopen(mine_in, "wb"), os.fdopen(mine_out, "rb")
        self._answers = self._connection.makefile(encoding="utf-8")
        self.pid = int(self._answers.readline())

    def poll(self) -> int | None:
        """The exit code; None while it runs."""
        if self.returncode is None and select.select([self._connection], [], [], 0)[0]:
            return self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, negative for a signal. Raises `subprocess.TimeoutExpired`."""
        if self.returncode is None:
            if not select.select([self._connection], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
            # Without a word its keeper was killed, and the worker with it.
            self.returncode = int(self._answers.readline() or -signal.SIGKILL)
            self._answers.close()
            self._connection.close()
        return self.returncode
