"""Both sides of a comparison, ready to measure: their trees, their common cases, their libraries."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bench.jobs.arguments import Paths, Sets, Texts
from bench.jobs.choice import Choice, devices_of
from bench.jobs.endings import BrokenSideError
from bench.records import BASE, HEAD, SIDES, UserError

if TYPE_CHECKING:
    from bench.jobs.suite_choice import SuiteChoice
    from bench.plan.both_sides import Sided
    from bench.protocol import Hello
    from bench.runner.pairs.side_trees import SideTree
    from bench.runner.starter import Starter
    from bench.runner.stop_request import Stop
    from bench.runner.worker import SideCode

TWIN = "twin"
"""The side that is a second copy of the base."""


@dataclass(frozen=True)
class SidedChoice:
    """What the user asked to compare: the arguments of a `Choice`, which is made in the tree of each side."""

    select: Texts
    preset: str
    sets: Sets = ()
    exclude: Texts = ()
    workloads: Paths = ()
    workloads_from: str | None = None
    """The side whose workload files both sides run; None leaves out workloads that differ."""
    libraries: dict[str, dict[str, str]] = field(default_factory=dict, init=False, compare=False)
    """By side: versions that are known once cases are chosen. None are, without loading the workloads."""

    def sided(self, here: Path, trees: dict[str, SideTree], devices: tuple[str, ...], stop: Stop) -> Sided:
        """The cases that both trees have. Raises `UserError` if there are none."""
        from bench.plan.both_sides import mover, side_by_side

        words = (self.select, self.preset, self.sets, self.exclude, self.workloads)
        choices = {name: Choice(*words, moved=mover(here, tree.root)) for name, tree in trees.items()}
        planned = {}
        for name in SIDES:
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


@dataclass(frozen=True)
class TwoSides:
    """Two sides and a second copy of the base, while their trees exist."""

    trees: dict[str, SideTree]
    sided: Sided
    hello: Hello
    libraries: dict[str, dict[str, str]]
    """Versions on base and head. The harness is left out: it is this one on both sides, installed there or not."""
    ignored: tuple[str, ...] = ()
    """Keys of cases that the policy of a gate leaves out."""
    starter: Starter | None = None
    """Forks workers of this interpreter; None where they cannot be forked. It has forked nothing that was measured."""

    @property
    def code(self) -> dict[str, SideCode]:
        """Where the workers of base and head find their code."""
        return {side: self.trees[side].side for side in SIDES}

    @property
    def provenance(self) -> dict[str, object]:
        """Text, commit, dirty flag and interpreter of each tree, as `run.json` records them."""
        return {name: tree.description for name, tree in self.trees.items()}


@contextlib.contextmanager
def two_sides(
    chosen: SidedChoice | SuiteChoice, base: str | Path, head: str | Path, setup: str | None, stop: Stop
) -> Iterator[TwoSides]:
    """Prepare the trees and find their common cases; the trees are removed afterwards.

    chosen: workloads, or the tests of another tool.
    base: a revision, a folder, `python=PATH`, or both with a comma; empty means the merge-base with the default branch.
    head: the same; empty means the working tree. setup: a command to run in each tree first.
    Raises `UserError`, `BrokenSideError`, `Stopped`, `MachineUnfitError`.
    """
    from bench.runner.machine_probe import look
    from bench.runner.pairs import side_trees
    from bench.runner.starter import Starter, can_fork
    from bench.runner.worker import environment

    here = side_trees.toplevel(Path.cwd())
    base_text = side_text(base) or side_trees.merge_base(here)
    asked = {BASE: base_text, TWIN: base_text, HEAD: side_text(head)}
    with contextlib.ExitStack() as stack:
        starter = None
        if can_fork(cuda=False):  # it uses no device itself, and imports torch while the trees are made
            starter = Starter(sys.executable, environment(1, None))
            stack.callback(starter.end)
        trees = {
            name: stack.enter_context(side_trees.prepared(side_trees.read(text), name, here, setup))
            for name, text in asked.items()
        }
        hello = look([], stop, starter=starter)
        sided = chosen.sided(here, trees, devices_of(hello), stop)
        planned = {
            BASE: [item.base for item in sided.coupled],
            HEAD: [item.head for item in sided.coupled],
        }
        libraries = {}
        for name, each in planned.items():
            try:
                code = trees[name].side
                ours = starter if code.python == sys.executable else None
                found = chosen.libraries.get(name) or look(each, stop, code, starter=ours).facts["libraries"]
            except UserError as error:
                raise BrokenSideError(f"the workloads of the {name} cannot be loaded: {error}") from None
            libraries[name] = {library: version for library, version in found.items() if library != "coursebench"}
        same = all(trees[name].side.python == sys.executable for name in SIDES)
        yield TwoSides(trees, sided, hello, libraries, starter=starter if same else None)


def side_text(side: str | Path) -> str:
    """A side as a command takes it: a Python caller may give any path, but a command needs one that begins with `/`."""
    return side if isinstance(side, str) else str(side.expanduser().absolute())
