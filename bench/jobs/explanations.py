"""Why cases differ between two sides: profile pairs of each case, kept in the folder of a run, and their results."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from bench.jobs.listener import Listener
from bench.records import ComparedCase, Settings, UserError

if TYPE_CHECKING:
    from bench.analyse.profiles.causes import Explained
    from bench.jobs.two_sides import TwoSides
    from bench.runner.stop_request import Stop

NO_VERDICTS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Explanations:
    """The results of the profile pairs in the folder of a run."""

    found: tuple[Explained, ...] = ()
    ended: Mapping[str, str] = field(default_factory=dict)
    """Key of each case that could not be explained to the reason."""

    def __bool__(self) -> bool:
        return bool(self.found or self.ended)


def explain_cases(
    folder: Path,
    coupled: Sequence[ComparedCase],
    both: TwoSides,
    settings: Settings,
    pairs: int,
    rung: str | None,
    listener: Listener,
    stop: Stop,
) -> None:
    """Take profile pairs of each case; if a case ends badly, its reason is kept and the next case follows.

    If it is stopped, the pairs of finished cases are kept. Raises `Stopped`, and `UserError` for a rung that this
    machine does not allow.
    """
    from bench.analyse.profiles.difference import ALPHA
    from bench.runner.compile_caches import CACHES
    from bench.runner.profiling import profile_pairs as profiling
    from bench.runner.profiling.case_profiler import EndedError
    from bench.runner.profiling.py_spy import SpyRefusedError
    from bench.runner.worker import MachineUnfitError
    from bench.store import profile_pair_tables

    coins = secrets.randbits(32)  # a new random seed each time, as in a gate
    whole, keys, ended = profile_pair_tables.ProfilePairs(), list[str](), dict[str, str]()
    caches = folder / CACHES / "profiled"

    def report(key: str, pair: int) -> None:
        listener.progress(f"{key}: profile pair {pair + 1} of {pairs}")

    try:
        for item in coupled:
            taken = profile_pair_tables.ProfilePairs()
            try:
                for each in profiling.profile_pairs(
                    item, both.code, settings, both.hello, stop, caches, pairs, rung, coins, report
                ):
                    profiling.keep(taken, each)
            except (EndedError, SpyRefusedError, MachineUnfitError) as end:
                ended[item.case.key] = str(end)
                continue
            keys.append(item.case.key)
            whole.extend(taken)
    finally:
        shutil.rmtree(caches, ignore_errors=True)
        if keys or ended:
            profile_pair_tables.write(folder, {"keys": keys, "ended": ended, "alpha": ALPHA, "coins": coins}, whole)


def explanations(folder: Path) -> Explanations:
    """Evaluate the profile pairs in the folder of a run; empty if there are none."""
    from bench.analyse.profiles.difference import explain
    from bench.store import profile_pair_tables

    data = profile_pair_tables.read(folder)
    if data is None:
        return Explanations()
    keys = data.facts["keys"]
    found = [explain(data, key, data.facts["alpha"], len(keys)) for key in keys]
    return Explanations(tuple(found), dict(data.facts["ended"]))


def beside_verdicts(folder: Path, listener: Listener) -> Explanations:
    """Like `explanations`, but pairs that cannot be read give a warning: the verdicts stand without them."""
    try:
        return explanations(folder)
    except UserError as error:
        listener.note(f"warning: nothing is explained: {error}")
        return Explanations()


def write_page(folder: Path, explained: Explanations, verdicts: Mapping[str, str] = NO_VERDICTS) -> Path:
    """Write the page about the profile pairs in the folder of a run, and return its path.

    verdicts: those of a gate, by key of a case, each as a sentence. Raises `UserError` if there are no profile pairs.
    """
    from bench.present.pages.difference_page import PAGE, page
    from bench.store import profile_pair_tables, runs

    data = profile_pair_tables.read(folder)
    if data is None:
        raise UserError(f"{folder} has no profile pairs: nothing is explained")
    path = folder / PAGE
    runs.replace_whole(path, page(explained.found, data, runs.read(folder), explained.ended, verdicts).encode())
    return path
