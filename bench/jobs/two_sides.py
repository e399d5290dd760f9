"""Both sides of a comparison, ready to measure: their trees, their common cases, their libraries."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bench.jobs.arguments import Paths, Sets, Texts, paths
from bench.jobs.choice import Choice, devices_of
from bench.jobs.endings import BrokenSideError, BrokenWorkloadsError
from bench.records import BASE, HEAD, SIDES, Planned, UserError

if TYPE_CHECKING:
    from bench.jobs.suite_choice import SuiteChoice
    from bench.plan.both_sides import Sided
    from bench.protocol import Hello
    from bench.runner.pairs.side_trees import SideTree
    from bench.runner.starter import Starter
    from bench.runner.stop_request import Stop
    from bench.runner.worker import SideCode


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
        """The cases of both trees, those of one alone among them.

        Raises `BrokenWorkloadsError` for a workload file of a side that cannot be used, `UserError` for a file that
        neither side has, and for a selection that matches nothing on either side.
        """
        from bench.plan.both_sides import side_by_side
        from bench.runner.pairs.pair_context import TWIN

        for path in paths(self.workloads):
            refuse_absent(path, here, trees)
        choices = {name: self._choice(name, here, tree) for name, tree in trees.items()}
        planned: dict[str, tuple[Planned, ...]] = {}
        refused: dict[str, UserError] = {}
        for name in SIDES:
            try:
                planned[name] = choices[name].plan(devices).planned
            except UserError as error:  # one side may lack what the other names
                planned[name], refused[name] = (), error
        if HEAD in refused:
            of_base = [item.case.workload for item in planned[BASE]]
            if not of_base or any(name in choices[HEAD].catalog for name in of_base):
                raise refused[HEAD]
        base, twin, head = (choices[name].catalog for name in (BASE, TWIN, HEAD))
        return side_by_side(base, twin, head, planned[BASE], planned[HEAD], self.workloads_from)

    def _choice(self, name: str, here: Path, tree: SideTree) -> Choice:
        from bench.plan.error_messages import FileFaultError

        words = (self.select, self.preset, self.sets, self.exclude, self.workloads)
        try:
            return Choice(*words, moved=moved_to(here, tree))
        except FileFaultError as error:
            # Where it lies in the tree says nothing to who reads it later: the tree is gone then.
            raise BrokenWorkloadsError(name, str(error).replace(f"{tree.root}{os.sep}", "")) from None


def moved_to(here: Path, tree: SideTree) -> Callable[[Path], Path]:
    """Map paths in the user's tree to the tree of a side."""
    from bench.plan.both_sides import mover

    roots = tree.side.roots
    return mover(here, tree.root, roots.folders if roots else ())


def refuse_absent(path: Path, here: Path, trees: dict[str, SideTree]) -> None:
    """Raise `UserError` for a workload file that neither side has, with the path at which it was looked for.

    here: the user's tree, from which paths are moved to the trees of the sides.
    """
    tried = {name: moved_to(here, trees[name])(path) for name in SIDES}
    if any(each.exists() for each in tried.values()):
        return
    looked = [
        f"{each.relative_to(trees[name].root) if each.is_relative_to(trees[name].root) else each} "
        f"in the tree of the {name} ({trees[name].description['text']})"
        for name, each in tried.items()
    ]
    ignored = ". It is in your folder: a file that git ignores is in no tree of a side" if path.exists() else ""
    raise UserError(f"the workload file {path} is on neither side; looked for {' and '.join(looked)}{ignored}")


@dataclass(frozen=True)
class TwoSides:
    """Two sides and a second copy of the base, while their trees exist."""

    trees: dict[str, SideTree]
    sided: Sided
    hello: Hello
    libraries: dict[str, dict[str, str]]
    """Versions on base and head. The harness is left out: it is this one on both sides, installed there or not."""
    broken: dict[str, str]
    """By side: why its workloads cannot be loaded. Nothing can be measured then."""
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

    def refuse_broken(self) -> None:
        """Raise `BrokenSideError` where the workloads of a side cannot be loaded."""
        for name, text in self.broken.items():
            raise BrokenSideError(f"the workloads of the {name} cannot be loaded: {text}")


@contextlib.contextmanager
def two_sides(
    chosen: SidedChoice | SuiteChoice,
    base: str | Path,
    head: str | Path,
    setup: str | None,
    stop: Stop,
    base_tip: bool = False,
) -> Iterator[TwoSides]:
    """Prepare the trees and find their common cases; the trees are removed afterwards.

    chosen: workloads, or the tests of another tool.
    base: a revision, a folder, `python=PATH`, or both with a comma; empty means the default branch. A branch means the
    commit at which the head left it, or its tip with `base_tip`.
    head: the same; empty means the working tree. setup: a command to run in each tree first.
    Raises `UserError`, `Stopped`, `MachineUnfitError`.
    """
    from bench.plan.both_sides import NONE_SIDED
    from bench.runner.machine_probe import look
    from bench.runner.pairs import base_commit, kept_trees, side_trees
    from bench.runner.pairs.pair_context import TWIN
    from bench.runner.starter import Starter, can_fork
    from bench.runner.worker import environment

    here = side_trees.toplevel(Path.cwd())
    kept_trees.prune(side_trees.KEPT)
    head_spec = side_trees.read(side_text(head))
    base_spec = base_commit.base_spec(side_trees.read(side_text(base)), head_spec, here, base_tip)
    asked = {BASE: base_spec, TWIN: base_spec, HEAD: head_spec}
    with contextlib.ExitStack() as stack:
        starter = None
        if can_fork(cuda=False):  # it uses no device itself, and imports torch while the trees are made
            starter = Starter(sys.executable, environment(1, None))
            stack.callback(starter.end)
        trees = {
            name: stack.enter_context(side_trees.prepared(spec, name, here, setup)) for name, spec in asked.items()
        }
        hello = look([], stop, starter=starter)
        broken: dict[str, str] = {}
        try:
            sided = chosen.sided(here, trees, devices_of(hello), stop)
        except BrokenWorkloadsError as error:
            sided, broken[error.side] = NONE_SIDED, str(error)
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
                broken[name] = why_broken(str(error), trees[name])
                found = {}
            libraries[name] = {library: version for library, version in found.items() if library != "coursebench"}
        same = all(trees[name].side.python == sys.executable for name in SIDES)
        differing = with_differing(libraries, trees)
        yield TwoSides(trees, sided, hello, differing, broken, starter=starter if same else None)


def why_broken(text: str, tree: SideTree) -> str:
    """Why the workloads of a side cannot be loaded, with what helps."""
    from bench.runner.machine_probe import STRANGERS

    hints = [f"Not fetched here, and so empty in this side's tree: submodule {each}." for each in tree.missing]
    if tree.missing:
        hints.append("git submodule update --init --recursive fetches them (actions/checkout: submodules: recursive).")
    if any(each in text for each in ("ImportError", "ModuleNotFoundError", "PackageNotFoundError", STRANGERS)):
        hints.append(
            "What must be built or installed to be imported is built in each side's tree by --setup, such as --setup "
            "'python -m venv .venv && .venv/bin/pip install torch .' with --base main,python=.venv/bin/python and "
            "--head python=.venv/bin/python."
        )
    return "\n".join([text.replace(f"{tree.root}{os.sep}", ""), *hints])


def with_differing(libraries: dict[str, dict[str, str]], trees: dict[str, SideTree]) -> dict[str, dict[str, str]]:
    """The versions, and those of every distribution that base and head do not have alike."""
    from bench.runner.pairs.distributions import distributions

    pythons = [trees[side].side.python for side in SIDES]
    if pythons[0] == pythons[1]:
        return libraries
    base, head = map(distributions, pythons)
    differing = {name for name in base.keys() | head.keys() if base.get(name) != head.get(name)} - {"coursebench"}
    return {
        side: {**libraries[side], **{name: found[name] for name in sorted(differing) if name in found}}
        for side, found in ((BASE, base), (HEAD, head))
    }


def side_text(side: str | Path) -> str:
    """A side as a command takes it: a Python caller may give any path, but a command needs one that begins with `/`."""
    return side if isinstance(side, str) else str(side.expanduser().absolute())
