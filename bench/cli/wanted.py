"""What a user of `bench gate` asked to compare, read on both sides."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.records import BASE, HEAD, UserError

if TYPE_CHECKING:
    from bench.plan.both_sides import Sided
    from bench.runner.pairs.side_trees import SideTree

TWIN = "twin"
"""The side that is a second copy of the base."""


class Wanted:
    """What the user asked to compare."""

    def __init__(
        self,
        select: list[str],
        preset: str,
        sets: list[str],
        exclude: list[str],
        workloads: list[Path],
        workloads_from: str | None,
    ) -> None:
        self.words = (select, preset, sets, exclude, workloads)
        self.workloads_from = workloads_from

    def sided(self, here: Path, trees: dict[str, SideTree], devices: tuple[str, ...]) -> Sided:
        """The cases that both trees have. Raises `UserError` where there are none."""
        from bench.cli.choosing import Choice
        from bench.plan.both_sides import mover, side_by_side

        choices = {name: Choice(*self.words, moved=mover(here, tree.root)) for name, tree in trees.items()}
        planned = {}
        for name in (BASE, HEAD):
            try:
                planned[name] = choices[name].plan(devices).planned
            except UserError:
                if name == HEAD:
                    raise
                planned[name] = ()  # the base may lack what the head names
        base, twin, head = (choices[name].catalog for name in (BASE, TWIN, HEAD))
        found = side_by_side(base, twin, head, planned[BASE], planned[HEAD], self.workloads_from)
        if not found.coupled and not found.changed:
            raise UserError("the sides have no case in common")
        return found
