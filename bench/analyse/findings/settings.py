"""A check of what a case sets its process to: its key does not say it, so that its neighbours seem comparable."""

from __future__ import annotations

from bench.analyse.findings.check import CaseEvidence
from bench.records import Case

THREADS = "threads"
"""The setting that is an axis of every case too."""


def told(changed: dict[str, tuple[str, str]]) -> str:
    """Changed settings in words: `default dtype from torch.float32 to torch.float64; …`."""
    return "; ".join(f"{name} from {was} to {now}" for name, (was, now) in changed.items())


class LeakySettings:
    """A case set something for its whole process: threads, the default dtype, the precision of products, and so on."""

    name, severity = "leaky-settings", "warning"

    def look(self, evidence: CaseEvidence) -> tuple[str, str] | None:
        """Any setting that was not as the case found it after a request about it. The worker puts it back."""
        changed = dict(evidence.changed_settings)
        if not changed:
            return None
        said = f"the case set {told(changed)}, for its whole process, and was timed so"
        if THREADS in changed:
            axis = Case.from_key(evidence.key)[THREADS]
            said += f": with {changed[THREADS][1]} threads, though its row says threads={axis}"
        return (
            said,
            "choose by an axis (threads=2, dtype=float64) or by an argument of the call, or set it inside the step and "
            "put it back there; other cases were timed without it",
        )
