"""Starts Python programs without importing anew what they take from others: a process that has the libraries forks.

Two servers: one has what the commands import, for `python -m bench`; the other has torch, for workers. A child has a
folder, an environment and standard files of its own, and runs its module as `python -m` does. Nothing of `bench` is
imported before; what is imported by whom is looked at in processes of their own (test_light.py).

A child ends when the process that asked for it ends, as a worker ends with its parent.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any

COMMANDS = ("pandas", "pyarrow.parquet", "typer", "rich.table", "jinja2", "matplotlib.figure")
"""What commands import; any that is missing is left to the command that needs it."""

WORKERS = ("torch", "torch._dynamo", "sklearn.datasets", "statistics", "sysconfig")
"""What workers import: torch, what its profiler needs to count a step's operators, and the rows of the course."""

ADDRESS = "COURSEBENCH_TEST_WORKERS"
"""Names the socket of the server that forks workers; workers are fresh processes where it is empty or not set."""

PYTEST = "pytest"
STARTER = "bench.measure.starter"
PROGRAM = "-c"
"""In place of a module: the first word is the text of a program, as for `python -c`."""

HERE = "here"
"""As an address: that of this process's own server, which is started for the first worker."""

STARTS = "COURSEBENCH_TEST_STARTS"
"""Names the file that gets a line for each worker that is started."""


def started(what: str) -> None:
    """Note that a worker or a browser was started, for who asks what a test starts (costs.py)."""
    if name := os.environ.get(STARTS):
        with open(name, "a", encoding="utf-8") as file:
            file.write(f"{what}\n")


class Server:
    """A process that has imported libraries, and forks for whoever connects to `address`. It ends with this process."""

    def __init__(self, libraries: Iterable[str]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="forking-")
        self.address = str(Path(self._folder.name, "socket"))
        self._process = subprocess.Popen(
            [sys.executable, "-P", __file__, self.address, *libraries],
            stdin=subprocess.PIPE,  # its end says that this process has ended
            stdout=subprocess.PIPE,
            # Threads that compute must not be there before a fork; a worker sets their number itself.
            env={**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"},
            start_new_session=True,  # Ctrl-C is this process's to handle
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline() != b"ready\n":
            raise RuntimeError(f"the server of {' '.join(libraries)} ended with {self._process.wait()}")

    def is_there(self) -> bool:
        """Is it there still? A test may have killed it."""
        return self._process.poll() is None


around_start: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext
"""Is entered while a server starts: who measures a test does not count that for it (costs.py)."""


_SERVERS: dict[tuple[str, ...], Server] = {}


def server(libraries: tuple[str, ...]) -> Server:
    """The server of this process that has these libraries; a new one where it was killed."""
    found = _SERVERS.get(libraries)
    if found is None or not found.is_there():
        with around_start():
            found = _SERVERS[libraries] = Server(libraries)
    return found


class Forked:
    """A process that a server forked: what is needed of `subprocess.Popen`."""

    def __init__(
        self,
        address: str,
        module: str,
        words: Sequence[str],
        files: Sequence[int],
        environment: Mapping[str, str],
        folder: str = "",
        is_leader: bool = False,
    ) -> None:
        self.returncode: int | None = None
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(address)
        asked = {
            "module": module, "words": list(words), "environment": dict(environment), "folder": folder or os.getcwd(),
            "is_leader": is_leader,
        }  # fmt: skip
        text = json.dumps(asked).encode()
        socket.send_fds(self._connection, [len(text).to_bytes(8, "big")], list(files))
        self._connection.sendall(text)
        self._answers = self._connection.makefile(encoding="utf-8")
        self.pid = int(self._answers.readline())

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, as `subprocess.Popen` has it. Raises `subprocess.TimeoutExpired`."""
        if self.returncode is None:
            if not select.select([self._connection], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
            self.returncode = int(self._answers.readline())
            self._answers.close()
            self._connection.close()
        return self.returncode

    def poll(self) -> int | None:
        """The exit code; None while it runs."""
        if self.returncode is None and select.select([self._connection], [], [], 0)[0]:
            return self.wait()
        return self.returncode

    def kill(self) -> None:
        """Kill it, unless it has ended."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


class ForkedWorker(Forked):
    """A worker that was asked for as `bench.runner.worker` asks for one, with pipes to it."""

    def __init__(
        self, address: str, module: str, words: Sequence[str], stderr: IO[bytes], env: Mapping[str, str]
    ) -> None:
        theirs_in, mine_in = os.pipe()
        mine_out, theirs_out = os.pipe()
        files = [theirs_in, theirs_out, stderr.fileno()]
        super().__init__(address, module, words, files, env, is_leader=True)
        os.close(theirs_in)
        os.close(theirs_out)
        self.stdin, self.stdout = os.fdopen(mine_in, "wb"), os.fdopen(mine_out, "rb")


class Popen(subprocess.Popen[Any]):
    """`subprocess.Popen` that has a worker of this interpreter forked where a server does that."""

    def __new__(cls, args: Any, *_: Any, **options: Any) -> Any:
        """A `ForkedWorker`, on which `__init__` is not called then, or an instance as usual."""
        if isinstance(args, list) and args[1:3] == ["-P", "-m"] and args[3] in ("bench.measure", STARTER):
            started("worker")
            address = os.environ.get(ADDRESS)
            if address and args[0] == sys.executable:
                if address == HERE:
                    address = server(WORKERS).address
                return ForkedWorker(address, args[3], args[4:], options["stderr"], options["env"])
        return super().__new__(cls)


def install() -> None:
    """Have the workers that this process starts forked, and noted."""
    subprocess.Popen = Popen  # type: ignore[misc]  # a class cannot be assigned to; the module has no other seam


def _serve(address: str) -> tuple[str, list[str]]:
    """Fork for each request until the parent ends. Returns, in a child, the module to run and its words."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    print("ready", flush=True)
    while listener.fileno() in select.select([listener.fileno(), 0], [], [])[0]:
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            return _keep(connection)
        connection.close()
        with contextlib.suppress(ChildProcessError):  # there is none left
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
    sys.exit()


def _keep(connection: socket.socket) -> tuple[str, list[str]]:
    """Fork what was asked for, tell its process and then its exit code. Returns in the child.

    The process is killed when the connection is closed: then who asked for it has ended.
    """
    size, files, *_ = socket.recv_fds(connection, 8, 3)
    asked = json.loads(connection.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL))
    begun, beginning = os.pipe()
    pid = os.fork()
    if pid == 0:
        connection.close()
        os.close(begun)
        told = _become(asked, files)
        os.close(beginning)
        return told
    for file in (*files, beginning):
        os.close(file)
    os.read(begun, 1)  # nothing, once it leads its own group: who is told its process may want to end the group at once
    connection.sendall(b"%d\n" % pid)
    ended = os.pidfd_open(pid)
    if ended not in select.select([ended, connection.fileno()], [], [])[0]:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def _become(asked: Mapping[str, Any], files: list[int]) -> tuple[str, list[str]]:
    """Take the files, the folder and the environment that were asked for."""
    if asked["is_leader"]:
        os.setsid()
    for number, file in enumerate(files):  # of stdin, stdout, stderr
        os.dup2(file, number)
        os.close(file)
    if asked["module"] == PYTEST:
        gc.unfreeze()  # a session of pytest finds the collector as Python begins
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    if "COURSEBENCH_PARENT" in os.environ:
        os.environ["COURSEBENCH_PARENT"] = str(os.getppid())  # it is kept by a process between
    install()
    return asked["module"], asked["words"]


def _begin(module: str, words: list[str]) -> None:
    """Run a module as `python -m` does, a worker as `python -P -m` does, a program as `python -c` does."""
    is_worker = module not in ("bench", PYTEST, PROGRAM)
    sys.path[0:0] = os.environ.get("PYTHONPATH", "").split(os.pathsep) if is_worker else [os.getcwd()]
    if module == PROGRAM:
        sys.argv = ["-c", *words[1:]]
        exec(compile(words[0], "<string>", "exec"), {"__name__": "__main__"})
    else:
        sys.argv = [module, *words]
        runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    for library in sys.argv[2:]:
        with contextlib.suppress(ImportError):
            importlib.import_module(library)
    gc.collect()
    gc.freeze()  # a child that looked at all this would copy it
    _begin(*_serve(sys.argv[1]))
