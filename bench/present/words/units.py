"""Numbers as people read them: a unit that suits the magnitude, and no more digits than the interval supports.

A missing number (None, NaN or infinite) reads "–". Only the standard library is used, because `bench show` has to start
fast.
"""

from __future__ import annotations

import math

from bench.stats.intervals import Interval

DASH = "–"
"""The text for a missing number."""

_SECONDS = ((1e-9, "ns"), (1e-6, "µs"), (1e-3, "ms"), (1.0, "s"), (60.0, "min"))
_BYTES = ((1.0, "B"), (1024.0, "KiB"), (1024.0**2, "MiB"), (1024.0**3, "GiB"), (1024.0**4, "TiB"))
_COUNTS = ((1.0, ""), (1e3, "k"), (1e6, "M"), (1e9, "G"), (1e12, "T"))

_MOST_DIGITS = 4
"""Most significant digits: a very narrow interval supports more, but nobody reads them, and csv and json have them."""


def ends(estimate: Interval | None) -> tuple[float | None, float | None, float | None]:
    """Value, low and high of an interval, as the functions below take them; None three times if there is none."""
    return (None, None, None) if estimate is None else (estimate.value, estimate.low, estimate.high)


def seconds(x: float | None) -> str:
    """A duration given in seconds, with three significant digits: `12.3 µs`."""
    return _scaled(x, _SECONDS)


def change(x: float) -> str:
    """A difference in seconds, with its sign."""
    return f"{'−' if x < 0 else '+'}{seconds(abs(x))}" if x else seconds(0.0)


def size(x: float | None) -> str:
    """An amount of memory given in bytes: `1.50 GiB`, `512 B`."""
    value = _finite(x)
    if value is not None and abs(value) < 1024:
        return f"{value:.0f} B"
    return _scaled(x, _BYTES)


def rate(x: float | None, unit: str) -> str:
    """Items per second with the name of the item: `1.2 M rows/s`."""
    if _finite(x) is None:
        return DASH
    amount, _, prefix = _scaled(x, _COUNTS).partition(" ")
    return f"{_trimmed(amount)} {prefix + ' ' if prefix else ''}{plural(unit)}/s"


def count(x: float | None) -> str:
    """A whole number with its thousands set apart: `1,024`."""
    value = _finite(x)
    return DASH if value is None else f"{value:,.0f}" if value == int(value) else f"{value:,g}"


def plain(x: float | None) -> str:
    """A number that has no unit, with four significant digits at most: `0.985`."""
    value = _finite(x)
    return DASH if value is None else f"{value:.4g}"


def steps(value: float | None, low: float | None, high: float | None) -> str:
    """A number of steps with its interval: `1.2 k steps [1.0, 1.5 k]`; `never` if even the low end is infinite.

    A missing value reads as a dash, an infinite end as `∞`; from 0 to infinity nothing is known.
    """
    if value is None or math.isnan(value):
        return DASH
    if low == 0 and high == math.inf:
        return "not known" if math.isinf(value) else f"{_steps(value)} steps (not known)"
    if low is None or math.isinf(low):
        return "never"
    return f"{_steps(value)} steps [{_steps(low)}, {_steps(high)}]"


def _steps(x: float | None) -> str:
    if x is None or math.isinf(x):
        return "∞"
    amount, _, prefix = _scaled(float(f"{x:.2g}"), _COUNTS).partition(" ")
    return f"{_trimmed(amount)} {prefix}".rstrip()


def short(x: float | None) -> str:
    """A count short enough for the tick of an axis: `512`, `4096`, `10 M`."""
    value = _finite(x)
    if value is None:
        return DASH
    if abs(value) < 10_000:
        return f"{value:g}"
    factor, prefix = _unit(value, _COUNTS)
    return f"{value / factor:.4g} {prefix}"


def tick_seconds(x: float | None) -> str:
    """A duration at the tick of an axis, without needless zeros and never in powers of ten: `10 µs`, `1.05 ms`."""
    value = _finite(x)
    if value is None:
        return DASH
    factor, unit = _unit(min(value, 1.0), _SECONDS)  # round seconds are not round in minutes
    return f"{_trimmed(f'{value / factor:,.4f}')} {unit}"


def interval(value: float | None, low: float | None, high: float | None) -> str:
    """A duration in seconds with its interval, one unit for all three: `12.3 µs [12.1, 12.6]`.

    The value stands alone if there is no interval.
    """
    median, within = interval_parts(value, low, high)
    return median if within == DASH else f"{median} {within.rpartition(' ')[0]}"


def interval_parts(value: float | None, low: float | None, high: float | None) -> tuple[str, str]:
    """The texts of `interval` for two columns of a table: `("12.3 µs", "[12.1, 12.6] µs")`."""
    middle, bottom, top = _finite(value), _finite(low), _finite(high)
    if middle is None or bottom is None or top is None:
        return seconds(value), DASH
    factor, unit = _unit(middle, _SECONDS)
    texts = _supported(middle / factor, bottom / factor, top / factor)
    return f"{texts[0]} {unit}", f"[{texts[1]}, {texts[2]}] {unit}"


def rate_parts(value: float | None, low: float | None, high: float | None, unit: str) -> tuple[str, str]:
    """A rate and its interval with one prefix for all three: `("1.20 M rows/s", "[1.15, 1.24]")`."""
    middle, bottom, top = _finite(value), _finite(low), _finite(high)
    if middle is None or bottom is None or top is None:
        return rate(value, unit), DASH
    factor, prefix = _unit(middle, _COUNTS)
    texts = _supported(middle / factor, bottom / factor, top / factor)
    return f"{texts[0]} {prefix + ' ' if prefix else ''}{plural(unit)}/s", f"[{texts[1]}, {texts[2]}]"


def ratio(value: float | None, low: float | None, high: float | None) -> str:
    """A ratio with its interval: `1.52× [1.48, 1.57]`; the ratio alone if there is no interval."""
    middle, within = ratio_parts(value, low, high)
    return middle if within == DASH else f"{middle} {within}"


def ratio_parts(value: float | None, low: float | None, high: float | None) -> tuple[str, str]:
    """The texts of `ratio` for two columns of a table: `("1.52×", "[1.48, 1.57]")`."""
    middle, bottom, top = _finite(value), _finite(low), _finite(high)
    if middle is None:
        return DASH, DASH
    if bottom is None or top is None:
        return f"{_significant(middle, 3)}×", DASH
    texts = _supported(middle, bottom, top)
    return f"{texts[0]}×", f"[{texts[1]}, {texts[2]}]"


def share(value: float | None, low: float | None, high: float | None) -> str:
    """A share with its interval, in percent: `12.3 % [11.9, 12.8]`."""
    middle, bottom, top = _finite(value), _finite(low), _finite(high)
    if middle is None:
        return DASH
    if bottom is None or top is None:
        return f"{_significant(100 * middle, 3)} %"
    texts = _supported(100 * middle, 100 * bottom, 100 * top)
    return f"{texts[0]} % [{texts[1]}, {texts[2]}]"


def plural(unit: str) -> str:
    """The plural of a unit: `row` and `rows` both give `rows`."""
    return unit if unit.endswith("s") else f"{unit}s"


def _supported(value: float, low: float, high: float) -> tuple[str, str, str]:
    """The three numbers, rounded to the last place that the width of the interval supports.

    That place is the leading digit of the width, or one finer if this digit is a 1 (the usual rule for uncertainties:
    rounding then moves an end by at most a twentieth of the width, instead of half of it).
    """
    width = abs(high - low)
    finest, coarsest = _exponent(value) - (_MOST_DIGITS - 1), _exponent(value) - 1
    place = finest
    if width > 0:
        place = _exponent(width) - (1 if width < 2 * 10.0 ** _exponent(width) else 0)
        place = max(finest, min(place, coarsest))
    first, second, third = (f"{round(x, -place):.{max(0, -place)}f}" for x in (value, low, high))
    return first, second, third


def _finite(x: float | None) -> float | None:
    """The number, or None where it is missing."""
    return None if x is None or not math.isfinite(x) else x


def _exponent(x: float) -> int:
    return math.floor(math.log10(abs(x))) if x else 0


def _significant(x: float, digits: int) -> str:
    rounded = float(f"{x:.{digits - 1}e}")
    return f"{rounded:.{max(0, digits - 1 - _exponent(rounded))}f}"


def _unit(x: float, units: tuple[tuple[float, str], ...]) -> tuple[float, str]:
    """The largest unit that `x`, rounded to three digits, reaches: 999.6 µs is 1.00 ms, not 1000 µs."""
    rounded = abs(float(f"{x:.2e}"))
    if rounded == 0:
        return next((entry for entry in units if entry[0] == 1.0), units[0])
    # A product of floats such as 1e-6 × 1.0 may be an ulp below its unit.
    return next((entry for entry in reversed(units) if rounded >= entry[0] * (1 - 1e-12)), units[0])


def _scaled(x: float | None, units: tuple[tuple[float, str], ...]) -> str:
    value = _finite(x)
    if value is None:
        return DASH
    factor, unit = _unit(value, units)
    if abs(value) < factor:
        # Rounding lifted it into this unit: 59.96 s is 1.00 min, not 0.999 min.
        value = math.copysign(factor, value) if value and factor > units[0][0] else value
    return f"{_significant(value / factor, 3) if value else '0'} {unit}".rstrip()


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
