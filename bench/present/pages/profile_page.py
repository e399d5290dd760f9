"""A profile as one self-contained page: the verdict, its shares, functions, operators, memory, compiling."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jinja2

from bench.analyse.profiles import ProfileResult
from bench.analyse.profiles.sampled_functions import LOADER, MAIN, STARTING, stacks_of
from bench.analyse.profiles.verdict import MEANINGS
from bench.present import picture_style
from bench.present.flames import flame_graph, stack_files
from bench.present.flames.flame_tree import Stacks
from bench.present.pages import memory_picture
from bench.present.tables import profile_report
from bench.present.words import units

if TYPE_CHECKING:
    from bench.store.profiles import Profile

MOST_ROWS = 150
"""Most rows of a table in the page: the Parquet file next to it has all."""

LEAST_TIMER = 0.01
"""Least share of the longest timer of compiling that is shown; `run.json` has all of the sixty."""


@dataclass(frozen=True)
class Picture:
    """The picture of the memory in both themes, as data in the page."""

    alt: str
    light: str
    dark: str


def page(profile: Profile, judged: ProfileResult) -> str:
    """The whole page."""
    environ = jinja2.Environment(
        loader=jinja2.PackageLoader("bench.present"), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    rows = profile_report.operators(profile, judged)
    wanted = profile_report.columns(profile, judged)
    key, *head = profile_report.head(profile, judged)
    return environ.get_template("profile.html.j2").render(
        key=key,
        head=head[1:],
        verdict=judged.verdict,
        meaning=MEANINGS[judged.verdict.word],
        shares=judged.shares,
        sentence=_sentence,
        percent=lambda share: f"{100 * share:.0f} %",
        flames=_flames(profile, judged),
        columns=wanted,
        rows=[{**profile_report.cells(row), "kind": row["kind"], "sort": _sort(row)} for row in rows[:MOST_ROWS]],
        left=max(0, len(rows) - MOST_ROWS),
        kernels=_kernels(profile, judged),
        device=profile_report.device_lines(profile, judged),
        memory=profile_report.memory_lines(profile),
        picture=_picture(profile),
        compiling=_compiling(profile),
        compiled=profile_report.compile_lines(profile, judged),
        limits=judged.limits,
        run=profile.run,
        recorded=profile.told,
    )


def flame_stacks(profile: Profile, judged: ProfileResult, thread: str) -> Stacks:
    """Seconds per step of each stack of a thread: each sample counts as its share of a step without the sampler."""
    if judged.sampling is None or not judged.sampling.samples:
        return []
    whole = sum(ns for _, _, ns in stacks_of(profile.stacks, MAIN))
    step_s = judged.sampling.step_s.value
    return [(frames, ns / whole * step_s) for frames, _, ns in stacks_of(profile.stacks, thread)]


def files(profile: Profile, judged: ProfileResult) -> dict[str, str]:
    """Further files made of the stacks, by name: the flame graph alone, and files that other programs read."""
    stacks = flame_stacks(profile, judged, MAIN)
    if not stacks:
        return {}
    counted = [(frames, ns) for frames, _, ns in stacks_of(profile.stacks, MAIN)]
    title = str(profile.told["key"])
    return {
        "flames.svg": flame_graph.draw(stacks, title=title),
        "stacks.folded": stack_files.folded([(frames, ns / 1e9) for frames, ns in counted], NS_OF_A_COUNT),
        "stacks.speedscope.json": stack_files.speedscope(stacks, title),
    }


NS_OF_A_COUNT = 1e6
"""Unit of the counts of folded stacks: milliseconds of samples."""


def _flames(profile: Profile, judged: ProfileResult) -> list[flame_graph.Inline]:
    titles = {
        MAIN: "Where a step is, by function",
        LOADER: "Where the loader's workers are while a step runs",
        STARTING: "Where the loader's workers are before they fetch",
    }
    drawn = {thread: flame_stacks(profile, judged, thread) for thread in titles}
    mark = ""
    if judged.sampling is not None and judged.sampling.shape_only:
        mark = f" (shape only: the sampler makes a step {judged.sampling.overhead.value:.2f} times as long)"
    return [flame_graph.inline(stacks, title=titles[thread] + mark) for thread, stacks in drawn.items() if stacks]


def _sentence(text: str) -> str:
    """A line of the terminal as a sentence; the name of an operator or of a torch function keeps its small letter."""
    first = text.split(" ", 1)[0]
    return f"{text if '.' in first or '::' in first else text[:1].upper() + text[1:]}."


def _sort(row: Mapping[str, Any]) -> dict[str, str]:
    numbers = {
        "calls": row["calls_per_step"],
        "self": row["self_s"],
        "total": row["total_s"],
        "device": row["device_self_s"],
        "allocated": row["host_bytes"] + row["device_bytes"],
    }
    return {name: "" if value is None else repr(value) for name, value in numbers.items()}


def _kernels(profile: Profile, judged: ProfileResult) -> list[dict[str, Any]]:
    """Rows of kernels, copies and fills, per step; without a time if the profiler cost too much."""
    rows = profile.kernels.head(MOST_ROWS).to_dict("records")
    busy = sum(profile.kernels["ns"])
    steps, timed = judged.cost.steps, not judged.cost.shape_only
    return [
        {
            "name": row["name"],
            "kind": row["kind"],
            "calls": units.count(round(row["calls"] / steps, 2)),
            "time": units.seconds(row["ns"] / 1e9 / steps) if timed else units.DASH,
            "share": f"{100 * row['ns'] / busy:.1f} %" if busy else units.DASH,
            "sort": {"calls": repr(row["calls"]), "time": repr(row["ns"]), "share": repr(row["ns"])},
        }
        for row in rows
    ]


def _compiling(profile: Profile) -> Sequence[tuple[str, str, str]]:
    """Timers of compiling, longest first, without the smallest: name, seconds, the number to sort by."""
    compiling = profile.told["compiling"]
    timers = {} if compiling is None else compiling["seconds"]
    least = LEAST_TIMER * max(timers.values(), default=0.0)
    ordered = sorted((timer for timer in timers.items() if timer[1] >= least), key=lambda timer: -timer[1])
    return [(name, units.seconds(seconds), repr(seconds)) for name, seconds in ordered]


def _picture(profile: Profile) -> Picture | None:
    light, dark = (_data_uri(memory_picture.draw(profile, theme)) for theme in ("light", "dark"))
    return Picture(memory_picture.describe(profile), light, dark) if light else None


def _data_uri(figure: Any) -> str:
    """An SVG as the address of an image; empty if there is none."""
    if figure is None:
        return ""
    return "data:image/svg+xml;base64," + base64.b64encode(picture_style.encode(figure, "svg")).decode("ascii")
