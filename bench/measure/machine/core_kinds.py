"""The cores of this machine: of which kinds they are, in which NUMA nodes, and which CPUs share one.

Sources: kernel.org, Documentation/ABI/testing/sysfs-devices-system-cpu (topology, cpu_capacity, acpi_cppc, cpufreq) and
ABI/stable/sysfs-devices-node (nodeN/cpulist). On hybrid processors of Intel the performance monitors list the CPUs of
their kind: `/sys/devices/cpu_core/cpus`, `cpu_atom/cpus`, `cpu_lowpower/cpus` (perf-intel-hybrid).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.measure.machine.kernel_files import ROOT, kernel_number, kernel_text
from bench.protocol.placement import cpus_of, text_of

INTEL = {"P": "cpu_core", "E": "cpu_atom", "LP-E": "cpu_lowpower"}
"""Kinds of a hybrid processor of Intel, the fastest first, and the devices that list them."""

LEAST_STEP = 1.10
"""Cores differ in kind where one's number is more than a tenth above that of the next slower. Cores of one kind are not
all alike: those that clock highest have up to 5 % more than the next (favoured cores of Intel and AMD)."""

CPUS = "sys/devices/system/cpu"


def online(root: Path = ROOT) -> tuple[int, ...]:
    """The CPUs that run; empty where the kernel does not say."""
    return cpus_of(kernel_text(root / CPUS / "online"))


def kinds(cpus: Sequence[int], root: Path = ROOT) -> tuple[list[dict[str, str]], str]:
    """The kinds of core among these CPUs, the fastest first, each with name and list; and the file they are known by.

    One kind without a name, and no file, where nothing tells them apart.
    """
    listed = {name: kernel_text(root / "sys/devices" / device / "cpus") for name, device in INTEL.items()}
    told = [{"name": name, "cpus": text} for name, text in listed.items() if text]
    if len(told) > 1:
        return told, " and ".join(INTEL[each["name"]] for each in told)
    for file, unit in (("cpu_capacity", "capacity"), ("acpi_cppc/highest_perf", "performance")):
        groups = _groups(cpus, _number(file, root))
        if len(groups) > 1:
            return [{"name": f"{unit} {most}", "cpus": text_of(own)} for most, own in groups], file
    return [{"name": "", "cpus": text_of(cpus)}], ""


def frequencies(cpus: Sequence[int], root: Path = ROOT) -> str:
    """A hint where the highest clock rates fall into groups: "4800 MHz 0-7, 3600 MHz 8-15"; else empty.

    A clock rate is no kind: it differs between cores of one kind too, and a slower kind may clock as high.
    """
    groups = _groups(cpus, _number("cpufreq/cpuinfo_max_freq", root))
    if len(groups) < 2:
        return ""
    return ", ".join(f"{most // 1000} MHz {text_of(own)}" for most, own in groups)


def nodes(root: Path = ROOT) -> dict[str, str]:
    """By NUMA node: its CPUs. Nodes without any, which are memory alone, are left out."""
    found = {
        path.parent.name[4:]: kernel_text(path) for path in (root / "sys/devices/system/node").glob("node*/cpulist")
    }
    return {node: found[node] for node in sorted(found, key=int) if found[node]}


def siblings(cpus: Sequence[int], root: Path = ROOT) -> list[str]:
    """The lists of CPUs that share a physical core (SMT), where several do."""
    lists = dict.fromkeys(kernel_text(root / CPUS / f"cpu{cpu}" / "topology/thread_siblings_list") for cpu in cpus)
    return [text for text in lists if len(cpus_of(text)) > 1]


def _number(file: str, root: Path) -> Callable[[int], int | None]:
    """Reads the number in this file of a CPU."""
    return lambda cpu: kernel_number(root / CPUS / f"cpu{cpu}" / file)


def _groups(cpus: Sequence[int], number: Callable[[int], int | None]) -> list[tuple[int, list[int]]]:
    """CPUs in groups of about one number, each with its highest, in falling order; none where a CPU tells no number."""
    by_number: dict[int, list[int]] = defaultdict(list)
    for cpu in cpus:
        value = number(cpu)
        if not value:
            return []
        by_number[value].append(cpu)
    groups: list[tuple[int, list[int]]] = []
    lowest = 0
    for value in sorted(by_number, reverse=True):
        if groups and lowest <= value * LEAST_STEP:
            groups[-1][1].extend(by_number[value])
        else:
            groups.append((value, list(by_number[value])))
        lowest = value
    return groups
