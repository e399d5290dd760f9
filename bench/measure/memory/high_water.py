"""Peak host memory of one case, from a high-water mark that the kernel can reset.

A difference of resident sizes is 0 for a case that follows a larger one; the high-water mark is not, once it is reset.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
from pathlib import Path

STATUS = Path("/proc/self/status")
CLEAR = Path("/proc/self/clear_refs")


class HighWater:
    """Resident memory above the level at which this object was made."""

    def __init__(self, reason: str = "") -> None:
        """reason: why there can be no number, where that is known beforehand."""
        self.reason = reason
        self._before = 0
        self.restart()
        if not self.reason:
            self._before = _status_bytes("VmRSS")

    def restart(self) -> None:
        """Forget the peak so far; the level it is counted from stays."""
        if self.reason:
            return
        try:
            trim()
            CLEAR.write_text("5")  # proc(5): 5 resets the peak resident set size (VmHWM) to the current size
        except OSError as error:
            self.reason = f"the resident high-water mark cannot be reset here ({error})"

    def bytes(self) -> int | None:
        """The peak since the last restart, in bytes above the first level; None where `reason` says why."""
        if self.reason:
            return None
        return max(0, _status_bytes("VmHWM") - self._before)


def resident_bytes() -> int:
    """Resident memory of this process now, in bytes; 0 where it cannot be read."""
    try:
        return _status_bytes("VmRSS")
    except OSError:
        return 0


def trim() -> None:
    """Give memory that the allocator keeps for later back to the kernel, where the C library can (glibc).

    Without it a case would find the pages of the one before it still resident, and its own peak would be too small.
    """
    malloc_trim = getattr(c_library(), "malloc_trim", None)
    if malloc_trim is not None:
        malloc_trim(0)


@functools.cache
def c_library() -> ctypes.CDLL | None:
    """The C library of this process; None where it is not found."""
    name = ctypes.util.find_library("c")
    return ctypes.CDLL(name) if name else None


class _Mallinfo2(ctypes.Structure):
    """The result of mallinfo2(3); its fields are all size_t."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    )


def heap_bytes() -> int | None:
    """Bytes of the C heap in use now; tensors live there. None where the C library has no mallinfo2 (glibc < 2.33)."""
    mallinfo2 = getattr(c_library(), "mallinfo2", None)
    if mallinfo2 is None:
        return None
    mallinfo2.restype = _Mallinfo2
    info = mallinfo2()
    return int(info.uordblks + info.hblkhd)  # from the arenas, and mapped one by one


def _status_bytes(name: str) -> int:
    for line in STATUS.read_text(encoding="utf-8").splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise OSError(f"{STATUS} has no {name}")
