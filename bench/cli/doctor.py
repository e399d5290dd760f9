"""`bench doctor`: what this machine can do, how noisy it is, and what to do about it."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from bench.cli.options import Format, TableFormat, findings_text, note, say
from bench.records import UserError


def doctor(
    seconds: Annotated[float, typer.Option(min=0.5, max=600, help="How long to listen to the machine's noise.")] = 10.0,
    format_: Format = TableFormat.TABLE,
) -> None:
    """Tell what this machine can measure and how well: facts, capabilities, a noise reading, and advice."""
    from dataclasses import asdict

    from bench.analyse.noise import machine_findings, noise
    from bench.protocol import PY_SPY, PYINSTRUMENT, NoiseReading, ReadNoise
    from bench.runner.profiling import py_spy
    from bench.runner.stop import Stop
    from bench.runner.worker import START_TIMEOUT_S, Worker

    if format_ not in (TableFormat.TABLE, TableFormat.JSON):
        raise UserError("bench doctor writes --format table or json")
    note(f"listening for {seconds:g} s …")
    worker = Worker(1, Stop())
    try:
        heard = worker.ask(ReadNoise(seconds), seconds + START_TIMEOUT_S)
        rungs = {PY_SPY: py_spy.why_not(worker.pid), PYINSTRUMENT: worker.greet().capabilities[PYINSTRUMENT]}
    finally:
        worker.end()
    assert isinstance(heard, NoiseReading)
    reading = {
        **noise(heard.starts_ns, heard.totals_ns),
        "preemptions": heard.preemptions,
        "foreign_load": heard.foreign_load,
        "clock_resolution_s": heard.clock_resolution_ns / 1e9,
        "clock_cost_s": heard.clock_cost_ns / 1e9,
    }
    facts = worker.greet().facts
    capabilities = {**worker.greet().capabilities, **rungs}
    findings = machine_findings(reading, facts, capabilities)
    if format_ is TableFormat.JSON:
        say(
            json.dumps(
                {
                    "facts": facts,
                    "capabilities": capabilities,
                    "noise": reading,
                    "findings": [asdict(item) for item in findings],
                }
            )
        )
        return
    say(told(facts, capabilities, reading))
    say("\n" + findings_text(findings))


def told(facts: dict[str, Any], capabilities: dict[str, str], reading: dict[str, Any]) -> str:
    """Facts, capabilities and noise as text."""
    from bench.present.words.units import seconds, size
    from bench.store.runs import fingerprint, machine_name

    cpu, torch = facts["cpu"], facts["torch"]
    lines = [
        f"{machine_name(facts)}, {size(facts['memory_bytes'])}, {facts['os']['name']}",
        f"fingerprint    {fingerprint(facts)} (runs with the same one are comparable)",
        f"cores          {cpu['physical']} physical, {cpu['logical']} logical, {len(cpu['affinity'])} usable"
        f"{'; in a container' if facts['container'] else ''}{'; a virtual machine' if cpu['hypervisor'] else ''}",
        f"torch          {torch['version']}, {torch['cpu_capability']}, CUDA {torch['cuda'] or 'not built in'}",
        f"Python         {facts['python']['version']}",
    ]
    lines += [
        f"GPU            {gpu['name']}, {size(gpu['memory_bytes'])}, driver {gpu['driver']}" for gpu in facts["cuda"]
    ]
    lines += ["", "can:"]
    lines += [f"  {name:24}{f'no: {reason}' if reason else 'yes'}" for name, reason in capabilities.items()]
    foreign = reading["foreign_load"]
    lines += [
        "",
        f"noise of {reading['blocks']} blocks of {seconds(reading['block_s'])}:",
        f"  spread                  {reading['spread']:.2%} of the median",
        f"  slowest hundredth       {reading['slowest_1_percent']:+.1%}; worst {reading['worst']:+.0%}",
        f"  outliers                {reading['outlier_share']:.1%} of the blocks",
        f"  drift                   {reading['drift']:+.2%} from first half to second",
        f"  pushed off its core     {reading['preemptions']} times",
        f"  other programs          {'unknown' if foreign is None else f'{foreign:.2f} cores'}",
        f"  clock                   steps of {seconds(reading['clock_resolution_s'])}",
    ]
    return "\n".join(lines)
