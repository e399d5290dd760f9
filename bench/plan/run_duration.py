"""An estimate of how long a run will take."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.records import Planned, Settings

# A round value near the top of what was measured: a process that imports torch and numpy took 2.15 to 2.61 s of
# wall time (5 of them, 2-core shared machine under other load). The worker's own imports and hello were not timed.
IMPORT_S = 2.5
# An upper value: on the same machine the first compiled call of a small net, cold cache, took 13.1 and 13.4 s forward
# (2 processes) and 17.0 s with backward (1 process).
COLD_COMPILE_S = 20.0
# The same with the cache of an earlier process: 2.3 to 5.4 s (5 processes, four of them below 3 s).
WARM_COMPILE_S = 3.0
# AOTInductor also compiles its library again with a warm cache, which only saves it a check of the CPU. Upper
# values as well: that small net, the machine busy, took 31 and 38 s cold (2 processes) and 21 to 35 s warm (4).
COLD_AOTI_S = 40.0
WARM_AOTI_S = 30.0
# A guess for short steps: preparing, both checks and the first call. A launch then measures for as long.
CASE_OVERHEAD_S = 0.08

# Spread of a case's median between launches, from the design's probe on a shared machine: one process against another
# later differs with sd 4.5 to 5.5 %, and a difference has sqrt(2) times the spread of either: 3.2 to 3.9 %.
LAUNCH_SD = 0.035
# Half-width of the 95 % interval of a median of n normal data, in units of sd / sqrt(n): 1.96 * sqrt(pi / 2).
MEDIAN_HALF_WIDTH = 1.96 * math.sqrt(math.pi / 2)

# A choice, not a measured coverage: a step can take a microsecond or seconds, and only measuring shows which. For a
# run with steps far longer than a block, even the high end is too low.
GUESS_FACTOR = 3.0
# Also a choice, not yet compared with repeated runs: room for the load of the machine.
MEASURED_FACTOR = 1.25


@dataclass(frozen=True)
class Duration:
    """Wall time of a run, in seconds, and how much of it is known: cases timed before, and cases guessed."""

    likely_s: float
    low_s: float
    high_s: float
    measured: int
    guessed: int


def estimate(planned: Sequence[Planned], settings: Settings, past: Mapping[str, float]) -> Duration:
    """Estimate the time that a run of these cases will take.

    past: case key → seconds that one launch spent on that case before, without the import; may be empty.
    The likely number of launches is the one at which the interval of a median gets as narrow as asked; low and high
    take the fewest and the most launches, with each case at the better and the worse end of its band. A budget caps
    all three: the run ends there.
    """
    known = {key: seconds for key, seconds in past.items() if math.isfinite(seconds) and seconds > 0}
    fewest, likely, most = _launches(settings)
    totals = (_total(planned, settings, known, fewest, -1), _total(planned, settings, known, likely, 0))
    high = _total(planned, settings, known, most, +1)
    cap = math.inf if settings.budget_s is None else settings.budget_s
    measured = sum(each.case.key in known for each in planned)
    return Duration(
        likely_s=min(totals[1], cap),
        low_s=min(totals[0], cap),
        high_s=min(high, cap),
        measured=measured,
        guessed=len(planned) - measured,
    )


def late_note(planned: Sequence[Planned], settings: Settings) -> str:
    """What to say before a run whose first case may end after its budget; empty where nothing else is expected.

    Where all cases compile, the first is tried whatever the budget is: nothing would be measured otherwise.
    """
    cold_s = min((_compilation_s(each)[0] for each in planned), default=0.0)
    if settings.budget_s is None or cold_s <= settings.budget_s:
        return ""
    return (
        f"every case compiles, which takes up to {cold_s:.0f} s at first: one is measured all the same, and may end "
        f"after the budget of {settings.budget_s:g} s"
    )


def _launches(settings: Settings) -> tuple[int, int, int]:
    """Fewest, likely and most launches of a case."""
    if settings.launches is not None:
        return settings.launches, settings.launches, settings.launches
    # The n that solves MEDIAN_HALF_WIDTH * LAUNCH_SD / sqrt(n) = precision: 19 for the default of 2 %.
    enough = math.ceil((MEDIAN_HALF_WIDTH * LAUNCH_SD / settings.precision) ** 2)
    likely = min(max(enough, settings.min_launches), settings.max_launches)
    return settings.min_launches, likely, settings.max_launches


def _total(
    planned: Sequence[Planned], settings: Settings, known: Mapping[str, float], launches: int, end: int
) -> float:
    """Seconds for some launches; end: -1, 0, +1 for the fast end, the middle, the slow end of each case's band."""
    # Further processes of a launch are forks of its starter.
    total = IMPORT_S * launches if planned else 0.0
    for each in planned:
        seconds = known.get(each.case.key)
        factor = (GUESS_FACTOR if seconds is None else MEASURED_FACTOR) ** end
        cold_s, warm_s = _compilation_s(each)
        if guessed := seconds is None:
            seconds = 2 * CASE_OVERHEAD_S + warm_s
        # The first launch compiles cold and learns how long to warm up, the later ones find both.
        first_s = cold_s - warm_s + (settings.warm_s if guessed else 0.0)
        total += (launches * seconds + (first_s if launches else 0.0)) * factor
    return total


def _compilation_s(planned: Planned) -> tuple[float, float]:
    """Seconds a case compiles with a cold and with a warm cache; zeros if it does not compile."""
    mode = str(planned.case["mode"])
    if mode == "aoti":
        return COLD_AOTI_S, WARM_AOTI_S
    return (COLD_COMPILE_S, WARM_COMPILE_S) if mode.startswith("compile") else (0.0, 0.0)
