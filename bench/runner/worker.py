"""The parent's end of a worker: start it, ask it, find out how it died. It blocks on the pipe and never polls."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import records
from bench.protocol import VERSION, Hello, Message, Reply, Request, Stage
from bench.protocol.wire import decode, encode
from bench.records import Outcome
from bench.runner.starter import Forked, Starter, StarterError
from bench.runner.stop_request import Stop

if TYPE_CHECKING:
    from bench.runner.pairs.import_roots import ImportRoots

START_TIMEOUT_S = 120.0
"""Longest start of a worker: an import of torch takes 1.4 s here, and half a minute from a cold network disk."""

LOG_TAIL = 4000
"""Characters of a dead worker's own output that are kept."""


@dataclass(frozen=True)
class SideCode:
    """Source of a side's code: an interpreter, and a source tree that is put ahead of what is installed.

    Both sides use this harness; only what a workload imports is the side's.
    """

    python: str = sys.executable
    root: Path | None = None
    checkouts: tuple[Path, ...] = ()
    """What `root` is a copy of, and the user's repository: what is installed in place from there is moved to `root`."""
    roots: ImportRoots | None = None
    """What the tree lets one import; None puts `root` alone on the path."""


HERE = SideCode()
"""This interpreter, and the packages installed for it."""


class MachineUnfitError(Exception):
    """No worker can run here at all; the text says what it printed."""


class WorkerLostError(Exception):
    """The worker gave no answer. The text says how, `log` what it printed last, `outcome` how its case ended."""

    outcome: Outcome

    def __init__(self, how: str, log: str = "") -> None:
        super().__init__(how)
        self.log = log


class WorkerDiedError(WorkerLostError):
    """The worker ended in the middle of a request."""

    outcome = Outcome.CRASHED


class WorkerSilentError(WorkerLostError):
    """The worker said nothing for too long."""

    outcome = Outcome.TIMEOUT


class Worker:
    """One fresh process with one thread count, started at once; the first request waits until it is ready.

    `process` identifies it among all processes of all runs.
    """

    def __init__(
        self,
        threads: int,
        stop: Stop,
        cache: Path | None = None,
        side: SideCode = HERE,
        starter: Starter | None = None,
    ) -> None:
        """cache: its compile cache; starter: forks it in place of a start of its own. Raises `MachineUnfitError`."""
        self.process = secrets.token_hex(8)
        self.started_s = time.monotonic()
        self.start_s = 0.0
        """Seconds until its hello; its share of them where several started together."""
        self._stop = stop
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as the worker
        self._child = self._started(environment(threads, cache, side), side.python, starter)
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._outgoing, self._incoming = self._child.stdin, self._child.stdout
        self._buffer = b""
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._incoming, selectors.EVENT_READ)
        self._selector.register(stop, selectors.EVENT_READ)
        self._hello: Hello | None = None
        self._stage = ""
        """The stage of the case at work that was reported last."""

    def _started(
        self, variables: Mapping[str, str], python: str, starter: Starter | None
    ) -> Forked | subprocess.Popen[bytes]:
        """The process, in a group of its own, so that its helpers (loaders, compilers) end with it."""
        if starter is not None:
            try:
                return starter.fork(variables, self._log, START_TIMEOUT_S, self._stop)
            except StarterError as error:
                raise MachineUnfitError(f"no worker can start here: {error}") from None
        return subprocess.Popen(
            [python, "-P", "-m", "bench.measure"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=variables,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """Process id."""
        return self._child.pid

    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self._child.poll() is None

    def greet(self) -> Hello:
        """Its hello, with all facts about its machine; waits for it. Raises `MachineUnfitError`, `Stopped`."""
        if self._hello is None:
            try:
                message = self._receive(START_TIMEOUT_S)
            except WorkerLostError as lost:
                log = lost.log or self._log_tail()
                raise MachineUnfitError(f"no worker can start here: {lost}\n{log}".rstrip()) from None
            if not isinstance(message, Hello) or message.version != VERSION:
                raise MachineUnfitError(f"the worker speaks another protocol than version {VERSION}")
            self._hello = message
            self.start_s = time.monotonic() - self.started_s
        return self._hello

    def ask(self, request: Request, silence_s: float, on_stage: Callable[[Stage], None] = lambda stage: None) -> Reply:
        """The answer to `request`. `on_stage` is called with each stage on the way.

        Raises `WorkerDiedError`, `WorkerSilentError` after `silence_s` seconds without a word, `Stopped`, and
        `MachineUnfitError` where it never came up.
        """
        self.begin(request)
        return self.answer(silence_s, on_stage)

    def begin(self, request: Request) -> None:
        """Send a request without waiting for its `answer`: another worker can be asked meanwhile. Raises as `ask`."""
        self.greet()
        self._stage = ""
        try:
            self._outgoing.write(encode(request))
            self._outgoing.flush()
        except BrokenPipeError:
            raise self._death() from None

    def answer(self, silence_s: float, on_stage: Callable[[Stage], None] = lambda stage: None) -> Reply:
        """The answer to the request that was begun. Raises as `ask`."""
        while isinstance(message := self._receive(silence_s), Stage):
            self._stage = message.stage
            on_stage(message)
        if not isinstance(message, Reply):
            raise TypeError(f"a worker answers, it does not ask: {message!r}")
        return message

    def end(self, grace_s: float = 0.0) -> None:
        """Kill the worker and whatever it started: its answers are in, and an orderly end of torch takes time.

        grace_s: how long it may go on once its pipe is closed, where the user's code has something to tidy up.
        """
        if grace_s:
            with contextlib.suppress(BrokenPipeError):
                self._outgoing.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(grace_s)
        with contextlib.suppress(ProcessLookupError):  # it and its group are gone already
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()
        self._selector.close()
        for file in (self._outgoing, self._incoming, self._log):
            with contextlib.suppress(BrokenPipeError):
                file.close()

    def _receive(self, silence_s: float) -> Message:
        """The next message. Sleeps in the kernel until the pipe or the stop says something."""
        ends = time.monotonic() + silence_s
        while True:
            line, newline, rest = self._buffer.partition(b"\n")
            if newline:
                self._buffer = rest
                if (message := decode(line)) is not None:
                    return message
                continue
            ready = self._selector.select(max(0.0, ends - time.monotonic()))
            self._stop.check()
            if not ready:
                stage = f" in its stage {self._stage!r}" if self._stage else ""
                raise WorkerSilentError(f"no answer for {silence_s:g} s{stage}")
            chunk = os.read(self._incoming.fileno(), 1 << 16)
            if not chunk:
                raise self._death()
            self._buffer += chunk

    def _death(self) -> WorkerDiedError:
        code = self._child.wait()
        if code < 0:
            name = signal.Signals(-code).name
            hint = " (often the kernel's out-of-memory killer)" if name == "SIGKILL" else ""
            return WorkerDiedError(f"the worker was killed by {name}{hint}", self._log_tail())
        return WorkerDiedError(f"the worker exited with code {code}", self._log_tail())

    def _log_tail(self) -> str:
        size = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, size - LOG_TAIL))
        return self._log.read().decode(errors="replace").strip()


def environment(threads: int, cache: Path | None, side: SideCode = HERE) -> Mapping[str, str]:
    """The environment of a worker: explicit threads that wait without spinning, this harness, a compile cache, a side.

    Two threads that spin beside another busy process make single steps a thousand times longer (measured).
    """
    harness = str(Path(records.__file__).resolve().parent.parent)
    path = os.pathsep.join(filter(None, (harness, os.environ.get("PYTHONPATH", ""))))
    extra = {
        "PYTHONPATH": path,
        "COURSEBENCH_THREADS": str(threads),
        "COURSEBENCH_PARENT": str(os.getpid()),
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "OMP_WAIT_POLICY": "PASSIVE",
    }
    if cache is not None:
        whole = cache.absolute()  # torch 2.8 starts the C++ compiler in a folder of its own
        extra |= {"TORCHINDUCTOR_CACHE_DIR": str(whole / "inductor"), "TRITON_CACHE_DIR": str(whole / "triton")}
    if side.root is not None:
        extra |= {"COURSEBENCH_ROOT": str(side.root), "COURSEBENCH_SIDE": _imports(side)}
    return {**os.environ, **extra}


def _imports(side: SideCode) -> str:
    """What a worker must know to import the code of its side, as JSON; see `bench.measure.author.side_code`."""
    found: dict[str, Any] = {}
    if side.checkouts and side.root is not None:
        found |= {"checkouts": list(map(str, side.checkouts)), "trees": str(side.root.parent)}
    if side.roots is not None:
        found |= {
            "folders": list(map(str, side.roots.folders)),
            "packages": {name: list(map(str, places)) for name, places in side.roots.packages.items()},
            "projects": side.roots.projects,
        }
    return json.dumps(found)
