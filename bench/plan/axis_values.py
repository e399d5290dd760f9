"""The values that an axis may have: their types, and the rules for the axes that every case has."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.plan.error_messages import near
from bench.records import SAFE_TEXT, UNIVERSAL_AXES, UserError, Value, value_from_text
from bench.workload import MODES

DTYPES = ("float32", "float64", "float16", "bfloat16")
"""The dtypes a case can have, the default first."""

ALL_MODES = "all"
"""Word for every mode that the workload declares."""

PHYSICAL = "physical"
"""Word for one thread on each physical core of the machine. The key keeps the word."""

DEVICES = ("cpu", "cuda", "mps", "xpu")
"""The kinds of devices that a case can have; every one that a machine has is taken where nobody names any."""

_DEVICE = re.compile(r"cpu|cuda|cuda:\d+|mps|xpu|xpu:\d+")
WORDS: dict[type[Value], str] = {int: "integers", float: "numbers", str: "text", bool: "True or False"}


@dataclass(frozen=True)
class Assign:
    """Values given to an axis; `origin` is the beginning of an error about them (`--set size=x: `, `mine.toml:7: `)."""

    axis: str
    values: tuple[Value, ...]
    origin: str = ""


def refusal(value: Value) -> str:
    """Why a value would change when written to a key and read back; empty if it would not."""
    if isinstance(value, str):
        if not SAFE_TEXT.fullmatch(value):
            return f"{value!r} cannot be part of a key: use letters, digits and any of _ . : + -"
        if not isinstance(back := value_from_text(value), str):
            kind = "bool" if isinstance(back, bool) else "number"
            return f"the text {value!r} would be read back as a {kind}: rename it"
    elif isinstance(value, float) and not math.isfinite(value):
        return f"{value} is not a finite number"
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        return f"{str(value)[:20]}… does not fit into 64 bits"
    return ""


def kind_of(values: Iterable[Value]) -> type[Value] | None:
    """The one type of these values, where integers among floats count as floats; None if they are mixed."""
    kinds = {type(value) for value in values}
    if kinds == {int, float}:
        return float
    return kinds.pop() if len(kinds) == 1 else None


def as_kind(value: Value, kind: type[Value]) -> Value | None:
    """`value` as the type of the axis, so that a number has one spelling in keys (1e6 = 1000000), or None."""
    if kind is float and type(value) is int:
        return float(value)
    if kind is int and isinstance(value, float) and value.is_integer():
        return int(value)
    return value if type(value) is kind else None


def own(axis: str, declared: Sequence[Value], assign: Assign, workload: str) -> tuple[Value, ...]:
    """The given values for an axis of the workload's own, of the kind it declares. Raises `UserError`.

    They may be outside the declared sweep, which is a proposal, not a limit.
    """
    kind = kind_of(declared)
    assert kind is not None, "the catalog admits no axis of mixed types"
    fitted = []
    for value in assign.values:
        # Checked before the conversion: an integer of 400 digits overflows a float.
        if reason := refusal(value):
            raise UserError(f"{assign.origin}axis '{axis}': {reason}")
        fit = as_kind(value, kind)
        if fit is None:
            raise UserError(f"{assign.origin}axis '{axis}' of {workload} takes {WORDS[kind]}, not {value!r}")
        if reason := refusal(fit):
            raise UserError(f"{assign.origin}axis '{axis}': {reason}")
        fitted.append(fit)
    return tuple(dict.fromkeys(fitted))


def universal(assign: Assign, modes: Sequence[str]) -> tuple[Value, ...]:
    """The given values for an axis every case has; `all` stands for `modes`, those declared. Raises `UserError`."""
    values: list[Value] = []
    for value in assign.values:
        if assign.axis == "mode" and value == ALL_MODES:
            values.extend(modes)
            continue
        if reason := _misfit(assign.axis, value):
            raise UserError(f"{assign.origin}{reason}")
        values.append(value)
    return tuple(dict.fromkeys(values))


def _misfit(axis: str, value: Value) -> str:
    known = {"mode": MODES, "dtype": DTYPES}
    if axis in known:
        options = (*known[axis], ALL_MODES) if axis == "mode" else known[axis]
        return "" if value in known[axis] else f"{value!r} is not a {axis}{near(str(value), options)}"
    if axis == "device":
        fits = isinstance(value, str) and _DEVICE.fullmatch(value)
        return "" if fits else f"{value!r} is not a device: one of cpu, cuda, cuda:N, mps, xpu, xpu:N"
    assert axis in UNIVERSAL_AXES, axis
    fits_threads = value == PHYSICAL or (type(value) is int and 1 <= value < 2**31)
    return "" if fits_threads else f"threads={value} is neither a whole number from 1 up nor '{PHYSICAL}'"
