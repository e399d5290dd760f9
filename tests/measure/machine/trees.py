"""Trees of /proc and /sys as other machines have them: the files that say where a process may run.

Written in the formats of the kernel's documents: admin-guide/cgroup-v2 (cpu.max, cpu.stat, cpuset.cpus.effective),
scheduler/sched-bwc (cpu.cfs_quota_us), ABI/testing/sysfs-devices-system-cpu (online, topology, cpu_capacity, acpi_cppc,
cpufreq), ABI/stable/sysfs-devices-node (cpulist), perf-intel-hybrid(1) (cpu_core, cpu_atom), cgroups(7), proc(5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

CPU = "sys/devices/system/cpu"
NODE = "sys/devices/system/node"


def planted(root: Path, *trees: Mapping[str, str]) -> Path:
    """Write the files of some trees below `root`, and return it."""
    for path, text in (item for tree in trees for item in tree.items()):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text + "\n", encoding="utf-8")
    return root


def each(count: int, file: str, text: Callable[[int], object]) -> dict[str, str]:
    """One file of each CPU."""
    return {f"{CPU}/cpu{cpu}/{file}": str(text(cpu)) for cpu in range(count)}


SIBLINGS = "topology/thread_siblings_list"

PLAIN = {f"{CPU}/online": "0-3", f"{NODE}/node0/cpulist": "0-3", **each(4, SIBLINGS, str)}
"""Four cores, all alike."""

HYBRID = {
    f"{CPU}/online": "0-11",
    "sys/devices/cpu_core/cpus": "0-7",
    "sys/devices/cpu_atom/cpus": "8-11",
    f"{NODE}/node0/cpulist": "0-11",
    **each(12, SIBLINGS, lambda cpu: cpu if cpu > 7 else f"{cpu // 2 * 2}-{cpu // 2 * 2 + 1}"),
}
"""Four P cores of two CPUs each, and four E cores: a laptop of Intel's twelfth generation."""

TWO_NODES = {
    f"{CPU}/online": "0-15",
    f"{NODE}/node0/cpulist": "0-3,8-11",
    f"{NODE}/node1/cpulist": "4-7,12-15",
    f"{NODE}/node2/cpulist": "",  # memory alone
    **each(16, SIBLINGS, lambda cpu: f"{cpu % 8},{cpu % 8 + 8}"),
}
"""Two sockets of four cores, two CPUs each: siblings are eight apart, as usual on servers."""

ARM = {
    f"{CPU}/online": "0-7",
    f"{NODE}/node0/cpulist": "0-7",
    **each(8, SIBLINGS, str),
    **each(8, "cpu_capacity", lambda cpu: 446 if cpu < 4 else 1024),
}
"""Four little cores, which come first, and four big ones."""

FAVOURED = {
    f"{CPU}/online": "0-3",
    f"{NODE}/node0/cpulist": "0-3",
    **each(4, SIBLINGS, str),
    **each(4, "cpu_capacity", lambda cpu: 1024),
    **each(4, "acpi_cppc/highest_perf", lambda cpu: (236, 226, 216, 206)[cpu]),
    **each(4, "cpufreq/cpuinfo_max_freq", lambda cpu: 4_500_000),
}
"""One kind of core by AMD, each ranked a few percent below the one before."""

COMPACT = {
    **{path: text for path, text in FAVOURED.items() if "highest_perf" not in path},
    **each(4, "acpi_cppc/highest_perf", lambda cpu: (196, 191, 140, 135)[cpu]),
}
"""Two large and two compact cores by AMD."""

CLOCKS_ALONE = {
    **PLAIN,
    **each(4, "cpufreq/cpuinfo_max_freq", lambda cpu: 4_800_000 if cpu < 2 else 3_600_000),
}
"""Cores of which nothing but the highest clock rate tells a difference."""

STAT = "usage_usec 5000\nuser_usec 4000\nsystem_usec 1000\nnr_periods {}\nnr_throttled {}\nthrottled_usec {}"


def half_a_core(stat: str = STAT.format(40, 12, 600_000), quota: str = "50000 100000") -> dict[str, str]:
    """A container of version 2 with a name space of its own: its group is the root of the mount."""
    return {
        "proc/self/cgroup": "0::/",
        "proc/self/mountinfo": "1104 1093 0:30 / /sys/fs/cgroup ro,nosuid,nodev - cgroup2 cgroup rw,nsdelegate",
        "sys/fs/cgroup/cpu.max": quota,
        "sys/fs/cgroup/cpu.stat": stat,
        "sys/fs/cgroup/cpuset.cpus.effective": "0-2",
    }


BY_PARENT = {
    "proc/self/cgroup": "0::/user.slice/user-1000.slice/session-3.scope",
    "proc/self/mountinfo": (
        "22 27 0:21 / /proc rw,relatime - proc proc rw\n31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw"
    ),
    "sys/fs/cgroup/cpuset.cpus.effective": "0-3",
    "sys/fs/cgroup/user.slice/cpu.max": "max 100000",
    "sys/fs/cgroup/user.slice/user-1000.slice/cpu.max": "150000 100000",
    "sys/fs/cgroup/user.slice/user-1000.slice/session-3.scope/cpu.max": "max 100000",
    "sys/fs/cgroup/user.slice/user-1000.slice/cpu.stat": STAT.format(7, 2, 90_000),
}
"""A session of systemd whose slice may use one and a half cores."""

VERSION_1 = {
    "proc/self/cgroup": "5:memory:/docker/ab12\n4:cpu,cpuacct:/docker/ab12\n3:cpuset:/docker/ab12\n0::/docker/ab12",
    "proc/self/mountinfo": (
        "50 31 0:29 /docker/ab12 /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n"
        "51 31 0:31 /docker/ab12 /sys/fs/cgroup/cpuset ro - cgroup cgroup rw,cpuset"
    ),
    "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "25000",
    "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "50000",
    "sys/fs/cgroup/cpu,cpuacct/cpu.stat": "nr_periods 30\nnr_throttled 4\nthrottled_time 250000000",
    "sys/fs/cgroup/cpuset/cpuset.effective_cpus": "1-2",
}
"""A container of version 1 that sees the path of the host, and its own group as the root of the mount."""

UNLIMITED_1 = {**VERSION_1, "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1"}

NICE = {
    "proc/self/stat": "77 (py) x) R 76 76 1 0 -1 4194304 99 0 0 0 0 0 0 0 30 10 1 0 34 31 4 1 1 1 1 0 0 0 0 0 0 0 0 0"
    " 17 0 0 3 0 0 0",
}
"""Niceness 10 and the policy batch, of a program whose name has a bracket."""
