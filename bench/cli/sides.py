"""Both sides of a comparison, ready to be measured: their trees, what they have in common, what they run with."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.cli.wanted import TWIN, Wanted
from bench.records import BASE, HEAD, UserError

if TYPE_CHECKING:
    from bench.plan.both_sides import Sided
    from bench.protocol import Hello
    from bench.runner.pairs.side_trees import SideTree
    from bench.runner.stop import Stop


class BrokenSideError(Exception):
    """The code of a side does not even import; the text has its traceback."""


@dataclass(frozen=True)
class Compared:
    """Two sides and a second copy of the base, as long as their trees lie there."""

    trees: dict[str, SideTree]
    sided: Sided
    hello: Hello
    libraries: dict[str, dict[str, str]]
    """Of base and head, without the harness: that is this one on both sides, whether or not one has it installed."""


@contextlib.contextmanager
def compared(wanted: Wanted, base: str, head: str, setup: str | None, stop: Stop) -> Iterator[Compared]:
    """Prepare the trees, and say what both have; the trees go when it is over.

    base: as the user wrote it, the merge-base with the default branch where it is empty; head: likewise, the working
    tree. Raises `UserError`, `BrokenSideError`, `Stopped`, `MachineUnfitError`.
    """
    from bench.runner.machine_probe import look
    from bench.runner.pairs import side_trees as trees

    here = trees.toplevel(Path.cwd())
    with contextlib.ExitStack() as stack:
        asked = ((BASE, base or trees.merge_base(here)), (TWIN, base or trees.merge_base(here)), (HEAD, head))
        prepared = {
            name: stack.enter_context(trees.prepared(trees.read(text), name, here, setup)) for name, text in asked
        }
        hello = look([], stop)
        devices = tuple(name for name in ("cpu", "cuda") if not hello.capabilities[name])
        sided = wanted.sided(here, prepared, devices)
        libraries = {}
        for name, each in (
            (BASE, [item.base for item in sided.coupled]),
            (HEAD, [item.head for item in sided.coupled]),
        ):
            try:
                found = look(each, stop, prepared[name].side).facts["libraries"]
            except UserError as error:
                raise BrokenSideError(f"the workloads of the {name} cannot be loaded: {error}") from None
            libraries[name] = {library: version for library, version in found.items() if library != "coursebench"}
        yield Compared(prepared, sided, hello, libraries)
