"""What a difference is made of, as text, Markdown and JSON: who is named first, and one table that adds up."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from bench.analyse.profiles.causes import CODE, IN_LOADER, OPERATORS, Cause, Explained, View
from bench.analyse.profiles.exact_counts import Exact
from bench.analyse.profiles.frame_owner import BACKWARD
from bench.analyse.profiles.time_shares import BUDGET
from bench.present.tables import table_formats
from bench.present.tables.gate_report import short
from bench.present.tables.terminal_table import Column
from bench.present.words import units
from bench.present.words.units import DASH
from bench.records import BASE, HEAD

COLUMNS = (
    Column("view", "seen in"),
    Column("what", wrap=True),
    Column("base", "base, a step", right=True),
    Column("head", "head", right=True),
    Column("difference", "head − base", right=True),
    Column("ends", "between", right=True, drop=1),
    Column("share", right=True),
)

MOST_CAUSES = 12
"""Rows of a view that are told in a table."""

MOST_EXACT = 8
"""Counts a step that differ and are told: one operator more brings its wrappers along."""


def rows(found: Explained) -> list[dict[str, str]]:
    """The table: the measured difference, then its parts as each view deals it out, with what it leaves unexplained."""
    whole = found.step.difference_s
    table = [_row(found.step, "measured", whole)]
    if found.code.rest is not None:
        table += [_row(cause, CODE, whole) for cause in found.code.clear[:MOST_CAUSES]]
        if len(found.code.clear) > MOST_CAUSES:
            left = sum(cause.difference_s for cause in found.code.clear[MOST_CAUSES:])
            table.append(_sum(f"{len(found.code.clear) - MOST_CAUSES} more that are clear", left, whole))
        table.append({**_row(found.code.rest, CODE, whole), "base": DASH, "head": DASH})
    # Times under torch.profiler: they hold its own cost of each call, and are no parts of what was measured without it.
    table += [_row(cause, OPERATORS, None) for cause in found.operators.clear[:MOST_CAUSES]]
    table += [_row(cause, IN_LOADER, None) for cause in found.loader.clear[:MOST_CAUSES]]
    parts = [_row(cause, "torch.profiler", None) for cause in found.parts if cause.name in TOLD_PARTS]
    table += [{**row, "ends": DASH} for row in parts]  # not asked about: their intervals are of another level
    if len(found.compiling_s) == 2:
        base, head = found.compiling_s[BASE], found.compiling_s[HEAD]
        table.append(
            {"view": "first call", "what": "compiling, from an empty cache", "base": units.seconds(base),
             "head": units.seconds(head), "difference": DASH, "ends": "one process a side", "share": DASH}
        )  # fmt: skip
    return table


TOLD_PARTS = ("kernels", "copies", "loader", "waiting", "compiled", "wrapping")
"""Parts of a step that stand in the table as wholes; operators and Python are there one by one."""


def _row(cause: Cause, view: str, whole: float | None) -> dict[str, str]:
    finite = math.isfinite(cause.low)
    return {
        "view": view,
        "what": f"{cause.name} ({cause.within})" if cause.within and view == OPERATORS else _what(cause),
        "base": units.seconds(cause.base_s),
        "head": units.seconds(cause.head_s),
        "difference": units.change(cause.difference_s),
        "ends": f"{units.change(cause.low)} to {units.change(cause.high)}" if finite else "too few pairs",
        "share": DASH if whole is None or not whole else _percent(cause.difference_s / whole),
    }


def _sum(what: str, seconds: float, whole: float) -> dict[str, str]:
    share = _percent(seconds / whole) if whole else DASH
    cells = {"view": CODE, "what": what, "base": DASH, "head": DASH, "difference": units.change(seconds)}
    return {**cells, "ends": DASH, "share": share}


def _what(cause: Cause) -> str:
    return f"{cause.name}, called in {cause.within}" if cause.within else cause.name


def first_words(found: Explained) -> str:
    """The cause that is named first, or why none is, in a sentence without its full stop."""
    first = found.first
    if isinstance(first, Exact):
        why = f": {first.reasons[0]}" if first.reasons else ""
        return f"{first.name} {_number(first.base)} → {_number(first.head)}{why}"
    if first is None:
        return f"no cause is named: {_why_none(found)}"
    ends = f"[{units.change(first.low)}, {units.change(first.high)}]"
    said = f"{_what(first)}: {units.change(first.difference_s)} a step {ends}"
    if first.view == CODE:
        return f"{said}, {_percent(found.share(first))} of the difference{_behind(found)}"
    workers = max(1, round(found.workers))
    return f"{said} in {workers} worker{'s' if workers > 1 else ''} of the loader, for which the steps wait"


def _why_none(found: Explained) -> str:
    """Why no cause is named, in words."""
    if not found.step.clear:
        return "the step does not clearly differ"
    if found.code.reason:
        return found.code.reason
    if not found.code.causes:
        return "so few pairs cannot answer for any function"
    if not found.code.clear:
        return f"none of the {len(found.code.causes)} functions that were asked about clearly differs"
    if found.cancels:
        return "clear differences go both ways and cancel"
    share = 100 * found.share(found.code.rest) if found.code.rest is not None else 100.0
    if share < 0:
        return "what clearly differs comes to more than was measured"
    return f"{share:.0f} % of the difference lies in no function that clearly differs"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %".replace("-", "−")


def _behind(found: Explained) -> str:
    """What the backward pass clearly takes longer for it, where another function is named first."""
    backward = [each for each in found.code.clear if each.name == BACKWARD and each is not found.first]
    return "".join(
        f"; {units.change(each.difference_s)} ({_percent(found.share(each))}) in the backward pass" for each in backward
    )


def lines(found: Explained) -> list[str]:
    """What stands above the table."""
    longer, low, high = (
        f"{100 * seconds / found.step.base_s:+.1f} %".replace("-", "−")
        for seconds in (found.step.difference_s, found.step.low, found.step.high)
    )
    ends = f" [{low}, {high}]" if math.isfinite(found.step.low) else ""
    begins = (
        f"Why {short(found.key)} differs by {longer}{ends}"
        if found.step.clear
        else f"{short(found.key)} does not clearly differ, {longer}{ends}"
    )
    took = ", ".join(f"{side} {units.count(count)}" for side, count in found.samples.items())
    few = f", {found.seen} of them with samples enough" if found.seen < found.pairs else ""
    return [
        f"{begins}: {first_words(found)}.",
        f"{found.pairs} profile pairs{few} by {found.rung} ({took} samples, {units.count(found.lost)} lost), a step "
        f"{found.overheads['sampler']:.2f}× as long with it and {found.overheads['torch.profiler']:.2f}× with "
        f"torch.profiler. Were the sides alike, all intervals of the suite would hold zero, but for a chance of "
        f"{100 * found.alpha:g} %.",
    ]


def lines_below(found: Explained) -> list[str]:
    """What stands below it: exact counts, and what could not be said."""
    below = [_exact(each) for each in found.exact if each.each != "step"]
    if counts := [each for each in found.exact if each.each == "step"]:
        told = ", ".join(f"{each.name} {_number(each.base)} → {_number(each.head)}" for each in counts[:MOST_EXACT])
        more = f", and {len(counts) - MOST_EXACT} more" if len(counts) > MOST_EXACT else ""
        below.append(f"Exactly, a step, the same in every pair: {told}{more}.")
    if found.operators.reason:
        below.append(f"Times of operators are not told above {BUDGET:g}×: {found.operators.reason}.")
    below += [f"On one side only, and asked about together: {told}." for told in found.code.moved]
    if not found.exact:
        below.append("No count of operators, graphs or kernels differs in every pair alike.")
    return below


def _exact(each: Exact) -> str:
    """A count of a process that differs."""
    why = f" ({'; '.join(each.reasons)})" if each.reasons else ""
    return f"Exactly, in every process: {each.name} {_number(each.base)} → {_number(each.head)}{why}."


def _number(value: Any) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{float(value):.3g}"


def text(found: Explained, *, width: int = 100, color: bool = False) -> str:
    """For a terminal; ends in a newline."""
    wrap = textwrap.TextWrapper(width, break_long_words=False, break_on_hyphens=False).fill
    table = table_formats.render(rows(found), COLUMNS, "table", width=width, color=color)
    above, below = "\n".join(map(wrap, lines(found))), "\n".join(map(wrap, lines_below(found)))
    return f"{above}\n\n{table.rstrip()}\n\n{below}\n"


def markdown(found: Explained) -> str:
    """For a pull request; ends in a newline."""
    first, *more = lines(found)
    below = "\n".join(f"- {line}" for line in lines_below(found))
    return f"**{first}** {' '.join(more)}\n\n{table_formats.render(rows(found), COLUMNS, 'md')}\n{below}\n"


def as_object(found: Explained) -> dict[str, Any]:
    """Everything, for a program."""
    first = found.first
    return {
        "key": found.key,
        "pairs": found.pairs,
        "pairs_with_samples_enough": found.seen,
        "alpha": found.alpha,
        "rung": found.rung,
        "first": None if first is None else first.name,
        "because": first_words(found),
        "overheads": dict(found.overheads),
        "samples": dict(found.samples),
        "lost": found.lost,
        "step": _cause(found.step),
        **{view.name: _view(view) for view in _views(found)},
        "dominated_by_rest": found.dominated,
        "parts": [_cause(cause) for cause in found.parts],
        "exact": [{**asdict(each), "base": float(each.base), "head": float(each.head)} for each in found.exact],
        "compiling_s": dict(found.compiling_s),
    }


def _views(found: Explained) -> Iterator[View]:
    yield from (found.code, found.operators, found.loader)


def _view(view: View) -> Mapping[str, Any]:
    return {
        "causes": [_cause(cause) for cause in view.causes],
        "rest": None if view.rest is None else _cause(view.rest),
        "reason": view.reason,
        "moved": view.moved,
    }


def _cause(cause: Cause) -> Mapping[str, Any]:
    return {**asdict(cause), "clear": cause.clear}


FLAT = ("view", "name", "within", "base_s", "head_s", "difference_s", "low", "high", "clear")


def flat(found: Explained) -> list[Mapping[str, Any]]:
    """A row each thing that was asked about, for a spreadsheet."""
    return [_cause(found.step), *(_cause(cause) for view in _views(found) for cause in view.causes)]
