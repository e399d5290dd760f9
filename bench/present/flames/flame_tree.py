"""The stacks of a step as a tree, and the place of each frame in a flame graph."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from bench.analyse.profiles.frame_owner import is_own
from bench.present.flames.flame_svg import Box

Stacks = Sequence[tuple[tuple[str, ...], float]]
"""Stacks of frames `name (file)`, outermost first, each with the seconds per step spent in the innermost frame."""

Called = tuple[str, str]
"""The text of a frame, and the innermost frame of the user's own code that it was called in; empty for own code, and if
no own code is around it. `analyse.profiles.step_seconds.leaf` gives the same pair for the innermost frame."""

ROOT = "one step"
"""The text of the root, which holds all stacks."""

LEAST_SHARE = 0.001
"""Least share of the width that is drawn, a pixel in a thousand: narrower frames are unreadable, and most of a file."""


@dataclass
class Node:
    """A frame in one stack: its seconds per step with all below it, and the frames it called, sorted by name."""

    name: str
    weight: float = 0.0
    children: dict[str, Node] = field(default_factory=dict)


def tree(stacks: Stacks) -> Node:
    """All stacks below one root. Raises `ValueError` as `merged` does, and if the stacks have no time at all."""
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
    return [
        (frames, math.fsum(weights)) for frames, weights in sorted(times.items())
    ]  # fsum: the same for any order of the stacks


@dataclass(frozen=True)
class Placed:
    """A node with its place, and the node of the base with the same stack, if there is one."""

    node: Node
    base: Node | None
    depth: int
    left: float
    right: float
    own: str
    """The innermost frame of the user's own code in this stack."""

    @property
    def called(self) -> Called:
        """The frame, and the own code that it was called in."""
        return self.node.name, "" if self.own == self.node.name else self.own

    def box(self, detail: str, look: str, mark: str = "") -> Box:
        """The box at this place; the arguments are fields of `Box`."""
        return Box(self.left, self.right, self.depth, self.node.name, detail, look, mark)


def laid_out(root: Node, base: Node | None, box: Callable[[Placed], Box]) -> tuple[list[Box], list[Node]]:
    """The boxes, each after its caller; and the outermost of the frames that are too narrow for one."""
    boxes, narrow = [], []
    waiting = [Placed(root, base, 0, 0.0, 1.0, "")]  # no recursion: stacks may be deeper than Python's own limit
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
        right = min(left + child.weight / total, placed.right)  # a sum of floats may be an ulp too large
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
    """Each frame with the own code that it was called in, once for each node."""
    waiting = [Placed(top, None, 0, 0.0, 1.0, "")]
    while waiting:
        placed = waiting.pop()
        yield placed.called
        waiting.extend(_below(placed, top.weight))
