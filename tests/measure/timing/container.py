"""A simulated container: its clock stands still once its quota of a period is used up, and its files count that."""

from __future__ import annotations

from pathlib import Path

from bench.measure.timing.cpu_clock import CpuReading
from tests.measure.machine.trees import STAT, half_a_core, planted

PERIOD_NS = 100_000_000


class Container:
    """A clock in a container that computes for `quota_ms` of each 100 ms. Reading it costs 50 ns."""

    def __init__(self, root: Path, quota_ms: int = 50) -> None:
        self.root = planted(root, half_a_core(STAT.format(0, 0, 0), f"{quota_ms * 1000} 100000"))
        self.now_ns = 0
        self._quota_ns = quota_ms * 1_000_000
        self._used_ns = self._throttled = self._still_ns = 0

    def __call__(self) -> int:
        self.work(50)
        return self.now_ns

    def work(self, ns: int) -> None:
        """Compute for so long, and stand still where the quota ends before."""
        while ns > (left := self._quota_ns - self._used_ns):
            self.now_ns += left
            ns -= left
            self._still_ns += PERIOD_NS - self.now_ns % PERIOD_NS
            self._throttled += 1
            self._rest_of_period()
            counted = STAT.format(self.now_ns // PERIOD_NS, self._throttled, self._still_ns // 1000)
            (self.root / "sys/fs/cgroup/cpu.stat").write_text(counted)
        self.now_ns += ns
        self._used_ns += ns

    def sleep(self, seconds: float) -> None:
        """Do nothing: a new period brings a whole quota."""
        ends = self.now_ns + round(seconds * 1e9)
        while ends // PERIOD_NS > self.now_ns // PERIOD_NS:
            self._rest_of_period()
        self.now_ns = max(self.now_ns, ends)

    def _rest_of_period(self) -> None:
        self.now_ns += PERIOD_NS - self.now_ns % PERIOD_NS
        self._used_ns = 0

    def cpu(self) -> CpuReading:
        """What the process took of the processor; nobody asks here."""
        return CpuReading(0, 0, None, None)
