"""What fails a gate, and what its policy says, in words."""

from __future__ import annotations

from collections.abc import Mapping

from bench.analyse.gate.failures import Failure
from bench.analyse.gate.verdicts import GateResult
from bench.present.words import units
from bench.present.words.units import DASH
from bench.records import UNIVERSAL_AXES, UNKNOWN

OTHER_METRICS: Mapping[str, str] = {
    "device": "device time",
    "latency": "latency",
    "host_peak": "peak host memory",
    "device_peak": "peak device memory",
    "compile_cold": "first call, compile cache empty",
    "compile_warm": "first call, compile cache full",
    "first_call": "first call",
    "import": "import",
}
"""Names of the metrics that are compared in addition to wall time."""


def short(key: str) -> str:
    """A case key without the axes that have their declared default, or that are not known."""
    name, _, axes = key.removesuffix("]").partition("[")
    silent = {f"{axis}={value}" for axis, default in UNIVERSAL_AXES.items() for value in (default, UNKNOWN)}
    left = [part for part in axes.split(",") if part and part not in silent]
    return f"{name}[{','.join(left)}]" if left else name


def failing(judged: GateResult) -> list[Failure]:
    """What fails the gate, without what is acknowledged."""
    return [each for each in judged.failures if not each.acknowledged]


def fault(failure: Failure) -> str:
    """One failure in a line, without a full stop: what grew, of which case, from what to what."""
    name = OTHER_METRICS.get(failure.quantity, failure.quantity)
    of = short(failure.key) or "all cases"
    if failure.base is None or failure.head is None:
        ratio = DASH if failure.ratio is None else f"{failure.ratio:.3f}"
        return f"{failure.metric} of {of}: head ÷ base {ratio}"
    write = {"B": units.size, "s": units.seconds}.get(failure.unit, lambda number: f"{number:,.0f}")
    ratio = "" if failure.ratio is None or not failure.unit else f", ratio {failure.ratio:.3f}"
    said = "" if name == failure.metric else f" ({name})"
    return f"{failure.metric} of {of}{said}: {write(failure.base)} → {write(failure.head)}{ratio}"


def policy_lines(judged: GateResult) -> list[str]:
    """What the policy of the gate changed: whose α is shared, own numbers, cases left out, and what is let pass."""
    policy = judged.policy
    below = []
    if judged.plan.policy_changed:
        below.append("The policy itself differs between the sides; that of the head judges.")
    if policy.measured:
        below.append(f"The α of {policy.alpha:g} is shared in equal parts by time and {', '.join(policy.measured)}.")
    for own in policy.cases:
        numbers = [f"{name} {100 * value:g} %" for name, value in (("slack", own.slack), ("limit", own.limit))
                   if value is not None]  # fmt: skip
        below.append(f"Numbers of their own: {own.match}: {', '.join(numbers)}.")
    for entry in policy.ignored:
        below.append(f"Ignored: {entry.match}: {entry.reason}.")
    below += [f"Acknowledged: {fault(each)}: {each.acknowledged}." for each in judged.failures if each.acknowledged]
    return below
