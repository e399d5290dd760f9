"""The worker process: `python -P -m bench.measure`. It speaks the protocol on the pipes it was started with."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys

from bench.measure.author.side_code import make_room, place_side
from bench.measure.channel import Channel


def main() -> None:
    """Set up the process, and be a worker."""
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle: it seals, then ends us
    make_room()
    worker()


def worker() -> None:
    """Take the pipes, import torch if that is still to do, and answer requests until the parent is gone."""
    channel = take_pipes()
    threads = int(os.environ.get("COURSEBENCH_THREADS", "1"))

    gc.disable()  # looking for garbage among the modules of torch is a sixth of the time that its import takes
    import torch  # only now: stdout is safe from what an import prints, and the environment is what the parent set

    from bench.measure.dispatcher import serve

    gc.enable()
    place_side()  # the harness is imported by now: a `bench` of the side's own shadows nothing
    torch.set_num_threads(threads)
    torch.set_num_interop_threads(1)
    try:
        serve(channel)
    except BrokenPipeError:
        sys.exit(1)  # the parent is gone; nobody is left to tell


def take_pipes() -> Channel:
    """Keep stdin and stdout as the pipe to the parent, out of the reach of workloads.

    Afterwards whatever prints to stdout prints to stderr, which the parent keeps as the worker's log, and whatever
    reads stdin finds its end.
    """
    incoming = os.fdopen(os.dup(0), "rb")
    outgoing = os.fdopen(os.dup(1), "wb")
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    os.dup2(2, 1)
    return Channel(incoming, outgoing)


def die_with_parent() -> None:
    """Ask the kernel to end this process when its parent dies, even in the middle of a step (Linux, prctl(2))."""
    if not sys.platform.startswith("linux"):
        return  # elsewhere the worker ends at its next look at the closed pipe
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
    if os.getppid() != int(os.environ.get("COURSEBENCH_PARENT", os.getppid())):
        sys.exit(1)  # the parent died before we asked


if __name__ == "__main__":
    main()
