"""The pairs of a gate: both sides prepared, measured round by round, and what regressed explained."""

from __future__ import annotations

import contextlib
import secrets
import shlex
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.cli.explaining import explain_cases
from bench.cli.options import note
from bench.cli.progress import pair_lines
from bench.cli.sides import compared
from bench.cli.wanted import TWIN, Wanted
from bench.records import SIDES, Settings

if TYPE_CHECKING:
    from bench.runner.stop import Stop


class GateSettings(NamedTuple):
    """What is compared, and until when pairs are added."""

    base: str
    head: str
    """The sides, as the user wrote them."""
    setup: str | None
    budget: str | None
    most_pairs: int
    pairs: int | None
    """Exactly so many, whatever they show; None: until every case is decided or hopeless."""
    cold_pairs: int
    rule: Mapping[str, Any]
    """What the user gave of the rule of decision, by name."""
    seed: int | None
    explain: int | None
    """So many profile pairs of what regressed."""


def measured(wanted: Wanted, wish: GateSettings, out: Path | None, quiet: bool, stop: Stop) -> Path:
    """Prepare the sides, measure the pairs, and return the folder of the run.

    Raises `UserError`, `BrokenSideError`, `Stopped`, `MachineUnfitError`.
    """
    from bench.analyse.gate import verdicts as analysis
    from bench.plan.presets import parse_duration
    from bench.runner import run_description
    from bench.runner.pairs import gate_rounds as rounds
    from bench.runner.pairs import pair_loop
    from bench.runner.pairs.pair_context import PairSettings
    from bench.runner.stop import Stopped
    from bench.stats.gate_rule import Rule
    from bench.store import runs, tables

    stop.listen()
    coins = secrets.randbits(32) if wish.seed is None else wish.seed
    settings = Settings(budget_s=parse_duration(wish.budget) if wish.budget else None, seed=coins)
    with compared(wanted, wish.base, wish.head, wish.setup, stop) as both:
        sided, trees = both.sided, both.trees
        cases = [item.case.key for item in sided.coupled]
        given = {name: value for name, value in wish.rule.items() if value is not None}
        rule = Rule(cases=max(1, len(cases)), **given)
        most = wish.pairs or wish.most_pairs
        told = {
            "rule": asdict(rule),
            "cases": cases,
            "changed": sided.changed,
            "only_base": sided.only_base,
            "only_head": sided.only_head,
            "sides": {name: tree.told for name, tree in trees.items()},
            "libraries": both.libraries,
            "most_pairs": most,
        }
        name = runs.new_id()
        folder = out or runs.RESULTS / name
        runs.refuse_unwritable(folder)
        command = shlex.join(["bench", *sys.argv[1:]])
        run = run_description.described(name, [], settings, both.hello, "gate", command, sided.coupled)
        run_description.begin(folder, run, {"gate": told})
        if not quiet:
            note(f"{len(cases)} cases, {'' if wish.pairs else 'at most '}{most} pairs each …")
        pace = pair_loop.Pace(settings.budget_s)
        judge: pair_loop.PairQueue = rounds.UntilDecided(sided.coupled, rule, wish.most_pairs, pace)
        if wish.pairs is not None:
            judge = pair_loop.FixedPairs(sided.coupled, lambda _: most)
        code = {side: trees[side].side for side in SIDES}
        canary = rounds.CanaryQueue(sided.twins)
        progress, conduct = pair_lines(quiet), PairSettings(cold_pairs=wish.cold_pairs)
        rounds.measure(
            folder, judge, canary, code, trees[TWIN].side, settings, both.hello, stop, progress, pace, conduct
        )
        if wish.explain is not None and stop.signal is None:
            judged = analysis.judge(tables.read(folder))
            regressed = {case.key for case in judged.cases if case.verdict == "regressed"}
            slower = [item for item in sided.coupled if item.case.key in regressed]
            with contextlib.suppress(Stopped):  # the verdicts stand, and the signal is told by the exit code
                explain_cases(folder, slower, code, settings, both.hello, stop, wish.explain, None, quiet)
        return folder
