"""The tests of a repository as the cases of a gate: collected on both sides, matched by name."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bench.jobs.arguments import Texts, texts
from bench.jobs.endings import BrokenWorkloadsError
from bench.records import BASE, HEAD, SIDES, UserError
from bench.suites import Suite

if TYPE_CHECKING:
    from bench.plan.both_sides import Sided
    from bench.protocol import Collected
    from bench.runner.pairs.side_trees import SideTree
    from bench.runner.stop_request import Stop


@dataclass(frozen=True)
class SuiteChoice:
    """The suite that the user asked to compare, and the words for its tool."""

    runner: str
    words: Texts = ()
    libraries: dict[str, dict[str, str]] = field(default_factory=dict, init=False, compare=False)
    """By side: versions of libraries, as the workers that collected said."""

    def sided(self, here: Path, trees: dict[str, SideTree], devices: tuple[str, ...], stop: Stop) -> Sided:
        """The tests that both trees have. devices: all tests run on the host.

        Raises `UserError` where the tool cannot collect on either side or finds no test, and `BrokenWorkloadsError`
        where the head cannot be collected and the base can, or a side loads code that is not its own.
        """
        from bench.plan.suite_cases import CollectedSide, side_by_side
        from bench.runner.pairs.pair_context import TWIN
        from bench.runner.suite_collection import collect

        suites = {name: self._suite(here, trees[name].root) for name in SIDES}
        collected = collect(suites, {name: trees[name].side for name in SIDES}, stop)
        self.libraries.update({name: each.hello.facts["libraries"] for name, each in collected.items()})
        base, head = (CollectedSide(trees[name].root, suites[name], collected[name].found) for name in SIDES)
        refuse_broken(base.found, head.found)
        twin = base.on_copy(trees[TWIN].root)
        sided = side_by_side(base, twin, head)
        if not (sided.coupled or sided.changed or sided.only_head or sided.only_base):
            listed = "".join(f"\n  {line}" for line in sided.no_cases)
            raise UserError(f"no test of {self.runner} can become a case{listed}")
        return sided

    def _suite(self, here: Path, root: Path) -> Suite:
        """The suite in the tree at `root`. here: the user's tree, in which this process runs."""
        below = Path.cwd().resolve().relative_to(here)
        moved = [_moved(word, here, root) for word in texts(self.words)]
        return Suite(self.runner, str(root / below), shlex.join(moved))


def _moved(word: str, here: Path, root: Path) -> str:
    """A word for the tool: a whole path in the user's tree becomes one in the side's."""
    if not os.path.isabs(word):
        return word
    path, colons, test = word.partition("::")
    whole = Path(path).resolve()
    return f"{root / whole.relative_to(here)}{colons}{test}" if whole.is_relative_to(here) else word


def refuse_broken(base: Collected, head: Collected) -> None:
    """Raise `BrokenWorkloadsError` where the head broke what could be collected, or a side loads code that is not its
    own; `UserError` where nothing ever could.

    What the base alone cannot collect is new on the head.
    """
    from bench.runner.machine_probe import STRANGERS

    if head.error and base.error:
        raise UserError(f"the tests cannot be collected: {head.error}")
    if head.error:
        raise BrokenWorkloadsError(HEAD, head.error)
    for name, found in ((BASE, base), (HEAD, head)):
        if found.strangers:
            listed = "\n".join(f"  {module}: {where}" for module, where in found.strangers.items())
            raise BrokenWorkloadsError(name, f"{STRANGERS}:\n{listed}")
    if base.error:
        return
    for file, why in head.faults.items():
        if file not in base.faults:
            raise BrokenWorkloadsError(HEAD, f"{file} cannot be collected:\n{why}")
