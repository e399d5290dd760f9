"""Speed-ups against a reference case: time of the reference ÷ time of the case, so above 1 is faster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from bench.analyse.rows.launch_medians import launch_medians
from bench.records import Case, Outcome, UserError, Value, value_from_text
from bench.stats import intervals
from bench.store.tables import RunData

Launches = Mapping[int, tuple[str, float]]
"""Launch number to its process and its median, in seconds per step."""


def with_speedups(frame: pd.DataFrame, data: RunData, vs: str) -> pd.DataFrame:
    """`frame` with the columns reference, speedup, speedup_low, speedup_high, speedup_paired, speedup_method.

    vs: `axis=value` (each case against its twin with that value) or a case key (all against one). Raises `UserError`
    where nothing measured has that value.
    """
    columns = speedups(frame, launch_medians(data), vs)
    return pd.concat([frame, pd.DataFrame(columns, index=frame.index)], axis="columns")


def speedups(frame: pd.DataFrame, medians: pd.DataFrame, vs: str) -> list[dict[str, Any]]:
    """Those columns, a mapping a row; medians: of the run's launches. Raises `UserError` likewise."""
    measured = by_case(medians[medians["phase"] == "step"])
    reference_of = _one_reference(vs, frame) if "[" in vs or "/" in vs else _twin(vs, frame)
    return [_speedup(row, reference_of(row), measured) for row in frame.to_dict("records")]


NO_SPEEDUP: Mapping[str, Any] = {
    "reference": None,
    "speedup": float("nan"),
    "speedup_low": float("nan"),
    "speedup_high": float("nan"),
    "speedup_paired": None,
    "speedup_method": "",
}


def _speedup(
    row: Mapping[Any, Any], reference: str | None, measured: Mapping[tuple[str, str], Launches]
) -> dict[str, Any]:
    """The columns of one row. Across devices wall meets wall or latency meets latency, never device time."""
    own = measured.get((row["key"], row["clock"]))
    if reference is None or own is None or reference == row["key"]:
        return dict(NO_SPEEDUP)
    other = measured.get((reference, row["clock"]))
    if other is None and row["clock"] == "latency" and Case.from_key(reference)["device"] == "cpu":
        other = measured.get((reference, "wall"))  # on the CPU the clocks are one
    if other is None:
        return dict(NO_SPEEDUP)
    found, paired = compare(other, own)
    return {
        "reference": reference,
        "speedup": found.value,
        "speedup_low": found.low,
        "speedup_high": found.high,
        "speedup_paired": paired,
        "speedup_method": found.method,
    }


def compare(reference: Launches, case: Launches) -> tuple[intervals.Interval, bool]:
    """Reference ÷ case over launches, and whether it was paired.

    Paired by process where all common launches shared one; else by round, since the processes of a round follow each
    other; else unpaired, where fewer than two rounds are common.
    """
    common = sorted(reference.keys() & case.keys())
    over, under = [reference[i][1] for i in common], [case[i][1] for i in common]
    whole = len(common) >= 2 or len(common) == len(reference) == len(case)
    if whole and all(reference[i][0] == case[i][0] for i in common):
        return intervals.paired_ratio(over, under, by="launch"), True
    if len(common) >= 2:
        return intervals.paired_ratio(over, under, by="round"), True
    apart = [median for _, median in reference.values()], [median for _, median in case.values()]
    return intervals.unpaired_ratio(*apart), False


class _Twin:
    """Finds the case that differs from a row in one axis alone."""

    def __init__(self, axis: str, value: Value, frame: pd.DataFrame) -> None:
        self._axis, self._value = axis, value
        # Across devices the CPU side is its fastest measured thread count: `threads` of both sides need not agree.
        self._ignored = {axis, "threads"} if axis == "device" else {axis}
        self._fastest: dict[tuple[Any, ...], tuple[float, str]] = {}
        for row in frame.to_dict("records"):
            if row["params"].get(axis) == value and row["outcome"] == "ok" and row["clock"] in ("wall", None):
                name, candidate = self._name(row), (row["value_s"], row["key"])
                self._fastest[name] = min(candidate, self._fastest.get(name, candidate))

    def _name(self, row: Mapping[Any, Any]) -> tuple[Any, ...]:
        rest = {axis: value for axis, value in row["params"].items() if axis not in self._ignored}
        return (row["workload"], *sorted(rest.items()))

    def __call__(self, row: Mapping[Any, Any]) -> str | None:
        """The key of the reference of `row`; None for the reference itself and where there is none."""
        if row["params"].get(self._axis) == self._value:
            return None
        found = self._fastest.get(self._name(row))
        return found[1] if found else None


def _twin(vs: str, frame: pd.DataFrame) -> _Twin:
    axis, equals, text = vs.partition("=")
    value = value_from_text(text)
    if not equals or not text:
        raise UserError(f"--vs wants axis=value or a case key, not '{vs}'")
    seen = {params[axis] for params in frame.loc[frame["outcome"] == Outcome.OK, "params"] if axis in params}
    if value not in seen:
        known = ", ".join(sorted(map(str, seen))) or f"nothing that was measured has an axis '{axis}'"
        raise UserError(f"--vs {vs}: nothing was measured with that value ({known})")
    return _Twin(axis, value, frame)


def _one_reference(vs: str, frame: pd.DataFrame) -> Any:
    key = Case.from_key(vs).key
    outcomes = frame.loc[frame["key"] == key, "outcome"].tolist()
    if not outcomes:
        raise UserError(f"--vs {vs}: no such case in this run")
    if outcomes[0] != Outcome.OK:
        raise UserError(f"--vs {vs}: that case is {outcomes[0]}, so it has no time to compare with")
    return lambda row: key


def by_case(medians: pd.DataFrame) -> dict[tuple[str, str], dict[int, tuple[str, float]]]:
    """By key and clock: each launch with its process and its median. medians: rows of one phase."""
    found: dict[tuple[str, str], dict[int, tuple[str, float]]] = {}
    columns = (medians[name].tolist() for name in ("key", "clock", "launch", "process", "median_s"))
    for key, clock, launch, process, median_s in zip(*columns, strict=True):
        found.setdefault((key, clock), {})[launch] = (process, median_s)
    return found
