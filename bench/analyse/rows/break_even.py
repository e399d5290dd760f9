"""After how many steps has compiling paid for itself? N* = compile time ÷ (eager step − compiled step)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bench.records import Case, Outcome

COLUMNS = ("break_even", "break_even_low", "break_even_high", "break_even_of")
"""Steps; infinite where there is no end. `break_even_of`: `cold` or `warm`, the cache that was compiled with."""

Row = Mapping[Any, Any]


@dataclass(frozen=True)
class BreakEven:
    """Steps until compiling is paid back; infinite where the compiled step is not faster, or may not be."""

    value: float
    low: float
    high: float


def break_even(cost: tuple[float, float, float], eager: Row, compiled: Row) -> BreakEven:
    """N*, with the ends of cost and of both steps at their worst. cost: value, low, high of compiling, in seconds.

    eager, compiled: rows with value_s, low_s, high_s. Without an interval of either step nothing is known of the ends:
    they are 0 and infinity.
    """
    value, low, high = cost
    return BreakEven(
        _steps(value, eager["value_s"] - compiled["value_s"], 0.0),
        _steps(low, eager["high_s"] - compiled["low_s"], 0.0),
        _steps(high, eager["low_s"] - compiled["high_s"], math.inf),
    )


def _steps(cost_s: float, saved_s: float, unknown: float) -> float:
    """cost ÷ saved; never where nothing is saved, `unknown` where it is not known what is."""
    if math.isnan(saved_s):
        return unknown
    return cost_s / saved_s if saved_s > 0 else math.inf


def with_break_even(frame: pd.DataFrame, phases: pd.DataFrame) -> pd.DataFrame:
    """`frame` with `COLUMNS` for compiled cases whose eager twin was measured on the same clock, NaN for the others.

    phases: of the same run (`estimates.phases`). Compiling with a cold cache counts where it was timed, as that is what
    is paid once; it happens in one launch, and where it then has no interval, N* has only that of the steps.
    """
    timed = frame[frame["outcome"] == Outcome.OK]
    rows = {(row["key"], row["clock"]): row for row in timed.to_dict("records")}
    compiling = {
        (row["key"], row["phase"]): (row["value_s"], row["low_s"], row["high_s"])
        for row in phases[phases["phase"].isin(("compile_cold", "compile_warm"))].to_dict("records")
    }
    found = [_columns(row, rows, compiling) for row in frame.to_dict("records")]
    return pd.concat([frame, pd.DataFrame(found, index=frame.index, columns=list(COLUMNS))], axis="columns")


def _columns(
    row: Row, rows: Mapping[tuple[Any, Any], Row], compiling: Mapping[tuple[Any, str], tuple[float, float, float]]
) -> dict[str, Any]:
    nothing: dict[str, Any] = {**dict.fromkeys(COLUMNS[:3], math.nan), COLUMNS[3]: None}
    eager = rows.get((Case.from_key(row["key"]).but(mode="eager").key, row["clock"]))
    cache = next((each for each in ("cold", "warm") if (row["key"], f"compile_{each}") in compiling), None)
    # A time of the device is none of the host, which is what compiling costs: clocks are never mixed.
    if eager is None or cache is None or row["outcome"] != Outcome.OK or row["clock"] == "device":
        return nothing
    value, low, high = compiling[row["key"], f"compile_{cache}"]
    cost = (value, value if pd.isna(low) else low, value if pd.isna(high) else high)
    return dict(zip(COLUMNS, (*vars(break_even(cost, eager, row)).values(), cache), strict=True))
