"""What a machine can measure and how noisy it is, as a worker finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from bench.jobs.arguments import refuse_outside
from bench.jobs.stopping import stop_or_own
from bench.records import Finding

if TYPE_CHECKING:
    from bench.runner.stop_request import Stop


@dataclass(frozen=True)
class MachineReading:
    """Facts and capabilities of a machine, its noise, and what to do about it."""

    facts: Mapping[str, Any]
    capabilities: Mapping[str, str]
    """Name of each capability to the reason why it is missing; empty if the machine has it."""
    noise: Mapping[str, Any]
    findings: tuple[Finding, ...]

    def as_object(self) -> dict[str, Any]:
        """Everything, as `bench doctor --format json` writes it."""
        return {
            "facts": self.facts,
            "capabilities": self.capabilities,
            "noise": self.noise,
            "findings": [asdict(item) for item in self.findings],
        }

    def __str__(self) -> str:
        from bench.present.tables.machine_report import text

        return text(self.facts, self.capabilities, self.noise, self.findings)


def read_machine(seconds: float = 10.0, stop: Stop | None = None) -> MachineReading:
    """Ask a worker for the facts of this machine, and let it measure the noise for some seconds.

    Raises `MachineUnfitError` if no worker can start, `UserError` for less than half a second.
    """
    from bench.analyse.noise import machine_findings, noise
    from bench.protocol import NoiseReading, ReadNoise
    from bench.protocol.rungs import PY_SPY, PYINSTRUMENT
    from bench.runner.profiling import py_spy
    from bench.runner.worker import START_TIMEOUT_S, Worker

    refuse_outside(0.5, 600, seconds=seconds)
    with stop_or_own(stop) as own:
        worker = Worker(1, own)
        try:
            answer = worker.ask(ReadNoise(seconds), seconds + START_TIMEOUT_S)
            rungs = {PY_SPY: py_spy.why_not(worker.pid), PYINSTRUMENT: worker.greet().capabilities[PYINSTRUMENT]}
        finally:
            worker.end()
    assert isinstance(answer, NoiseReading)
    reading = {
        **noise(answer.starts_ns, answer.totals_ns),
        "preemptions": answer.preemptions,
        "foreign_load": answer.foreign_load,
        "clock_resolution_s": answer.clock_resolution_ns / 1e9,
        "clock_cost_s": answer.clock_cost_ns / 1e9,
    }
    facts = worker.greet().facts
    capabilities = {**worker.greet().capabilities, **rungs}
    return MachineReading(facts, capabilities, reading, tuple(machine_findings(reading, facts, capabilities)))
