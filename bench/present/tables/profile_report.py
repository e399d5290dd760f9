"""A profile as text for a terminal, Markdown, CSV or JSON: what binds the case, its numbers, functions, operators."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bench.analyse.profiles import ProfileResult
from bench.analyse.profiles.sampled_functions import LOADER, MAIN, Frame, frames_of, imports_of
from bench.analyse.profiles.time_shares import BUDGET
from bench.present.tables import table_formats
from bench.present.tables.terminal_table import Column
from bench.present.words import units

if TYPE_CHECKING:
    from bench.store.profiles import Profile

OperatorRow = Mapping[str, Any]
"""A row of the table of operators, as `operators` makes it."""

SHOWN_FRAMES = 10
"""Most functions that a terminal shows."""

SHOWN = 20
"""Most operators that a terminal shows; csv, json and the page have all."""

PHASES: Mapping[str, str] = {"prepare": "prepare", "first_call": "first call", "step": "step"}
"""Names of the phases of memory, in order."""

_DIRECTIONS = {"HtoD": "host → device", "DtoH": "device → host", "DtoD": "device → device", "PtoP": "between devices"}

OPERATORS = (
    Column("name", "operator", wrap=True),
    Column("shapes", drop=2, wrap=True),
    Column("calls", "calls/step", right=True),
    Column("self", right=True),
    Column("total", right=True, drop=1),
    Column("device", "on device", right=True),
    Column("allocated", "allocated/step", right=True, drop=1),
)
"""Columns of the table of operators, each per step."""


def operators(profile: Profile, judged: ProfileResult) -> list[dict[str, Any]]:
    """A row for each operator, per step. Seconds are None if the profiler cost too much."""
    steps, timed = judged.cost.steps, not judged.cost.shape_only
    return [
        {
            "name": operator["name"],
            "kind": operator["kind"],
            "shapes": shapes(operator["shapes"]),
            "dtypes": operator["dtypes"],
            "calls_per_step": operator["calls"] / steps,
            "self_s": operator["self_ns"] / steps / 1e9 if timed else None,
            "total_s": operator["total_ns"] / steps / 1e9 if timed else None,
            "device_self_s": operator["device_self_ns"] / steps / 1e9 if timed else None,
            "device_total_s": operator["device_total_ns"] / steps / 1e9 if timed else None,
            "host_bytes": operator["host_bytes"] / steps,
            "device_bytes": operator["device_bytes"] / steps,
        }
        for operator in profile.operators.to_dict("records")
    ]


FRAMES = (
    Column("name", "function", wrap=True),
    Column("own", "innermost", right=True),
    Column("ends", "95 %", right=True, drop=1),
    Column("total", "with all below", right=True),
)
"""Columns of the table of functions, as shares of the samples."""


def functions_of(profile: Profile, judged: ProfileResult, thread: str = MAIN) -> list[Frame]:
    """Functions, most innermost time first; if the sampler cost too much, by name and without numbers."""
    frames = frames_of(profile.stacks, thread)
    if judged.sampling is not None and judged.sampling.shape_only:
        return [Frame(frame.name, *[math.nan] * 4) for frame in sorted(frames, key=lambda frame: frame.name)]
    return frames


def frame_rows(frames: Sequence[Frame]) -> list[dict[str, str]]:
    """Functions as texts."""
    return [
        {
            "name": frame.name,
            "own": f"{100 * frame.own:.1f} %",
            "ends": f"{100 * frame.low:.1f} to {100 * frame.high:.1f} %",
            "total": f"{100 * frame.total:.1f} %",
        }
        for frame in frames
    ]


def shapes(text: str) -> str:
    """The text of shapes: `[[800, 64], [64, 64], []]` becomes `800×64, 64×64, –`."""
    inner = text.removeprefix("[").removesuffix("]")
    parts = [part.strip("[] ") for part in inner.split("], ")] if inner else []
    return ", ".join(part.replace(", ", "×") or units.DASH for part in parts)


def cells(row: OperatorRow) -> dict[str, str]:
    """A row of `operators` as texts."""
    return {
        "name": row["name"],
        "shapes": row["shapes"] or units.DASH,
        "calls": units.count(round(row["calls_per_step"], 2)),
        "self": units.seconds(row["self_s"]),
        "total": units.seconds(row["total_s"]),
        "device": units.seconds(row["device_self_s"]) if row["device_self_s"] else units.DASH,
        "allocated": units.size(row["host_bytes"] + row["device_bytes"]),
    }


def columns(profile: Profile, judged: ProfileResult) -> list[Column]:
    """The columns that this profile has values for."""
    left_out = set() if profile.told["device"] is not None else {"device"}
    left_out |= {"self", "total", "device"} if judged.cost.shape_only else set()
    return [column for column in OPERATORS if column.name not in left_out]


def show(profile: Profile, judged: ProfileResult, format: str, *, width: int = 100, color: bool = False) -> str:
    """The profile in one of `table_formats.FORMATS`, ending in a newline; width: characters of the terminal.

    csv has only the operators. Raises `UserError` on another format.
    """
    table_formats.check_format(format)
    rows = operators(profile, judged)
    if format == "json":
        return table_formats.as_json([as_object(profile, judged, rows)])[2:-3].strip() + "\n"
    if format == "csv":
        return table_formats.as_csv(rows, list(rows[0]) if rows else [])
    wanted = columns(profile, judged)
    shown = [cells(row) for row in rows[:SHOWN]]
    parts = [{"part": share.name, "of a step": _value(share), "without the profiler": _ends(share), "is": share.what}
             for share in judged.shares]  # fmt: skip
    functions = frame_rows(functions_of(profile, judged)[:SHOWN_FRAMES])
    known = FRAMES if judged.sampling is None or not judged.sampling.shape_only else FRAMES[:1]
    texts = [
        "\n".join(head(profile, judged)) + "\n",
        table_formats.render(functions, known, format, width=width, color=color),
        table_formats.render(parts, list(parts[0]) if parts else [], format, width=width, color=color),
        table_formats.render(shown, wanted, format, width=width, color=color),
        "\n".join(below(profile, judged, len(rows))) + "\n",
    ]
    return "\n".join(texts)


def head(profile: Profile, judged: ProfileResult) -> list[str]:
    """The lines on the verdict and the cost of the profile."""
    cost, recorded = judged.cost, profile.told
    step = units.interval(cost.step_s.value, cost.step_s.low, cost.step_s.high)
    overhead = units.ratio(cost.overhead.value, cost.overhead.low, cost.overhead.high)
    lines = [
        str(recorded["key"]),
        f"{judged.verdict.word}: {judged.verdict.because}",
        f"torch.profiler, {cost.steps} steps in {recorded['blocks']} blocks of one process; a step takes {step} "
        f"without it and {overhead} as long with it",
    ]
    if cost.unsteady:
        lines.append("shape only: the cost of the profiler is not known, so no times are shown; profile it again")
    elif cost.shape_only:
        lines.append(f"shape only: above {BUDGET:g}× its parts have no times, only calls, shapes, bytes and bounds")
    return [*lines, *sampling_lines(profile, judged), *lost(profile)]


def sampling_lines(profile: Profile, judged: ProfileResult) -> list[str]:
    """The lines on how stacks were sampled, what that cost, and why not in a better way."""
    recorded, sampling = profile.told, judged.sampling
    if sampling is None:
        return [f"no stacks: {recorded['rung']}"]
    often = f" {recorded['watched']['rate_hz']} times a second" if recorded["watched"]["rate_hz"] else ""
    cost = units.ratio(sampling.overhead.value, sampling.overhead.low, sampling.overhead.high)
    lines = [
        f"sampled by {recorded['rung']}{often}: {units.count(sampling.samples)} samples in the steps, "
        f"{units.count(sampling.elsewhere)} outside of them, {units.count(sampling.lost)} lost; a step takes {cost} as "
        "long with it"
    ]
    if (imports := imports_of(profile.stacks)) is not None:
        lines.append(f"before their loop a DataLoader's workers import modules in {100 * imports:.0f} % of the samples")
    lines += [f"not by {rung}: {reason}" for rung, reason in recorded["watched"]["refused"].items()]
    if sampling.shape_only:
        lines.append(f"above {BUDGET:g}× functions are listed without their shares")
    return lines


def lost(profile: Profile) -> list[str]:
    """The lines on what the profiler did not see; none if it saw all."""
    recorded = profile.told
    lines = []
    if (blocks := len(recorded["profiled_ns"]) - recorded["blocks"]) > 0:
        lines.append(f"the profiler lost {blocks} of {len(recorded['profiled_ns'])} blocks: they do not count")
    if recorded["device"] and recorded["device"]["lost"]:
        unseen = f"no device work was seen for {recorded['device']['lost']} kernels and copies"
        lines.append(f"{unseen}: the device times are too short")
    if recorded["history"] and recorded["history"]["lost"]:
        lines.append("the allocator kept too few entries: its history lacks the beginning")
    return lines


def below(profile: Profile, judged: ProfileResult, count: int) -> list[str]:
    """The lines on all else: device, synchronisation, memory, compiling."""
    more = [f"{count - SHOWN} more operators: --format csv, and the page"] if count > SHOWN else []
    return [*more, *device_lines(profile, judged), *memory_lines(profile), *compile_lines(profile, judged)]


def device_lines(profile: Profile, judged: ProfileResult) -> list[str]:
    """The lines on kernels, copies, idle share and synchronisation, per step."""
    recorded, steps = profile.told, judged.cost.steps
    waits = ", ".join(f"{name} {units.count(round(n / steps, 2))}" for name, n in recorded["waits"]["calls"].items())
    device = recorded["device"]
    if device is None:
        return [f"calls that would wait for a device, per step: {waits}"] if waits else []
    if not steps:
        return []
    each = [f"kernels {units.count(round(device['kernels'] / steps, 2))}"]
    each += [
        f"copies {_DIRECTIONS.get(way, way)} {units.count(round(row['calls'] / steps, 2))}"
        for way, row in device["copies"].items()
    ]
    each += [f"fills {units.count(round(device['fills'] / steps, 2))}"] if device["fills"] else []
    lines = [f"on the device per step: {', '.join(each)}"]
    if judged.idle is not None:
        lines.append(
            f"the device idles {_value(judged.idle)} of the time under the profiler, and {_ends(judged.idle)} "
            "without it"
        )
    if waits:
        lines.append(f"calls that wait for the device, per step: {waits}")
    if not judged.cost.shape_only:
        lines.append(
            f"per step in copies {units.seconds(device['copy_ns'] / 1e9 / steps)} (device), in waits "
            f"{units.seconds(recorded['waits']['ns'] / 1e9 / steps)} (host)"
        )
    return lines


def memory_lines(profile: Profile) -> list[str]:
    """The lines on the peak memory of each phase, above what was in use before the case."""
    memory = profile.told["memory"]
    lines = []
    for where, name in (("host", "host"), ("device", "device")):
        sizes = {PHASES[phase]: memory["phases"][phase][where] for phase in PHASES}
        if any(size is not None for size in sizes.values()):
            peaks = ", ".join(f"{phase} {units.size(size)}" for phase, size in sizes.items())
            lines.append(f"peak memory of the {name}: {peaks}")
    return [*lines, *([f"no peak memory of the host: {memory['reason']}"] if memory["reason"] else [])]


def compile_lines(profile: Profile, judged: ProfileResult) -> list[str]:
    """The lines on what was compiled, how often again and why, and where the time went."""
    compiling = profile.told["compiling"]
    if compiling is None:
        return []
    counters, reasons = profile.told["counters"], profile.told["break_reasons"]
    lines = [
        f"graphs compiled: {counters['compiled_graphs']}; graph breaks: {counters['graph_breaks']}; compiled again "
        f"after the first call: {counters['recompiles']}"
    ]
    lines += [f"graph break, {n}×: {reason}" for reason, n in reasons.items()]
    lines += [f"compiled again: {reason}" for reason in compiling["recompiles"]]
    parts = ", ".join(f"{name} {units.seconds(seconds)}" for name, seconds in judged.compiling.items())
    whole = units.seconds(sum(judged.compiling.values()))
    return [*lines, *([f"compiling took {whole}, from an empty cache: {parts}"] if parts else [])]


def as_object(profile: Profile, judged: ProfileResult, rows: Sequence[OperatorRow]) -> dict[str, Any]:
    """All of it, for a program."""
    recorded, run = profile.told, profile.run
    kept = ("key", "rung", "steps", "blocks", "events", "memory", "waits", "device", "compiling", "counters")
    return {
        **{name: run[name] for name in ("schema", "run", "machine", "fingerprint", "created")},
        "path": str(profile.folder),
        **{name: recorded[name] for name in kept},
        "verdict": judged.verdict.word,
        "because": judged.verdict.because,
        "shape_only": judged.cost.shape_only,
        "step_s": asdict(judged.cost.step_s),
        "overhead": asdict(judged.cost.overhead),
        "on_core": judged.cost.on_core,
        "shares": [asdict(share) for share in judged.shares],
        "sampling": judged.sampling and {**asdict(judged.sampling), "refused": recorded["watched"]["refused"]},
        "functions": [asdict(frame) for frame in functions_of(profile, judged)],
        "functions_of_loader_workers": [asdict(frame) for frame in functions_of(profile, judged, LOADER)],
        "limits": asdict(judged.limits),
        "compiling_parts_s": judged.compiling,
        "idle": judged.idle and asdict(judged.idle),
        "operators": list(rows),
        "kernels": profile.kernels.to_dict("records"),
    }


def _value(share: Any) -> str:
    return f"{100 * share.value:.1f} %"


def _ends(share: Any) -> str:
    return f"{100 * share.low:.0f} to {100 * share.high:.0f} %"
