"""A picture of the memory of a profiled case: the allocations of a device over time; else peaks, and who allocates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from bench.present import picture_style
from bench.present.charts.canvas import LEADING, MARGIN, WIDTH, Page
from bench.present.charts.ticks import even_ticks
from bench.present.picture_style import TEXT_PT
from bench.present.tables.profile_report import PHASES
from bench.present.words import units

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from bench.store.profiles import Profile

_LINE = TEXT_PT * LEADING
MOST_BARS = 5
"""Most operators that are drawn: the next ones allocate little, and the table has them."""

MOST_NAMED = 4
"""Most allocations named in a timeline, the largest first."""


@dataclass(frozen=True)
class Bar:
    """A bar of the picture: its label and its bytes."""

    label: str
    bytes: float


def draw(profile: Profile, theme: str = "light") -> Figure | None:
    """The picture in a theme; None if nothing is known about the memory of the case."""
    colors = picture_style.theme(theme)
    with picture_style.drawing(colors):
        page = Page(colors)
        if len(profile.allocations):
            _timeline(page, profile)
        elif bars := _groups(profile):
            _bars(page, profile, bars)
        else:
            return None
        return page.figure


def describe(profile: Profile) -> str:
    """The picture in words, for those who cannot see it; empty if there is none."""
    if len(profile.allocations):
        largest = ", ".join(f"{units.size(size)} at {where or 'no Python frame'}" for size, where in _largest(profile))
        return f"{_timeline_title(profile)}. The largest allocations: {largest}."
    groups = [f"{name}: " + ", ".join(f"{bar.label} {units.size(bar.bytes)}" for bar in bars)
            for name, bars in _groups(profile).items()]  # fmt: skip
    return f"{_bars_title(profile)}. {'; '.join(groups)}." if groups else ""


# --- a device: bytes over time --------------------------------------------------------------------------------------


def _timeline_title(profile: Profile) -> str:
    history = profile.told["history"]
    steps = "one step" if history["steps"] == 1 else f"{history['steps']} steps"
    low, high = min(_levels(profile)), max(_levels(profile))
    return f"{steps} move the allocated memory of the device between {units.size(low)} and {units.size(high)}"


def _levels(profile: Profile) -> list[float]:
    """Bytes allocated before the first entry, and after each."""
    return list(accumulate(profile.allocations["bytes"].tolist(), initial=profile.told["history"]["before"]))


def _largest(profile: Profile) -> list[tuple[int, str]]:
    """The largest allocation of each place in the code, largest first: bytes and place."""
    taken = profile.allocations[profile.allocations["bytes"] > 0]
    by_place = taken.groupby("place")["bytes"].max().sort_values(ascending=False)
    return [(int(size), str(place)) for place, size in by_place.head(MOST_NAMED).items()]


def _timeline(page: Page, profile: Profile) -> None:
    page.title(_timeline_title(profile))
    named = [f"{units.size(size)} at {where or 'no Python frame'}" for size, where in _largest(profile)]
    page.foot([f"Largest: {'; '.join(named)}", _source(profile)])
    levels, times = _levels(profile), [0, *profile.allocations["us"].tolist()]
    top = max(levels) * 1.08 or 1.0
    unit = max(1.0, 1024.0 ** int(math.log(top, 1024)))  # round numbers of MiB, not of bytes
    ticks = [unit * tick for tick in even_ticks(0, top / unit)]
    words = [units.size(tick) for tick in ticks]
    left = MARGIN + max(page.width_of(word) for word in words) + 16
    axes = page.axes(left, page.bottom + 2.2 * _LINE, WIDTH - MARGIN, page.top - 8)
    axes.set_ylim(0, top)
    axes.set_xlim(0, max(times[-1], 1))
    axes.set_yticks(ticks, words)
    across = even_ticks(0, max(times[-1], 1))
    axes.set_xticks(across, [units.tick_seconds(tick / 1e6) if tick else "0" for tick in across])
    axes.grid(axis="y", color=page.theme.grid)
    axes.set_axisbelow(True)
    axes.fill_between(times, levels, step="post", color=page.theme.colors[0], alpha=0.35, linewidth=0)
    axes.step(times, levels, where="post", color=page.theme.colors[0], linewidth=2)
    page.note(left, page.bottom + 8, "time since the first allocation, with the history being kept: shape, not speed")


# --- the host: peaks by phase, and the operators that allocate ------------------------------------------------------


def _bars_title(profile: Profile) -> str:
    peaks = {phase: (row["device"] if row["device"] is not None else row["host"])
             for phase, row in profile.told["memory"]["phases"].items()}  # fmt: skip
    known = {phase: size for phase, size in peaks.items() if size is not None}
    if not known:
        return "what the operators of a step allocate"
    most = max(known, key=lambda phase: known[phase])
    if most == "step":
        return f"{units.size(known[most])} at the peak, in a steady step"
    return f"{units.size(known[most])} at the peak, in {PHASES[most]}; {units.size(known.get('step'))} in a steady step"


def _groups(profile: Profile) -> Mapping[str, Sequence[Bar]]:
    """Groups of bars by their headings: peaks by phase, and what operators allocate in a step."""
    groups: dict[str, list[Bar]] = {}
    for where in ("device", "host"):
        phases = profile.told["memory"]["phases"]
        peaks = [Bar(PHASES[phase], phases[phase][where]) for phase in PHASES if phases[phase][where] is not None]
        if any(bar.bytes for bar in peaks):
            groups[f"peak of the {where}, above what was there before the case"] = peaks
    steps = profile.told["steps"] * profile.told["blocks"]
    taken = profile.operators.assign(bytes=profile.operators["host_bytes"] + profile.operators["device_bytes"])
    by_name = taken.groupby("name")["bytes"].sum().sort_values(ascending=False)
    own = [Bar(str(name), size / steps) for name, size in by_name.head(MOST_BARS).items() if size]
    if own:
        groups["allocated in a step, by operator"] = own
    return groups


def _bars(page: Page, profile: Profile, groups: Mapping[str, Sequence[Bar]]) -> None:
    page.title(_bars_title(profile))
    page.foot([_source(profile)])
    labels = {bar.label: page.wrap(bar.label, 340, lines=1) for bars in groups.values() for bar in bars}
    left = MARGIN + max(page.width_of(label) for label in labels.values()) + 20
    right = WIDTH - MARGIN - max(page.width_of(units.size(b.bytes)) for bars in groups.values() for b in bars) - 20
    rows = sum(len(bars) + 1.4 for bars in groups.values())
    height = (page.top - page.bottom - 16) / rows
    top = page.top
    for place, (heading, bars) in enumerate(groups.items()):
        page.note(MARGIN, top - height * 0.7, heading, va="center_baseline")
        bottom = top - height * (len(bars) + 1.2)
        axes = page.axes(left, bottom, right, top - height * 1.2)
        axes.set_ylim(0, len(bars))
        axes.set_xlim(0, max(bar.bytes for bar in bars) or 1)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines["bottom"].set_visible(False)
        for row, bar in enumerate(bars):
            centre = len(bars) - row - 0.5
            axes.barh(centre, bar.bytes, 0.6, color=page.theme.colors[place])
            at = bottom + centre * height
            page.text(left - 14, at, labels[bar.label], ha="right", va="center_baseline")
            page.text(right + 14, at, units.size(bar.bytes), ha="left", va="center_baseline")
        top = bottom - height * 0.2


def _source(profile: Profile) -> str:
    return f"{profile.told['key']}, {profile.run['machine']}, profile {profile.run['run']}"
