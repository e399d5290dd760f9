"""How a job can end without a result, and the exit codes of commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.analyse.gate.verdicts import GateResult

FINE = 0
REGRESSED = 1
USAGE = 2
NOT_RESOLVED = 3
NOTHING_MEASURED = 4
MACHINE_UNFIT = 5
OUR_FAULT = 70
CANNOT_BISECT = 125
"""`git bisect run` skips such a commit."""
INTERRUPTED = 130
TERMINATED = 143


class NothingMeasuredError(Exception):
    """The one case to measure ended badly; the text says how, with its traceback."""


class BrokenSideError(NothingMeasuredError):
    """The code of a side does not import; the text has its traceback."""


class BrokenWorkloadsError(Exception):
    """A workload file of a side is no Python, or declares what cannot be used; the text says where and why."""

    def __init__(self, side: str, text: str) -> None:
        super().__init__(text)
        self.side = side


def code_of(judged: GateResult, bisect: bool = False) -> int:
    """The exit code of a gate: 5 for a canary that fired, then 1 for what regressed or what its policy fails, 4 for a
    case that failed, 3 for what was not resolved or could not fail, where the policy asks for it.

    bisect: 125 in place of all but 0 and 1.
    """
    verdicts = [case.verdict for case in judged.cases]
    fail_on = judged.policy.fail_on
    code = FINE
    if judged.canary.fired:
        code = MACHINE_UNFIT
    elif any(not each.acknowledged for each in judged.failures):
        return REGRESSED
    elif judged.failed or (verdicts and not any(case.pairs for case in judged.cases)):
        code = NOTHING_MEASURED
    elif ("not_resolved" in verdicts and (bisect or "not_resolved" in fail_on)) or (
        judged.could_not_fail and (bisect or "could_not_fail" in fail_on)
    ):
        code = NOT_RESOLVED
    elif bisect and not verdicts:
        code = NOTHING_MEASURED
    return CANNOT_BISECT if bisect and code != FINE else code
