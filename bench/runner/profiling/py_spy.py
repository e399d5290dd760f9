"""py-spy, attached to a worker: it reads stacks from outside the process, and nothing of it is in what is measured.

It exits with 0 even where it saw nothing, and it ends a process that it started itself: so it is attached to a worker
of ours, and its output counts only with samples in it.
"""

from __future__ import annotations

import contextlib
import re
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.runner.profiling.sampled_stacks import Row, Stacks
from bench.runner.stop_request import Stop

RATE_HZ, CALM_HZ = 500, 100
"""Looks a second: a thousand in two seconds, fewer where they slow the step down. Each reads some 20 frames of every
process, in 0.1 to 0.5 ms, and workers of a loader are processes too."""

ATTACH_S = 20.0
"""Reading the symbols of an interpreter takes 0.1 s here, and longer from a cold disk."""

WRITE_S = 30.0
"""Longest wait from the signal to end until the file is written: milliseconds here."""

ALLOW = (
    "py-spy reads the memory of another process (process_vm_readv), which needs the rights of ptrace(2): run as the "
    "same user or as root, with kernel.yama.ptrace_scope at 0 or 1, and in a container with --cap-add=SYS_PTRACE"
)
"""How to allow it, for the reason that a user reads."""


class SpyRefusedError(Exception):
    """py-spy cannot look into the process; the text says why, in one line."""


def program() -> str:
    """The path of py-spy: beside this interpreter, else on PATH. Raises `SpyRefusedError` where it is not installed."""
    found = shutil.which("py-spy", path=str(Path(sys.executable).parent)) or shutil.which("py-spy")
    if found is None:
        raise SpyRefusedError("py-spy is not installed: pip install py-spy")
    return found


def why_not(pid: int) -> str:
    """Why py-spy cannot look into this process; empty where it can. One look decides."""
    try:
        words = [program(), "dump", "--nonblocking", "--pid", str(pid)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=ATTACH_S)
    except SpyRefusedError as refusal:
        return str(refusal)
    except subprocess.TimeoutExpired:
        return f"py-spy does not answer within {ATTACH_S:g} s"
    return "" if done.returncode == 0 else _reason(done.stderr)


@dataclass
class PySpySession:
    """The stacks that py-spy saw; there once it has ended."""

    rows: list[Row] = field(default_factory=list)
    errors: int = 0
    """Looks that read a stack while it changed, and are lost."""


@contextlib.contextmanager
def sampling(pid: int, folder: Path, stop: Stop, rate_hz: int = RATE_HZ) -> Iterator[PySpySession]:
    """Let py-spy sample a process and its children while this is open; what it saw is there afterwards.

    folder: an existing one, for its file. Raises `Stopped`, and `SpyRefusedError` where it cannot look or write.
    """
    out, session = folder / "stacks.raw", PySpySession()
    words = [program(), "record", "--pid", str(pid), "--output", str(out), "--format", "raw", "--rate", str(rate_hz)]
    words += ["--nonblocking", "--idle", "--threads", "--nolineno", "--subprocesses"]
    with (
        open(folder / "spy.err", "w+", encoding="utf-8") as errors,
        subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, start_new_session=True
        ) as spy,
    ):
        try:
            _attached(spy, errors.name, stop)
            yield session
            spy.send_signal(signal.SIGINT)  # as its own Ctrl-C: it ends and writes
            try:
                spy.wait(WRITE_S)
            except subprocess.TimeoutExpired:
                raise SpyRefusedError(f"py-spy wrote nothing within {WRITE_S:g} s") from None
        finally:
            spy.kill()
    said = Path(errors.name).read_text(encoding="utf-8", errors="replace")
    if spy.returncode != 0 or not out.exists():
        raise SpyRefusedError(_reason(said))
    lost = re.search(r"Errors: (\d+)", said)
    session.errors = int(lost[1]) if lost else 0
    session.rows[:] = list(rows_of(out.read_text(encoding="utf-8", errors="replace"), pid, rate_hz))


def _attached(spy: subprocess.Popen[bytes], log: str, stop: Stop) -> None:
    """Wait until py-spy says that it samples. Raises `SpyRefusedError` where it ends instead, or says nothing."""
    assert spy.stdout is not None
    ends = time.monotonic() + ATTACH_S
    with selectors.DefaultSelector() as selector:
        selector.register(spy.stdout, selectors.EVENT_READ)
        selector.register(stop, selectors.EVENT_READ)
        while selector.select(max(0.0, ends - time.monotonic())):
            stop.check()
            line = spy.stdout.readline()
            if b"Sampling process" in line:
                return
            if not line:
                spy.wait()
                raise SpyRefusedError(_reason(Path(log).read_text(encoding="utf-8", errors="replace")))
    raise SpyRefusedError(f"py-spy was not there within {ATTACH_S:g} s")


def _reason(said: str) -> str:
    """The first line of its output that says anything, and how to allow it where it was denied."""
    lines = [line.strip().removeprefix("Error: ") for line in said.splitlines() if line.strip()]
    first = next((line for line in lines if not line.startswith("py-spy>")), "py-spy ended without a word")
    denied = re.search(r"permission denied|not permitted|EPERM|ptrace", said, re.IGNORECASE)
    return f"{first}; {ALLOW}" if denied else first


_LINE = re.compile(r"(?P<frames>.*) (?P<samples>\d+)")
_PROCESS = re.compile(r'process (\d+):"')
_THREAD = re.compile(r"thread \((\w+)\)")


def rows_of(raw: str, pid: int, rate_hz: int = RATE_HZ) -> Iterator[Row]:
    """The lines of py-spy's raw format as rows: whose thread it was, its frames from the outermost on, its samples.

    py-spy writes a process or thread as a frame ahead of the others. Each sample stands for `1 / rate_hz` seconds.
    """
    for line in raw.splitlines():
        match = _LINE.fullmatch(line)
        if match is None:
            continue
        frames, own, main = match["frames"].split(";"), True, True
        while frames and (process := _PROCESS.match(frames[0])):
            own, _ = int(process[1]) == pid, frames.pop(0)
        if frames and (thread := _THREAD.match(frames[0])):
            main, _ = int(thread[1], 0) == pid, frames.pop(0)
        thread_of = Stacks.MAIN if own and main else Stacks.OTHER_THREAD if own else Stacks.CHILD
        samples = int(match["samples"])
        yield Row(thread_of, tuple(frames), samples, round(samples * 1e9 / rate_hz))
