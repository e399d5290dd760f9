"""Flame graphs: where the time of a step goes, by who called whom; alone, or against another run.

Flame graphs are Brendan Gregg's ("The Flame Graph", ACM Queue 14(2), 2016): width is time, order is by name, so that
two graphs of one program look alike. The differential one is as in his "Differential Flame Graphs" (2014), but for
this: his has a colour for any difference of counts, ours only for one that statistics call clear; all else is grey.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bench.present import flame_look, flame_svg, style, units
from bench.present.flame_svg import Box

Stacks = Sequence[tuple[tuple[str, ...], float]]
"""Frames, outermost first, each `name (file)`, with the seconds per step that were spent in the innermost of them."""

ROOT = "one step"
"""The text of the root, which holds all stacks."""

WIDTH_PX = 1200

PAGE_PX = 1100
"""In a page, without its script: as wide as `main` of `style.css` has room for."""

LEAST_SHARE = 0.001
"""Narrower frames are not drawn: one pixel of a thousand, which nobody reads and which makes most of a file."""

MOST_NAMED = 8
"""Frames named in a note, the largest first."""

_MOST_LEAVES, _LONGEST = 3, 80


@dataclass
class Node:
    """A frame where it was called: its seconds per step with all below it, and what it called, sorted by name."""

    name: str
    weight: float = 0.0
    children: dict[str, Node] = field(default_factory=dict)


@dataclass(frozen=True)
class Inline:
    """A flame graph for a page, for the macro `flame` of `flames.html.j2`.

    legend: looks present (`own`, `slower3`, …) with their words. alt: the graph in words. notes: what it does not show.
    """

    title: str
    svg: str
    alt: str
    legend: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def draw(stacks: Stacks, *, title: str, theme: str = "light", width: float = WIDTH_PX) -> str:
    """The graph as an SVG file that needs nothing beside it, `width` pixels wide; the same stacks give the same bytes.

    Raises `ValueError` as `tree` does, `UserError` where there is no such theme.
    """
    boxes, notes = _plain(stacks)
    return flame_svg.picture(
        boxes, title=title, alt=describe(stacks), notes=notes, theme=style.theme(theme), width=width
    )


def draw_difference(
    base: Stacks, head: Stacks, clear: Mapping[str, float], *, title: str, theme: str = "light", width: float = WIDTH_PX
) -> str:
    """The graph of head, coloured by what is clearly slower or faster than in base, as an SVG file.

    clear: by text of a frame its seconds per step in head minus those in base, for those frames alone where the
    difference is clear (`ROOT` for the whole); it holds wherever the frame is called. Raises `ValueError` as `tree`
    does, and where `clear` has a frame of neither or a difference that is not finite or 0; `UserError` where there is
    no such theme.
    """
    boxes, notes = _difference(base, head, clear)
    alt = describe_difference(base, head, clear)
    return flame_svg.picture(boxes, title=title, alt=alt, notes=notes, theme=style.theme(theme), width=width)


def inline(stacks: Stacks, *, title: str) -> Inline:
    """As `draw`, for a page: in the colours of its theme, to be zoomed and searched."""
    boxes, notes = _plain(stacks)
    return _inline(boxes, notes, title, describe(stacks))


def inline_difference(base: Stacks, head: Stacks, clear: Mapping[str, float], *, title: str) -> Inline:
    """As `draw_difference`, for a page: in the colours of its theme, to be zoomed and searched."""
    boxes, notes = _difference(base, head, clear)
    return _inline(boxes, notes, title, describe_difference(base, head, clear))


def describe(stacks: Stacks) -> str:
    """The graph in a sentence, for those who cannot see it: what takes most in itself; raises as `tree` does."""
    total, own_time = tree(stacks).weight, defaultdict[str, float](float)
    for frames, weight in merged(stacks):
        own_time[frames[-1]] += weight
    largest = sorted(own_time.items(), key=lambda entry: (-entry[1], entry[0]))[:_MOST_LEAVES]
    told = ", ".join(f"{_short(text)} {_percent(weight / total)}" for text, weight in largest)
    return f"A step takes {units.seconds(total)}. The frames with the most time of their own: {told}."


def describe_difference(base: Stacks, head: Stacks, clear: Mapping[str, float]) -> str:
    """The differential graph in a sentence; raises as `draw_difference`."""
    steps = f"A step takes {units.seconds(tree(head).weight)}, in the base {units.seconds(tree(base).weight)}"
    largest = sorted(clear.items(), key=lambda entry: (-abs(entry[1]), entry[0]))
    if not largest:
        return f"{steps}; no frame differs clearly."
    return f"{steps}; clearly different: {_listed([(text, units.change(delta)) for text, delta in largest])}."


def tree(stacks: Stacks) -> Node:
    """All stacks below one root. Raises `ValueError` as `merged` does, and where the stacks have no time at all."""
    root = Node(ROOT)
    for frames, weight in merged(stacks):  # in order, so that children are in order as well
        at = root
        at.weight += weight
        for frame in frames:
            at = at.children.setdefault(frame, Node(frame))
            at.weight += weight
    if not root.weight:
        raise ValueError("stacks without any time cannot be drawn")
    return root


def merged(stacks: Stacks) -> list[tuple[tuple[str, ...], float]]:
    """Each stack once, sorted by its frames. Raises `ValueError` on one without frames, or with less than 0 seconds."""
    times: dict[tuple[str, ...], list[float]] = {}
    for frames, weight in stacks:
        if not frames:
            raise ValueError("a stack needs a frame")
        if not (math.isfinite(weight) and weight >= 0):
            raise ValueError(f"a stack takes {weight} s")
        times.setdefault(frames, []).append(weight)
    return [(frames, math.fsum(found)) for frames, found in sorted(times.items())]  # in whatever order they came


# --- one graph ------------------------------------------------------------------------------------------------------


def _plain(stacks: Stacks) -> tuple[list[Box], tuple[str, ...]]:
    root = tree(stacks)

    def box(placed: _Placed) -> Box:
        node = placed.node
        look = "root" if node is root else flame_look.owner(node.name)
        return placed.box(
            f"{units.seconds(node.weight)} per step, {_percent(node.weight / root.weight)} of the step", look
        )

    boxes, left_out = _laid_out(root, None, box)
    how = "Width is time. Below a frame is what it called; its colour says whose code it is."
    return boxes, (how, *_left_out(left_out, root))


def _inline(boxes: Sequence[Box], notes: tuple[str, ...], title: str, alt: str) -> Inline:
    svg = flame_svg.alone(boxes, alt=alt, width=PAGE_PX)
    return Inline(title, svg, alt, flame_svg.legend(boxes), notes)


@dataclass(frozen=True)
class _Placed:
    """A node with its place, and the node of the base that was called likewise, where there is one."""

    node: Node
    base: Node | None
    depth: int
    left: float
    right: float

    def box(self, told: str, look: str, mark: str = "") -> Box:
        return Box(self.left, self.right, self.depth, self.node.name, told, look, mark)


def _laid_out(root: Node, base: Node | None, box: Callable[[_Placed], Box]) -> tuple[list[Box], list[Node]]:
    """Boxes, each after what called it; and the outermost of the frames that are too narrow for one."""
    boxes, narrow = [], []
    waiting = [_Placed(root, base, 0, 0.0, 1.0)]  # no recursion: stacks may be deeper than Python's own
    while waiting:
        placed = waiting.pop()
        if placed.node.weight < LEAST_SHARE * root.weight:
            narrow.append(placed.node)
            continue
        boxes.append(box(placed))
        waiting.extend(reversed(list(_below(placed, root.weight))))
    return boxes, narrow


def _below(placed: _Placed, total: float) -> Iterator[_Placed]:
    left = placed.left
    for name, child in placed.node.children.items():
        right = min(left + child.weight / total, placed.right)  # sums of floats may be an ulp too large
        base = placed.base.children.get(name) if placed.base else None
        yield _Placed(child, base, placed.depth + 1, left, right)
        left = right


def _left_out(narrow: Sequence[Node], root: Node) -> Iterator[str]:
    if narrow:
        count, share = sum(1 for top in narrow for _ in _all(top)), math.fsum(n.weight for n in narrow) / root.weight
        what = "1 frame that is" if count == 1 else f"{units.count(count)} frames that are"
        yield f"Not drawn: {what} narrower than {100 * LEAST_SHARE:g} %, together {_percent(share)} of the step."


def _all(top: Node) -> Iterator[Node]:
    waiting = [top]
    while waiting:
        yield (node := waiting.pop())
        waiting.extend(node.children.values())


# --- against another run --------------------------------------------------------------------------------------------


def _difference(base: Stacks, head: Stacks, clear: Mapping[str, float]) -> tuple[list[Box], tuple[str, ...]]:
    old, new = tree(base), tree(head)
    names = {node.name for top in (old, new) for node in _all(top)}
    for text, delta in clear.items():
        if text not in names:
            raise ValueError(f"'{text}' differs clearly, but is in neither of the two")
        if not (math.isfinite(delta) and delta):
            raise ValueError(f"'{text}' cannot differ clearly by {delta} s")

    def box(placed: _Placed) -> Box:
        was = units.seconds(placed.base.weight if placed.base else 0.0)
        told = f"{units.seconds(placed.node.weight)} per step, in the base {was}"
        delta = clear.get(placed.node.name)
        if delta is None:
            return placed.box(f"{told}: no clear difference", "grey")
        look, mark = flame_look.change(delta, new.weight), "+ " if delta > 0 else "− "
        return placed.box(f"{told}; clear over all its calls: {units.change(delta)}", look, mark)

    boxes, narrow = _laid_out(new, old, box)
    drawn = {box.text for box in boxes}
    return boxes, (
        "Width is time in the head. Colour says what is clearly slower or faster than in the base, and by how much.",
        *_gone(old, new),
        *_unseen({text: delta for text, delta in clear.items() if text not in drawn}),
        *_left_out(narrow, new),
    )


def _gone(old: Node, new: Node) -> Iterator[str]:
    """What of the base has no place in head: the outermost of its frames, with what they called."""
    found, waiting = defaultdict[str, float](float), [(old, new)]
    while waiting:
        was, now = waiting.pop()
        for name, child in was.children.items():
            if name in now.children:
                waiting.append((child, now.children[name]))
            else:
                found[name] += child.weight
    gone = {name: weight for name, weight in found.items() if weight >= LEAST_SHARE * old.weight}
    if gone:
        largest = sorted(gone.items(), key=lambda entry: (-entry[1], entry[0]))
        yield f"Only in the base: {_listed([(name, units.seconds(weight)) for name, weight in largest])}."


def _unseen(clear: Mapping[str, float]) -> Iterator[str]:
    """What differs clearly and has no box: it is too narrow for one, or only in the base."""
    if clear:
        largest = sorted(clear.items(), key=lambda entry: (-abs(entry[1]), entry[0]))
        yield f"Clear, but not drawn: {_listed([(text, units.change(delta)) for text, delta in largest])}."


# --- words ----------------------------------------------------------------------------------------------------------


def _listed(entries: Sequence[tuple[str, str]]) -> str:
    told = [f"{_short(text)} {amount}" for text, amount in entries[:MOST_NAMED]]
    more = len(entries) - len(told)
    return ", ".join(told) + (f" and {more} more" if more else "")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share >= LEAST_SHARE / 2 else f"less than {100 * LEAST_SHARE:g} %"


def _short(text: str) -> str:
    line = flame_svg.clean(text)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
