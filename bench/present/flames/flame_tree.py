"""The stacks of a step as a tree, and where in a flame graph each of its frames lies."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from bench.analyse.profiles.frame_owner import is_own
from bench.present.flames.flame_svg import Box

Stacks = Sequence[tuple[tuple[str, ...], float]]
"""Frames, outermost first, each `name (file)`, with the seconds per step that were spent in the innermost of them."""

Called = tuple[str, str]
"""The text of a frame, and the innermost frame of the user's own code that it was called in; empty for own code, and
where there is none around it. The same pair as `analyse.profiles.seconds.leaf` gives for what is innermost."""

ROOT = "one step"
"""The text of the root, which holds all stacks."""

LEAST_SHARE = 0.001
"""Narrower frames are not drawn: one pixel of a thousand, which nobody reads and which makes most of a file."""


@dataclass
class Node:
    """A frame where it was called: its seconds per step with all below it, and what it called, sorted by name."""

    name: str
    weight: float = 0.0
    children: dict[str, Node] = field(default_factory=dict)


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


@dataclass(frozen=True)
class Placed:
    """A node with its place, and the node of the base that was called likewise, where there is one."""

    node: Node
    base: Node | None
    depth: int
    left: float
    right: float
    own: str
    """The innermost frame of the user's own code here."""

    @property
    def called(self) -> Called:
        """Which frame it is, and where in own code."""
        return self.node.name, "" if self.own == self.node.name else self.own

    def box(self, told: str, look: str, mark: str = "") -> Box:
        """Its box, which tells this and looks so."""
        return Box(self.left, self.right, self.depth, self.node.name, told, look, mark)


def laid_out(root: Node, base: Node | None, box: Callable[[Placed], Box]) -> tuple[list[Box], list[Node]]:
    """Boxes, each after what called it; and the outermost of the frames that are too narrow for one."""
    boxes, narrow = [], []
    waiting = [Placed(root, base, 0, 0.0, 1.0, "")]  # no recursion: stacks may be deeper than Python's own
    while waiting:
        placed = waiting.pop()
        if placed.node.weight < LEAST_SHARE * root.weight:
            narrow.append(placed.node)
            continue
        boxes.append(box(placed))
        waiting.extend(reversed(list(_below(placed, root.weight))))
    return boxes, narrow


def _below(placed: Placed, total: float) -> Iterator[Placed]:
    left = placed.left
    for name, child in placed.node.children.items():
        right = min(left + child.weight / total, placed.right)  # sums of floats may be an ulp too large
        base = placed.base.children.get(name) if placed.base else None
        yield Placed(child, base, placed.depth + 1, left, right, name if is_own(name) else placed.own)
        left = right


def every_node(top: Node) -> Iterator[Node]:
    """A node and all below it."""
    waiting = [top]
    while waiting:
        yield (node := waiting.pop())
        waiting.extend(node.children.values())


def all_called(top: Node) -> Iterator[Called]:
    """Each frame with the own code that it was called in, as often as there are nodes of it."""
    waiting = [Placed(top, None, 0, 0.0, 1.0, "")]
    while waiting:
        placed = waiting.pop()
        yield placed.called
        waiting.extend(_below(placed, top.weight))
