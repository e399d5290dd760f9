"""Where a process may run, as a worker reports it: which CPUs, of which kind and node, with how much time.

The worker reads it (`bench.measure.machine.placement`); the run picks cores by it, and the findings are about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

QUOTA = "cpu quota"
"""Among the reasons that slowed a case: a control group stopped its process."""

LEAST_CORES = 2
"""Fewest cores that a process is held to: loaders and compilers that a step starts run on them too."""


@dataclass(frozen=True)
class Quota:
    """CPU time that a container may use: `quota_us` in each `period_us`, over all its cores."""

    quota_us: int
    period_us: int

    @property
    def cores(self) -> float:
        """How many cores this is worth."""
        return self.quota_us / self.period_us

    def longest_ms(self, busy: float) -> float:
        """Milliseconds that `busy` cores compute in a period before they are stopped."""
        return self.quota_us / max(busy, 1) / 1e3


@dataclass(frozen=True)
class Placement:
    """Where a process may run. CPUs are logical ones, by their numbers."""

    cpus: tuple[int, ...] = ()
    """Those that it may use."""
    kinds: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """By name of a kind of core, the fastest first: all its CPUs in the machine. One without name if all are alike."""
    nodes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """By number of a NUMA node: its CPUs."""
    siblings: tuple[tuple[int, ...], ...] = ()
    """CPUs that share a physical core, where several do."""
    quota: Quota | None = None
    nice: int | None = None
    policy: str = ""
    frequencies: str = ""
    """A hint where cores of one kind have unlike highest clock rates."""

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Placement:
        """Read the facts of a machine; those of older runs and of other tools tell the CPUs alone."""
        told = facts.get("placement")
        if told is None:
            return cls(tuple(facts.get("cpu", {}).get("affinity", ())))
        quota = told["quota"]
        return cls(
            cpus_of(told["cpus"]),
            {each["name"]: cpus_of(each["cpus"]) for each in told["kinds"]},
            {node: cpus_of(text) for node, text in told["nodes"].items()},
            tuple(cpus_of(text) for text in told["siblings"]),
            None if quota is None else Quota(quota["quota_us"], quota["period_us"]),
            told["nice"],
            told["policy"],
            told["frequencies"],
        )

    # --- which cores to use -----------------------------------------------------------------------------------------

    def home(self, threads: int) -> tuple[int, ...]:
        """The CPUs that a process of `threads` threads is held to; those it may use, where nothing better is had.

        Cores of the fastest kind, in one NUMA node. If that has too few, several nodes of the kind, then all kinds. Of
        a physical core several threads get one CPU; a single thread may use any.
        """
        kind = self._fastest(self.cpus, LEAST_CORES)
        for cpus in (self._roomiest_node(kind), kind):
            if self._cores(cpus) >= max(threads, LEAST_CORES):
                return cpus if threads == 1 else self._one_a_core(cpus)
        if threads > 1 and self._cores(self.cpus) >= threads:
            return self._one_a_core(self.cpus)
        return self.cpus

    def coins(self) -> tuple[int, ...]:
        """The CPUs among which a coin picks one core: one CPU of each physical core, of one kind and one node."""
        home = self.home(1)
        return self._one_a_core(self._roomiest_node(self._fastest(home, 1)) or home)

    def _fastest(self, cpus: tuple[int, ...], least: int) -> tuple[int, ...]:
        """Those of the fastest kind that has at least so many cores among them; empty where none has."""
        parts = (tuple(cpu for cpu in kind if cpu in cpus) for kind in self.kinds.values())
        return next((own for own in parts if self._cores(own) >= least), ())

    def _roomiest_node(self, cpus: tuple[int, ...]) -> tuple[int, ...]:
        """Those of the node that has most of these cores, of several alike the first; all of them where none says."""
        parts = [tuple(cpu for cpu in cpus if cpu in node) for node in self.nodes.values()]
        return max(parts, key=self._cores, default=()) or cpus

    def core_of(self, cpu: int) -> tuple[int, ...]:
        """The CPUs of the physical core that this one is of."""
        return next((core for core in self.siblings if cpu in core), (cpu,))

    def _one_a_core(self, cpus: Iterable[int]) -> tuple[int, ...]:
        """The first CPU of each physical core."""
        first: dict[tuple[int, ...], int] = {}
        for cpu in cpus:
            first.setdefault(self.core_of(cpu), cpu)
        return tuple(first.values())

    def _cores(self, cpus: Iterable[int]) -> int:
        return len(self._one_a_core(cpus))

    # --- what some CPUs are -----------------------------------------------------------------------------------------

    def kinds_among(self, cpus: Iterable[int]) -> list[str]:
        """Names of the kinds of these CPUs, the fastest first."""
        wanted = set(cpus)
        return [name for name, own in self.kinds.items() if wanted & set(own)]

    def nodes_among(self, cpus: Iterable[int]) -> list[str]:
        """Numbers of the NUMA nodes of these CPUs."""
        wanted = set(cpus)
        return [node for node, own in self.nodes.items() if wanted & set(own)]


def cores_text(cores: float) -> str:
    """`0.5 core`, `1 core`, `1.5 cores`."""
    return f"{cores:g} core{'s' if cores > 1 else ''}"


def cpus_of(text: str) -> tuple[int, ...]:
    """The CPUs of a list as the kernel writes it, such as `0-3,8`. Raises `ValueError` for any other text."""
    found: list[int] = []
    for part in filter(None, text.strip().split(",")):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return tuple(found)


def text_of(cpus: Iterable[int]) -> str:
    """These CPUs as the kernel lists them: `0-3,8`."""
    parts: list[list[int]] = []
    for cpu in sorted(set(cpus)):
        if parts and cpu == parts[-1][-1] + 1:
            parts[-1].append(cpu)
        else:
            parts.append([cpu])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in parts)
