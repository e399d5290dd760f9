"""Profile pairs of cases whose sides differ, kept in the folder of a run."""

from __future__ import annotations

import secrets
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bench.cli import codes
from bench.cli.options import TableFormat, colour, note, say, width
from bench.records import SIDES, ComparedCase, Settings, UserError

if TYPE_CHECKING:
    from bench.analyse.profiles.causes import Explained
    from bench.cli.wanted import Wanted
    from bench.protocol import Hello
    from bench.runner.stop import Stop
    from bench.runner.worker import SideCode


def explain_cases(
    folder: Path,
    coupled: Sequence[ComparedCase],
    sides: Mapping[str, SideCode],
    settings: Settings,
    hello: Hello,
    stop: Stop,
    pairs: int,
    rung: str | None,
    quiet: bool,
) -> None:
    """Take profile pairs of each case; a case that ends badly is told with its reason, and the next one taken.

    What was taken of whole cases is kept where it is stopped. Raises `Stopped`, and `UserError` for a rung that is not
    to be had.
    """
    from bench.analyse.profiles.difference import ALPHA
    from bench.runner.compile_caches import CACHES
    from bench.runner.profiling import profile_pairs as profiling
    from bench.runner.profiling.case_profiler import EndedError
    from bench.runner.profiling.py_spy import SpyRefusedError
    from bench.runner.worker import MachineUnfitError
    from bench.store import profile_pair_tables

    coins = secrets.randbits(32)  # another pair's luck each time, as in a gate
    whole, keys, ended = profile_pair_tables.ProfilePairs(), list[str](), dict[str, str]()
    heard = (
        (lambda key, pair: None) if quiet else (lambda key, pair: note(f"{key}: profile pair {pair + 1} of {pairs}"))
    )
    caches = folder / CACHES / "profiled"
    try:
        for item in coupled:
            taken = profile_pair_tables.ProfilePairs()
            try:
                for each in profiling.profile_pairs(
                    item, sides, settings, hello, stop, caches, pairs, rung, coins, heard
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


def explanations(folder: Path) -> tuple[list[Explained], dict[str, str]]:
    """What the profile pairs in the folder of a run say, and of which cases they say nothing, and why."""
    from bench.analyse.profiles.difference import explain
    from bench.store import profile_pair_tables

    data = profile_pair_tables.read(folder)
    if data is None:
        return [], {}
    keys = data.told["keys"]
    return [explain(data, key, data.told["alpha"], len(keys)) for key in keys], dict(data.told["ended"])


def beside_verdicts(folder: Path) -> tuple[list[Explained], dict[str, str]]:
    """As `explanations`; where they cannot be read that is a warning: the verdicts beside them stand."""
    try:
        return explanations(folder)
    except UserError as error:
        note(f"warning: nothing is explained: {error}")
        return [], {}


def page_of(folder: Path, verdicts: Mapping[str, str]) -> str:
    """Write the page of what the profile pairs in the folder of a run say, and return its path; empty without any.

    verdicts: of a gate, by key of a case, in a sentence.
    """
    from bench.present.pages.difference_page import PAGE, page
    from bench.store import profile_pair_tables, runs

    data = profile_pair_tables.read(folder)
    if data is None:
        return ""
    found, ended = explanations(folder)
    runs.replace_whole(folder / PAGE, page(found, data, runs.read(folder), ended, verdicts).encode())
    return str(folder / PAGE)


def difference(
    wanted: Wanted,
    base: str,
    head: str,
    setup: str | None,
    timeout: str | None,
    seed: int,
    pairs: int,
    rung: str | None,
    out: Path | None,
    stop: Stop,
    quiet: bool,
) -> Path:
    """Take profile pairs of one case on two sides, and return their folder. Nothing is kept where they end badly."""
    from bench.cli.run import refuse_bad_folder
    from bench.cli.sides import compared
    from bench.plan.presets import parse_duration
    from bench.runner import run_description
    from bench.store import profile_pair_tables, runs

    refuse_bad_folder(out)
    stop.listen()
    settings = Settings(seed=seed, timeout_s=parse_duration(timeout) if timeout else Settings.timeout_s)
    with compared(wanted, base, head, setup, stop) as both:
        keys = [item.case.key for item in both.sided.coupled]
        if both.sided.changed:
            raise UserError(f"the workload {both.sided.changed[0]} itself differs between the sides")
        if len(keys) != 1:
            raise UserError(
                f"a difference is of one case; this selects {len(keys)}, narrow it with -s:\n  " + "\n  ".join(keys[:8])
            )
        name = runs.new_id()
        folder = out or runs.RESULTS / name
        runs.refuse_unwritable(folder)
        code = {side: both.trees[side].side for side in SIDES}
        explain_cases(folder, both.sided.coupled, code, settings, both.hello, stop, pairs, rung, quiet)
        if ended := explanations(folder)[1]:
            shutil.rmtree(folder / profile_pair_tables.FOLDER)
            note(next(iter(ended.values())))
            raise typer.Exit(codes.NOTHING_MEASURED)
        command = shlex.join(["bench", *sys.argv[1:]])
        run = run_description.described(name, [], settings, both.hello, "profile", command, both.sided.coupled)
        told = {"sides": {side: both.trees[side].told for side in SIDES}, "libraries": both.libraries}
        runs.write(folder, {**run, "difference": told})
    return folder


def told_difference(folder: Path, format_: TableFormat) -> None:
    """Say what a difference is made of."""
    from bench.present.tables import difference_table, table_formats

    (found,), _ = explanations(folder)
    match format_:
        case TableFormat.JSON:
            say(table_formats.as_json([difference_table.as_object(found)])[2:-3].strip())
        case TableFormat.CSV:
            say(table_formats.as_csv(difference_table.flat(found), list(difference_table.FLAT)).rstrip())
        case TableFormat.MD:
            say(difference_table.markdown(found).rstrip())
        case _:
            say(difference_table.text(found, width=width(), color=colour()).rstrip())
    note(f"\nthe page: {page_of(folder, {})}\nshow it again with: bench profile --from {folder}")
