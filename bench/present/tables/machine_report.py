"""The output of `bench doctor`: the facts of a machine, what it can do, its noise, and advice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bench.present.words.units import seconds, size
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
        f"torch          {torch['version']}, {torch['cpu_capability']}, CUDA {torch['cuda'] or 'not built in'}",
        f"Python         {facts['python']['version']}",
    ]
    gpus = [
        f"GPU            {gpu['name']}, {size(gpu['memory_bytes'])}, driver {gpu['driver']}"
        for gpu in (*facts["cuda"], *facts.get("accelerators", ()))
    ]
    return [*lines, *gpus]


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
