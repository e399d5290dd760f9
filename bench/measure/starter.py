"""The starter: a process that imports torch once, and forks a worker for whoever asks on its socket.

`python -P -m bench.measure.starter SOCKET [MODULE]...`. A fork takes 4 ms where a start takes a second. Forks share
what was drawn when their starter began, such as the layout of its memory and the seed of its hashes: so a starter
serves one launch, or one lockstep pair, and the next has another. It computes nothing with several threads: they would
be missing in a fork.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys

import bench.measure.__main__ as worker_program
from bench.measure.__main__ import die_with_parent, worker
from bench.measure.author.side_code import make_room
from bench.measure.machine.compiler import why_no_compiler
from bench.protocol.wire import STARTER_READY

COMPILER = "torch._inductor.compile_fx"
"""What `torch.compile` loads at its first call: two to four seconds in each process that compiles, or once a round."""

FILES = 3
"""A request brings standard input, output and error of its worker."""


def main() -> None:
    """Import, rehearse, then fork for each connection until the parent is gone."""
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[1])
    make_room()
    gc.disable()
    from bench.measure import dispatcher  # noqa: F401  # what every worker needs, torch among it

    for module in sys.argv[2:]:
        importlib.import_module(module)
    rehearse()
    if COMPILER in sys.modules and not why_no_compiler():
        ask_compiler()
    gc.enable()
    gc.freeze()  # a fork whose collector looked at all this would copy it
    listener.listen()
    os.write(1, STARTER_READY)
    while listener.fileno() in select.select([listener.fileno(), 0], [], [])[0]:
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            keep(connection)
            return
        connection.close()
        with contextlib.suppress(ChildProcessError):  # there is none left
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def rehearse() -> None:
    """Run what is slow once a process: a first product, forward and backward, on one thread."""
    import torch

    torch.set_num_threads(1)
    a = torch.ones(8, 8, requires_grad=True)
    torch.mm(a, a).sum().backward()


def ask_compiler() -> None:
    """Ask what `torch.compile` asks once a process: which vector instructions the C++ compiler can be used with, and
    the key of torch's own code in its cache. It is most of what loading a compiled step takes, and forks have it.
    """
    from torch._inductor.codecache import torch_key
    from torch._inductor.cpu_vec_isa import pick_vec_isa

    torch_key()
    pick_vec_isa()


def keep(connection: socket.socket) -> None:
    """Fork the worker, tell its process id and then its exit code; in the worker, serve until its parent is gone.

    The worker is killed when the connection is closed: whoever asked for it has ended then.
    """
    size, files, *_ = socket.recv_fds(connection, 8, FILES)
    environment = json.loads(connection.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL))
    begun, beginning = os.pipe()
    pid = os.fork()
    if pid == 0:
        connection.close()
        os.close(begun)
        become(environment, files)
        # Processes that a step starts read in which program they run. In a started worker it is this one, for which
        # they import nothing; the starter they would run again, each of them.
        sys.modules["__main__"] = worker_program
        os.close(beginning)
        worker()
        return
    for file in (*files, beginning):
        os.close(file)
    os.read(begun, 1)  # nothing, once it leads its own group: who learns its id may want to end the group at once
    connection.sendall(b"%d\n" % pid)
    ended = os.pidfd_open(pid)
    if ended not in select.select([ended, connection.fileno()], [], [])[0]:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def become(environment: dict[str, str], files: list[int]) -> None:
    """Lead a group of its own, with the files and the environment that were asked for."""
    os.setsid()
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(environment)
    os.environ["COURSEBENCH_PARENT"] = str(os.getppid())
    die_with_parent()


if __name__ == "__main__":
    main()
