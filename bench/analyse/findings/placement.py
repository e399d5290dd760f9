"""Checks of where a process ran: its share of the CPU time, the kind of its cores, its rank among other programs."""

from __future__ import annotations

from bench.analyse.findings.check import CaseEvidence
from bench.protocol.placement import Placement, cores_text, text_of
from bench.records import Finding

GIVES_WAY = ("batch", "idle")
"""Scheduling policies under which other programs go first (sched(7))."""

Said = tuple[str, str] | None
"""A message and an advice; None where there is nothing to say."""


class CpuQuota:
    """The container may use less CPU time than the threads of a case."""

    name, severity = "cpu-quota", "warning"

    def look(self, evidence: CaseEvidence) -> Said:
        """A quota below a core for each thread."""
        return quota_said(evidence.place, evidence.threads or 1)


class SlowCores:
    """A process ran on cores of a slower kind alone."""

    name, severity = "slow-cores", "warning"

    def look(self, evidence: CaseEvidence) -> Said:
        """The machine has a faster kind, of which no launch used any."""
        return slow_cores_said(evidence.place, evidence.cpus)


class MixedCores:
    """A process might run on cores of several kinds, or of several NUMA nodes."""

    name, severity = "mixed-cores", "warning"

    def look(self, evidence: CaseEvidence) -> Said:
        """More than one kind or node among the CPUs that a launch might use: chance decides how fast it runs."""
        place = evidence.place
        where, alike = _mixture(place, evidence.cpus), place.coins()
        if not where:
            return None
        return (
            f"the process might run on {where}: each launch is a mixture of its own",
            f"use at most {len(alike)} threads: they are held to one kind and one node, or taskset -c {text_of(alike)}",
        )


class Niceness:
    """Other programs go first."""

    name, severity = "niceness", "warning"

    def look(self, evidence: CaseEvidence) -> Said:
        """A niceness above 0, or a policy that gives way."""
        return niceness_said(evidence.place)


def findings_about(place: Placement) -> list[Finding]:
    """What the doctor says of where a process may run on this machine."""
    said = [
        (CpuQuota.name, CpuQuota.severity, quota_said(place, 1)),
        (SlowCores.name, SlowCores.severity, slow_cores_said(place, place.cpus)),
        ("unlike-cores", "hint", _unlike_cores(place)),
        ("unlike-frequencies", "hint", _unlike_frequencies(place)),
        (Niceness.name, Niceness.severity, niceness_said(place)),
    ]
    return [Finding(check, severity, *each) for check, severity, each in said if each is not None]


def unheld(place: Placement) -> list[str]:
    """What to say of times taken in a process that nothing holds to a core, as a session of pytest is."""
    where = _mixture(place, place.cpus)
    mixed = (
        f"nothing holds this process to a core, and it might run on {where}: each session is a mixture of its own",
        f"hold it to cores that are alike: taskset -c {text_of(place.coins())}",
    )
    said = (quota_said(place, 1), slow_cores_said(place, place.cpus), mixed if where else None, niceness_said(place))
    return [f"{message}; {advice}" for message, advice in filter(None, said)]


def quota_said(place: Placement, threads: int) -> Said:
    """A quota that so many busy threads use up before its period ends."""
    quota = place.quota
    if quota is None or quota.cores >= threads:
        return None
    needed = "a whole core" if threads == 1 else f"{threads} cores, one for each thread"
    return (
        f"a quota of {cores_text(quota.cores)}: a block of more than {quota.longest_ms(threads):.0f} ms is throttled",
        f"give the container {needed} (docker run --cpus {threads}; in Kubernetes a CPU limit of {threads})",
    )


def slow_cores_said(place: Placement, cpus: tuple[int, ...]) -> Said:
    """CPUs of slower kinds alone, on a machine that has a faster one."""
    used = place.kinds_among(cpus)
    fastest = next(iter(place.kinds), "")
    if not used or fastest in used:
        return None
    faster = text_of(place.kinds[fastest])
    return (
        f"runs on {_cores(used[0])} ({text_of(cpus)}); the machine has {_cores(fastest)} too ({faster})",
        f"let it run there: taskset -c {faster}",
    )


def niceness_said(place: Placement) -> Said:
    """A rank below that of other programs."""
    said = [f"niceness {place.nice}"] if (place.nice or 0) > 0 else []
    said += [f"the scheduling policy {place.policy}"] if place.policy in GIVES_WAY else []
    if not said:
        return None
    return f"runs with {' and '.join(said)}: other programs go first", "start it without nice, ionice, chrt or batch"


def _unlike_cores(place: Placement) -> Said:
    kinds, nodes = place.kinds_among(place.cpus), place.nodes_among(place.cpus)
    if len(kinds) < 2 and len(nodes) < 2:
        return None
    parts = [f"cores of several kinds ({_listed(place, kinds)})"] if len(kinds) > 1 else []
    parts += [f"{len(nodes)} NUMA nodes"] if len(nodes) > 1 else []
    return (
        f"this machine has {' and '.join(parts)}",
        f"cases of few threads are held to CPUs {text_of(place.home(1))}, and coins choose among them",
    )


def _unlike_frequencies(place: Placement) -> Said:
    if not place.frequencies:
        return None
    return (
        f"cores of one kind have unlike highest clock rates ({place.frequencies})",
        "if they are of several kinds, hold the run to one of them with taskset -c",
    )


def _mixture(place: Placement, cpus: tuple[int, ...]) -> str:
    """The kinds or nodes among these CPUs, in words; empty where they are alike."""
    kinds, nodes = place.kinds_among(cpus), place.nodes_among(cpus)
    if len(kinds) > 1:
        return f"cores of several kinds ({_listed(place, kinds)})"
    return f"{len(nodes)} NUMA nodes" if len(nodes) > 1 else ""


def _listed(place: Placement, kinds: list[str]) -> str:
    return "; ".join(f"{name}: {text_of(place.kinds[name])}" for name in kinds)


def _cores(kind: str) -> str:
    """`E cores`, `cores of capacity 446`."""
    return f"cores of {kind}" if " " in kind else f"{kind} cores"
