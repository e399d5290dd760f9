"""The output of `bench doctor`: the facts of a machine, what it can do, its noise, and advice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.present.words.units import seconds, size
from bench.protocol.placement import Placement, cores_text, text_of
from bench.records import Finding
from bench.store.runs import fingerprint, machine_name


def text(
    facts: Mapping[str, Any], capabilities: Mapping[str, str], reading: Mapping[str, Any], findings: Sequence[Finding]
) -> str:
    """The whole report for a terminal.

    capabilities: why the machine cannot do something, by name; empty for what it can do. reading: the noise, as
    `bench.analyse.noise.noise` gives it, with what the worker saw meanwhile.
    """
    return "\n".join([*facts_lines(facts), "", *capability_lines(capabilities), "", *noise_lines(reading), "",
                      findings_text(findings)])  # fmt: skip


def facts_lines(facts: Mapping[str, Any]) -> list[str]:
    """The hardware and what runs on it."""
    cpu, torch = facts["cpu"], facts["torch"]
    lines = [
        f"{machine_name(facts)}, {size(facts['memory_bytes'])}, {facts['os']['name']}",
        f"fingerprint    {fingerprint(facts)} (runs with the same one are comparable)",
        f"cores          {cpu['physical']} physical, {cpu['logical']} logical, {len(cpu['affinity'])} usable"
        f"{'; in a container' if facts['container'] else ''}{'; a virtual machine' if cpu['hypervisor'] else ''}",
        *placement_lines(facts),
        f"torch          {torch['version']}, {torch['cpu_capability']}, CUDA {torch['cuda'] or 'not built in'}",
        f"Python         {facts['python']['version']}",
    ]
    if chosen := facts.get("steering"):
        lines.append(f"environment    {', '.join(f'{name}={value}' for name, value in chosen.items())}")
    gpus = [
        f"GPU            {gpu['name']}, {size(gpu['memory_bytes'])}, driver {gpu['driver']}"
        for gpu in (*facts["cuda"], *facts.get("accelerators", ()))
    ]
    return [*lines, *gpus]


def placement_lines(facts: Mapping[str, Any]) -> list[str]:
    """Where a process may run: kinds of core, nodes, shared cores, the quota, its rank. Empty where unknown."""
    if "placement" not in facts:
        return []
    told, place = facts["placement"], Placement.of(facts)
    known_by = f" (by {told['kinds_by']})" if told["kinds_by"] else ""
    home = place.home(1)
    lines = {
        "kinds of core": _lists(place.kinds) + known_by,
        "clock rates": place.frequencies,
        "NUMA nodes": _lists(place.nodes) if len(place.nodes) > 1 else "",
        "shared cores": f"{len(place.siblings)} with {len(place.siblings[0])} CPUs each" if place.siblings else "",
        "runs on": text_of(home) if set(home) != set(place.cpus) else "",
        "quota": _quota(told["quota"]) if told["quota"] else "none",
        "priority": f"niceness {place.nice}, policy {place.policy}" if place.nice is not None else "",
    }
    return [f"{name:14} {said}" for name, said in lines.items() if said]


def _lists(by_name: Mapping[str, Iterable[int]]) -> str:
    return "; ".join(f"{name or 'one'}: {text_of(cpus)}" for name, cpus in by_name.items())


def _quota(told: Mapping[str, Any]) -> str:
    """`0.5 core: 50 of 100 ms; stopped in 3 of 40 periods so far`."""
    part = f"{told['quota_us'] / 1e3:g} of {told['period_us'] / 1e3:g} ms"
    return f"{cores_text(told['cores'])}: {part}; stopped in {told['throttled']} of {told['periods']} periods so far"


def capability_lines(capabilities: Mapping[str, str]) -> list[str]:
    """The capabilities of the machine, and why it lacks the others."""
    return ["can:", *(f"  {name:24}{f'no: {reason}' if reason else 'yes'}" for name, reason in capabilities.items())]


def noise_lines(reading: Mapping[str, Any]) -> list[str]:
    """The spread of blocks of one length, and what disturbed them."""
    foreign = reading["foreign_load"]
    return [
        f"noise of {reading['blocks']} blocks of {seconds(reading['block_s'])}:",
        f"  spread                  {reading['spread']:.2%} of the median",
        f"  slowest hundredth       {reading['slowest_1_percent']:+.1%}; worst {reading['worst']:+.0%}",
        f"  outliers                {reading['outlier_share']:.1%} of the blocks",
        f"  drift                   {reading['drift']:+.2%} from first half to second",
        f"  pushed off its core     {reading['preemptions']} times",
        f"  other programs          {'unknown' if foreign is None else f'{foreign:.2f} cores'}",
        f"  clock                   steps of {seconds(reading['clock_resolution_s'])}",
    ]


def findings_text(findings: Sequence[Finding]) -> str:
    """Findings as lines: severity, what, what to do."""
    return "\n".join(f"{item.severity:8}{item.check}: {item.message}\n{'':8}→ {item.advice}" for item in findings)
