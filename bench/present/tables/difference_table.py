"""The parts of a difference, as text, Markdown and JSON: the main cause first, then one table that adds up."""

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
"""Most rows of a view in a table."""

MOST_EXACT = 8
"""Most counts per step that are listed: one more operator changes the counts of its wrappers too."""


def rows(explained: Explained) -> list[dict[str, str]]:
    """The table: the measured difference, then its parts as each view divides it, with the part left unexplained."""
    whole = explained.step.difference_s
    table = [_row(explained.step, "measured", whole)]
    if explained.code.rest is not None:
        table += [_row(cause, CODE, whole) for cause in explained.code.clear[:MOST_CAUSES]]
        if len(explained.code.clear) > MOST_CAUSES:
            left = sum(cause.difference_s for cause in explained.code.clear[MOST_CAUSES:])
            table.append(_sum(f"{len(explained.code.clear) - MOST_CAUSES} more that are clear", left, whole))
        table.append({**_row(explained.code.rest, CODE, whole), "base": DASH, "head": DASH})
    # Times under torch.profiler include its cost of each call, so they are no parts of what was measured without it.
    table += [_row(cause, OPERATORS, None) for cause in explained.operators.clear[:MOST_CAUSES]]
    table += [_row(cause, IN_LOADER, None) for cause in explained.loader.clear[:MOST_CAUSES]]
    parts = [_row(cause, "torch.profiler", None) for cause in explained.parts if cause.name in WHOLE_PARTS]
    table += [{**row, "ends": DASH} for row in parts]  # they were not tested: their intervals have another level
    if len(explained.compiling_s) == 2:
        base, head = explained.compiling_s[BASE], explained.compiling_s[HEAD]
        table.append(
            {"view": "first call", "what": "compiling, from an empty cache", "base": units.seconds(base),
             "head": units.seconds(head), "difference": DASH, "ends": "one process a side", "share": DASH}
        )  # fmt: skip
    return table


WHOLE_PARTS = ("kernels", "copies", "starting", "loader", "waiting", "compiled", "wrapping")
"""Parts of a step with a row for the whole; operators and Python have rows of their own."""


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


def first_words(explained: Explained) -> str:
    """The main cause, or why none is named, as a sentence without its full stop."""
    first = explained.first
    if isinstance(first, Exact):
        why = f": {first.reasons[0]}" if first.reasons else ""
        return f"{first.name} {_number(first.base)} → {_number(first.head)}{why}"
    if first is None:
        return f"no cause is named: {_why_none(explained)}"
    ends = f"[{units.change(first.low)}, {units.change(first.high)}]"
    cause = f"{_what(first)}: {units.change(first.difference_s)} a step {ends}"
    if first.view == CODE:
        return f"{cause}, {_percent(explained.share(first))} of the difference{_behind(explained)}"
    workers = max(1, round(explained.workers))
    return f"{cause} in {workers} worker{'s' if workers > 1 else ''} of the loader, for which the steps wait"


def _why_none(explained: Explained) -> str:
    """The reason why no cause is named."""
    if not explained.step.clear:
        return "the step does not clearly differ"
    if explained.code.reason:
        return explained.code.reason
    if not explained.code.causes:
        return "there are too few pairs to decide about any function"
    if not explained.code.clear:
        return f"none of the {len(explained.code.causes)} functions that were asked about clearly differs"
    if explained.cancels:
        return "clear differences go both ways and cancel"
    share = 100 * explained.share(explained.code.rest) if explained.code.rest is not None else 100.0
    if share < 0:
        return "the clear differences add up to more than was measured"
    return f"{share:.0f} % of the difference lies in no function that clearly differs"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %".replace("-", "−")


def _behind(explained: Explained) -> str:
    """The clear difference of the backward pass, if another function is named first."""
    backward = [each for each in explained.code.clear if each.name == BACKWARD and each is not explained.first]
    return "".join(
        f"; {units.change(each.difference_s)} ({_percent(explained.share(each))}) in the backward pass"
        for each in backward
    )


def lines(explained: Explained) -> list[str]:
    """The lines above the table."""
    longer, low, high = (
        f"{100 * seconds / explained.step.base_s:+.1f} %".replace("-", "−")
        for seconds in (explained.step.difference_s, explained.step.low, explained.step.high)
    )
    ends = f" [{low}, {high}]" if math.isfinite(explained.step.low) else ""
    begins = (
        f"Why {short(explained.key)} differs by {longer}{ends}"
        if explained.step.clear
        else f"{short(explained.key)} does not clearly differ, {longer}{ends}"
    )
    took = ", ".join(f"{side} {units.count(count)}" for side, count in explained.samples.items())
    few = f", {explained.seen} of them with enough samples" if explained.seen < explained.pairs else ""
    sampler, profiler = explained.overheads["sampler"], explained.overheads["torch.profiler"]
    return [
        f"{begins}: {first_words(explained)}.",
        f"{explained.pairs} profile pairs{few} by {explained.rung} ({took} samples, {units.count(explained.lost)} "
        f"lost), a step {sampler:.2f}× as long with it and {profiler:.2f}× with torch.profiler. "
        "If the sides were alike, all intervals of the suite would contain zero, except with a "
        f"probability of {100 * explained.alpha:g} %.",
    ]


def lines_below(explained: Explained) -> list[str]:
    """The lines below the table: exact counts, and what could not be decided."""
    below = [_exact(each) for each in explained.exact if each.each != "step"]
    if counts := [each for each in explained.exact if each.each == "step"]:
        listed = ", ".join(f"{each.name} {_number(each.base)} → {_number(each.head)}" for each in counts[:MOST_EXACT])
        more = f", and {len(counts) - MOST_EXACT} more" if len(counts) > MOST_EXACT else ""
        below.append(f"Exact counts per step, the same in every pair: {listed}{more}.")
    if explained.operators.reason:
        below.append(f"Times of operators are not shown above {BUDGET:g}×: {explained.operators.reason}.")
    below += [f"On one side only, and tested together: {names}." for names in explained.code.moved]
    if not explained.exact:
        below.append("No count of operators, graphs or kernels differs in the same way in every pair.")
    return below


def _exact(each: Exact) -> str:
    """The sentence on a count per process that differs."""
    why = f" ({'; '.join(each.reasons)})" if each.reasons else ""
    return f"Exactly, in every process: {each.name} {_number(each.base)} → {_number(each.head)}{why}."


def _number(value: Any) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{float(value):.3g}"


def text(explained: Explained, *, width: int = 100, color: bool = False) -> str:
    """The text for a terminal; ends in a newline."""
    wrap = textwrap.TextWrapper(width, break_long_words=False, break_on_hyphens=False).fill
    table = table_formats.render(rows(explained), COLUMNS, "table", width=width, color=color)
    above, below = "\n".join(map(wrap, lines(explained))), "\n".join(map(wrap, lines_below(explained)))
    return f"{above}\n\n{table.rstrip()}\n\n{below}\n"


def markdown(explained: Explained) -> str:
    """Markdown for a pull request; ends in a newline."""
    first, *more = lines(explained)
    below = "\n".join(f"- {line}" for line in lines_below(explained))
    return f"**{first}** {' '.join(more)}\n\n{table_formats.render(rows(explained), COLUMNS, 'md')}\n{below}\n"


def as_object(explained: Explained) -> dict[str, Any]:
    """All of it, for a program."""
    first = explained.first
    return {
        "key": explained.key,
        "pairs": explained.pairs,
        "pairs_with_samples_enough": explained.seen,
        "alpha": explained.alpha,
        "rung": explained.rung,
        "first": None if first is None else first.name,
        "because": first_words(explained),
        "overheads": dict(explained.overheads),
        "samples": dict(explained.samples),
        "lost": explained.lost,
        "step": _cause(explained.step),
        **{view.name: _view(view) for view in _views(explained)},
        "dominated_by_rest": explained.dominated,
        "parts": [_cause(cause) for cause in explained.parts],
        "exact": [{**asdict(each), "base": float(each.base), "head": float(each.head)} for each in explained.exact],
        "compiling_s": dict(explained.compiling_s),
    }


def _views(explained: Explained) -> Iterator[View]:
    yield from (explained.code, explained.operators, explained.loader)


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


def flat(explained: Explained) -> list[Mapping[str, Any]]:
    """A row for each cause that was tested, for a spreadsheet."""
    return [_cause(explained.step), *(_cause(cause) for view in _views(explained) for cause in view.causes)]
