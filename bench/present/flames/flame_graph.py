"""Flame graphs: where the time of a step goes, by call stack; of one run, or against another run.

Flame graphs are Brendan Gregg's ("The Flame Graph", ACM Queue 14(2), 2016): width is time, order is by name, so that
two graphs of one program look alike. The differential graph follows his "Differential Flame Graphs" (2014), with
one change: his colours any difference of counts, this one only clear differences; all other frames are grey.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.present import picture_style
from bench.present.flames import flame_colours, flame_svg
from bench.present.flames.flame_svg import Box
from bench.present.flames.flame_tree import (
    LEAST_SHARE,
    Called,
    Node,
    Placed,
    Stacks,
    all_called,
    every_node,
    laid_out,
    merged,
    tree,
)
from bench.present.words import units

WIDTH_PX = 1200

PAGE_PX = 1100
"""Width in a page without its script: the room that `main` of `style.css` has."""

MOST_NAMED = 8
"""Frames named in a note, the largest first."""

_MOST_LEAVES, _LONGEST = 3, 80


@dataclass(frozen=True)
class Inline:
    """A flame graph for a page, for the macro `flame` of `flames.html.j2`.

    legend: the looks in use (`own`, `slower3`, …) with their words. alt: the graph in words. notes: sentences below it.
    """

    title: str
    svg: str
    alt: str
    legend: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def draw(stacks: Stacks, *, title: str, theme: str = "light", width: float = WIDTH_PX) -> str:
    """The graph as a self-contained SVG file, `width` pixels wide; the same stacks give the same bytes.

    Raises `ValueError` as `tree` does, `UserError` on an unknown theme.
    """
    boxes, notes = _plain(stacks)
    return flame_svg.picture(
        boxes, title=title, alt=describe(stacks), notes=notes, theme=picture_style.theme(theme), width=width
    )


def draw_difference(
    base: Stacks,
    head: Stacks,
    clear: Mapping[Called, float],
    *,
    title: str,
    theme: str = "light",
    width: float = WIDTH_PX,
) -> str:
    """The graph of head, coloured by what is clearly slower or faster than in base, as an SVG file.

    clear: seconds per step in head minus those in base, only for frames whose difference is clear (`(ROOT, "")` for the
    whole step); it holds for all calls of the frame within that own code. Raises `ValueError` as `tree` does, and if
    `clear` has a frame that is in neither or a difference that is 0 or not finite; `UserError` on an unknown theme.
    """
    boxes, notes = _difference(base, head, clear)
    alt = describe_difference(base, head, clear)
    return flame_svg.picture(boxes, title=title, alt=alt, notes=notes, theme=picture_style.theme(theme), width=width)


def inline(stacks: Stacks, *, title: str) -> Inline:
    """The graph of `draw` for a page: in the colours of its theme, to be zoomed and searched."""
    boxes, notes = _plain(stacks)
    return _inline(boxes, notes, title, describe(stacks))


def inline_difference(base: Stacks, head: Stacks, clear: Mapping[Called, float], *, title: str) -> Inline:
    """The graph of `draw_difference` for a page: in the colours of its theme, to be zoomed and searched."""
    boxes, notes = _difference(base, head, clear)
    return _inline(boxes, notes, title, describe_difference(base, head, clear))


def describe(stacks: Stacks) -> str:
    """The graph in words, for those who cannot see it: the largest frames by own time. Raises as `tree` does."""
    total, own_time = tree(stacks).weight, defaultdict[str, float](float)
    for frames, weight in merged(stacks):
        own_time[frames[-1]] += weight
    largest = sorted(own_time.items(), key=lambda entry: (-entry[1], entry[0]))[:_MOST_LEAVES]
    shares = ", ".join(f"{_short(text)} {_percent(weight / total)}" for text, weight in largest)
    return f"A step takes {units.seconds(total)}. The frames with the most time of their own: {shares}."


def describe_difference(base: Stacks, head: Stacks, clear: Mapping[Called, float]) -> str:
    """The differential graph in words. Raises as `draw_difference` does."""
    steps = f"A step takes {units.seconds(tree(head).weight)}, in the base {units.seconds(tree(base).weight)}"
    largest = sorted(clear.items(), key=lambda entry: (-abs(entry[1]), entry[0]))
    if not largest:
        return f"{steps}; no frame differs clearly."
    return f"{steps}; clearly different: {_changes(largest)}."


# --- one graph ------------------------------------------------------------------------------------------------------


def _plain(stacks: Stacks) -> tuple[list[Box], tuple[str, ...]]:
    root = tree(stacks)

    def box(placed: Placed) -> Box:
        node = placed.node
        look = "root" if node is root else flame_colours.owner(node.name)
        return placed.box(
            f"{units.seconds(node.weight)} per step, {_percent(node.weight / root.weight)} of the step", look
        )

    boxes, left_out = laid_out(root, None, box)
    how = "Width is time. Below a frame is what it called; its colour says whose code it is."
    return boxes, (how, *_left_out(left_out, root))


def _inline(boxes: Sequence[Box], notes: tuple[str, ...], title: str, alt: str) -> Inline:
    svg = flame_svg.alone(boxes, alt=alt, width=PAGE_PX)
    return Inline(title, svg, alt, flame_svg.legend(boxes), notes)


def _left_out(narrow: Sequence[Node], root: Node) -> Iterator[str]:
    if narrow:
        count, share = (
            sum(1 for top in narrow for _ in every_node(top)),
            math.fsum(n.weight for n in narrow) / root.weight,
        )
        what = "1 frame that is" if count == 1 else f"{units.count(count)} frames that are"
        yield f"Not drawn: {what} narrower than {100 * LEAST_SHARE:g} %, together {_percent(share)} of the step."


# --- against another run --------------------------------------------------------------------------------------------


def _difference(base: Stacks, head: Stacks, clear: Mapping[Called, float]) -> tuple[list[Box], tuple[str, ...]]:
    old, new = tree(base), tree(head)
    there = {called for top in (old, new) for called in all_called(top)}
    for called, delta in clear.items():
        if called not in there:
            raise ValueError(f"'{_call_text(called)}' differs clearly, but is in neither of the two")
        if not (math.isfinite(delta) and delta):
            raise ValueError(f"'{_call_text(called)}' cannot differ clearly by {delta} s")
    drawn = set[Called]()

    def box(placed: Placed) -> Box:
        was = units.seconds(placed.base.weight if placed.base else 0.0)
        times = f"{units.seconds(placed.node.weight)} per step, in the base {was}"
        delta = clear.get(placed.called)
        if delta is None:
            return placed.box(f"{times}: no clear difference", "grey")
        drawn.add(placed.called)
        look, mark = flame_colours.change(delta, new.weight), "+ " if delta > 0 else "− "
        where = f" in {placed.own}" if placed.called[1] else ""
        return placed.box(f"{times}; clear over all its calls{where}: {units.change(delta)}", look, mark)

    boxes, narrow = laid_out(new, old, box)
    return boxes, (
        "Width is time in the head. Colour says what is clearly slower or faster than in the base, and by how much.",
        *_gone(old, new),
        *_unseen({called: delta for called, delta in clear.items() if called not in drawn}),
        *_left_out(narrow, new),
    )


def _gone(old: Node, new: Node) -> Iterator[str]:
    """The note on frames that only the base has: the outermost ones, each with all that it called."""
    missing, waiting = defaultdict[str, float](float), [(old, new)]
    while waiting:
        was, now = waiting.pop()
        for name, child in was.children.items():
            if name in now.children:
                waiting.append((child, now.children[name]))
            else:
                missing[name] += child.weight
    gone = {name: weight for name, weight in missing.items() if weight >= LEAST_SHARE * old.weight}
    if gone:
        largest = sorted(gone.items(), key=lambda entry: (-entry[1], entry[0]))
        yield f"Only in the base: {_listed([(name, units.seconds(weight)) for name, weight in largest])}."


def _unseen(clear: Mapping[Called, float]) -> Iterator[str]:
    """The note on frames that differ clearly and have no box: too narrow, or only in the base."""
    if clear:
        largest = sorted(clear.items(), key=lambda entry: (-abs(entry[1]), entry[0]))
        yield f"Clear, but not drawn: {_changes(largest)}."


# --- words ----------------------------------------------------------------------------------------------------------


def _changes(largest: Sequence[tuple[Called, float]]) -> str:
    return _listed([(_call_text(called), units.change(delta)) for called, delta in largest])


def _call_text(called: Called) -> str:
    text, within = called
    return f"{text}, called in {within}" if within else text


def _listed(entries: Sequence[tuple[str, str]]) -> str:
    named = [f"{_short(text)} {amount}" for text, amount in entries[:MOST_NAMED]]
    more = len(entries) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share >= LEAST_SHARE / 2 else f"less than {100 * LEAST_SHARE:g} %"


def _short(text: str) -> str:
    line = flame_svg.clean(text)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
