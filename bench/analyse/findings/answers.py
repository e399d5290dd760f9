"""Checks of the answer: was it computed where and how it should be, and is it the same each time?"""

from __future__ import annotations

from bench.analyse.findings.check import CaseEvidence


class RecompiledInTiming:
    """Dynamo compiled again after the first call, while the case was warmed up or timed."""

    name, severity = "recompiled-in-timing", "error"

    def look(self, evidence: CaseEvidence) -> tuple[str, str] | None:
        """Any recompilation between the first call and the last block."""
        if not evidence.recompiles:
            return None
        return (
            f"{evidence.recompiles} graphs were compiled after the first call; from the eighth on Dynamo runs eager",
            "keep shapes, types and the numbers of the step constant",
        )


class GraphBreak:
    """The compiled step is more than one graph."""

    name, severity = "graph-break", "hint"

    def look(self, evidence: CaseEvidence) -> tuple[str, str] | None:
        """Any break counted by Dynamo."""
        if not evidence.graph_breaks:
            return None
        why = f": {'; '.join(evidence.break_reasons)}" if evidence.break_reasons else ""
        return (
            f"{evidence.graph_breaks} graph breaks, so parts of the step ran eager{why}",
            "see TORCH_LOGS=graph_breaks",
        )


class SameCode:
    """A mode that compiles to the kernels of another mode on this device: their difference is noise."""

    name, severity = "same-code", "hint"
    twins = (("cpu", "compile-reduce-overhead", "compile"),)
    """(device, mode, the mode whose kernels it runs; what wraps them differs by an assertion). reduce-overhead is
    compile with CUDA graphs, and a CPU has none (torch.compile's documentation; `torch._inductor.list_mode_options`,
    2.13: it sets triton.cudagraphs alone)."""

    def look(self, evidence: CaseEvidence) -> tuple[str, str] | None:
        """Any such mode."""
        kind = evidence.device.partition(":")[0]
        for device, mode, twin in self.twins:
            if (kind, evidence.mode) == (device, mode):
                return (
                    f"on device={device} mode={mode} compiles to the kernels of mode={twin}: it has CUDA graphs more, "
                    "which this device has not",
                    f"do not compare it with mode={twin}",
                )
        return None


class Unsupported:
    """The case uses what torch says that it does not support on this Python."""

    name, severity = "unsupported", "hint"

    def look(self, evidence: CaseEvidence) -> tuple[str, str] | None:
        """Any such notice while the case was prepared."""
        if not evidence.unsupported:
            return None
        return f"torch says: {evidence.unsupported}", "rely on it with an older Python alone"


class WrongDevice:
    """The work was done on another device than the case names."""

    name, severity = "wrong-device", "error"

    def look(self, evidence: CaseEvidence) -> tuple[str, str] | None:
        """No kernel on the device that the case names; for the CPU, an output on another device."""
        kind = evidence.device.partition(":")[0]
        if kind != "cpu" and evidence.device_kernels == 0:
            return (
                f"the step launched nothing on {evidence.device}: its work was done elsewhere",
                "place data and models with ctx.place and ctx.randn",
            )
        elsewhere = [name for name in evidence.output_devices if name.partition(":")[0] != "cpu"]
        if kind == "cpu" and elsewhere:
            return f"the answer of a CPU case lies on {', '.join(elsewhere)}", "place data and models with ctx.place"
        return None


class ResultVaries:
    """Launches with one seed gave different answers, each right within its tolerance."""

    name, severity = "result-varies", "hint"

    def look(self, evidence: CaseEvidence) -> tuple[str, str] | None:
        """The error of the answer, or a metric of its quality, is not the same in all launches."""
        varying = [name for name, (low, high) in evidence.answers.items() if low != high]
        if not varying:
            return None
        name = varying[0]
        low, high = evidence.answers[name]
        return (
            f"with one seed, {name.replace('_', ' ')} was between {low:.3g} and {high:.3g}",
            "something uses random numbers without the seed, or adds in a different order each time (atomics, threads)",
        )
