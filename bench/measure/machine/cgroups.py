"""Control groups of this process: the CPU time that a container lets it have, and how often it was stopped for that.

Version 2: `cpu.max` ("50000 100000" or "max 100000": quota and period, µs), `cpu.stat` (nr_periods, nr_throttled,
throttled_usec) and `cpuset.cpus.effective`; docs: kernel.org, admin-guide/cgroup-v2. Version 1: `cpu.cfs_quota_us` (-1
without a limit), `cpu.cfs_period_us`, `cpu.stat` (throttled_time, ns) and `cpuset.effective_cpus`; docs: kernel.org,
scheduler/sched-bwc and admin-guide/cgroup-v1/cpusets. A limit of any parent binds too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from bench.measure.machine.kernel_files import ROOT, kernel_number, kernel_text


class Limit(NamedTuple):
    """CPU time that a control group may use: `quota_us` in each `period_us`, over all its cores."""

    quota_us: int
    period_us: int
    folder: Path

    @property
    def cores(self) -> float:
        """How many cores this is worth."""
        return self.quota_us / self.period_us


@dataclass(frozen=True)
class Stops:
    """How often, and for how long, control groups stopped what runs in them."""

    periods: int = 0
    """Periods in which something ran."""
    throttled: int = 0
    """Periods in which it was stopped."""
    seconds: float = 0.0
    """Time that it stood still, added over cores."""


def limits(root: Path = ROOT) -> list[Limit]:
    """The limits on this process, its own group's first; empty where nothing limits it, or no control groups exist."""
    found = []
    for folder in folders("cpu", root):
        quota, period = _quota(folder)
        if quota is not None and period:
            found.append(Limit(quota, period, folder))
    return found


def stops(folder: Path) -> Stops:
    """What `cpu.stat` of a group counted so far; zeros where it does not count."""
    counts = dict(line.split()[:2] for line in kernel_text(folder / "cpu.stat").splitlines() if len(line.split()) > 1)
    seconds = int(counts.get("throttled_usec", 0)) / 1e6 or int(counts.get("throttled_time", 0)) / 1e9
    return Stops(int(counts.get("nr_periods", 0)), int(counts.get("nr_throttled", 0)), seconds)


def cpuset(root: Path = ROOT) -> str:
    """The CPUs that control groups leave this process, as the kernel lists them; empty where none says."""
    names = ("cpuset.cpus.effective", "cpuset.effective_cpus")
    texts = (kernel_text(folder / name) for folder in folders("cpuset", root) for name in names)
    return next(filter(None, texts), "")


def folders(controller: str, root: Path = ROOT) -> list[Path]:
    """The folders of the groups that this process is in for a controller: its own, then its parents' up to the mount.

    A container sees its own group as the root of the mount, and may not see the path that the kernel tells.
    """
    found: list[Path] = []
    for own in (entry for entry in _memberships(root) if controller in entry.controllers or entry.version == 2):
        for mount in _mounts(root):
            if mount.version != own.version or (own.version == 1 and controller not in mount.options):
                continue
            top = root / mount.point.lstrip("/")
            below = _below(own.path, mount.root)
            folder = top.joinpath(*below.parts)
            if not folder.is_dir():
                folder = top
            found += [folder, *(each for each in folder.parents if each.is_relative_to(top))]
    return list(dict.fromkeys(found))


class _Membership(NamedTuple):
    """A line of /proc/self/cgroup (cgroups(7))."""

    version: int
    controllers: list[str]
    path: str


class _Mount(NamedTuple):
    """A line of /proc/self/mountinfo (proc(5)) about control groups."""

    version: int
    root: str
    point: str
    options: list[str]


def _memberships(root: Path) -> Iterator[_Membership]:
    for line in kernel_text(root / "proc/self/cgroup").splitlines():
        number, controllers, path = line.split(":", 2)
        yield _Membership(2 if number == "0" and not controllers else 1, controllers.split(","), path)


def _mounts(root: Path) -> Iterator[_Mount]:
    for line in kernel_text(root / "proc/self/mountinfo").splitlines():
        place, _, kind = line.partition(" - ")
        fields, (filesystem, *_, options) = place.split(" "), kind.split(" ")
        version = {"cgroup": 1, "cgroup2": 2}.get(filesystem)
        if version is not None:
            at, point = (text.replace("\\040", " ") for text in fields[3:5])
            yield _Mount(version, at, point, options.split(","))


def _below(path: str, mounted: str) -> PurePosixPath:
    """The path of a group inside of what is mounted; empty where it lies elsewhere, as the kernel may tell it."""
    own = PurePosixPath(path)
    if ".." in own.parts or not own.is_relative_to(mounted):
        return PurePosixPath()
    return own.relative_to(mounted)


def _quota(folder: Path) -> tuple[int | None, int | None]:
    """Quota and period of a group, µs; the quota is None without a limit."""
    if text := kernel_text(folder / "cpu.max"):
        quota, _, period = text.partition(" ")
        return (None if quota == "max" else int(quota)), int(period or 100_000)
    quota_us = kernel_number(folder / "cpu.cfs_quota_us")
    return (None if quota_us is None or quota_us < 0 else quota_us), kernel_number(folder / "cpu.cfs_period_us")
