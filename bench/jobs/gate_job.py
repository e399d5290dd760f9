"""`bench gate` as a function: both sides prepared, pairs measured round by round, verdicts, and why."""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from bench.jobs.arguments import (
    Paths,
    RunName,
    Sets,
    Span,
    Texts,
    call_text,
    name_of,
    new_folder,
    refuse_outside,
    seconds_of,
)
from bench.jobs.explanations import explain_cases
from bench.jobs.gate_policy import (
    chosen_policy,
    differs_from_base,
    failing_metrics,
    places,
    refuse_included,
    without_ignored,
)
from bench.jobs.gate_result import Gate, judged_gate
from bench.jobs.listener import SILENT, Listener
from bench.jobs.stopping import sealed_in, stop_or_own
from bench.jobs.suite_choice import SuiteChoice
from bench.jobs.two_sides import SidedChoice, TwoSides, two_sides
from bench.records import SIDES, ComparedCase, Settings, UserError
from bench.suites import ASV, PYTEST

if TYPE_CHECKING:
    from bench.runner.pairs.pair_loop import Pace, PairQueue
    from bench.runner.stop_request import Stop
    from bench.stats.gate_policy import GatePolicy
    from bench.stats.gate_rule import Rule


def gate(
    select: Texts = (),
    *,
    base: str | Path = "",
    head: str | Path = "",
    base_tip: bool = False,
    setup: str | None = None,
    preset: str = "ci",
    sets: Sets = (),
    exclude: Texts = (),
    workloads: Paths = (),
    workloads_from: Literal["base", "head"] | None = None,
    budget: Span = None,
    max_pairs: int = 60,
    pairs: int | None = None,
    cold_pairs: int = 1,
    alpha: float | None = None,
    slack: float | None = None,
    limit: float | None = None,
    fail_on: Texts = (),
    policy: str | Path | None = None,
    seed: int | None = None,
    explain: bool = False,
    explain_pairs: int = 18,
    replay: RunName | None = None,
    pytest: bool = False,
    asv: bool = False,
    out: str | Path | None = None,
    listener: Listener = SILENT,
    stop: Stop | None = None,
    command: str | None = None,
) -> Gate:
    """Compare two sides in lockstep pairs, and return the verdicts; prints nothing.

        verdicts = bench.gate("mine/*", workloads="mine.py", base="main", budget="5m")

    select, sets, exclude, workloads, out, listener, stop, command: as in `bench.run`. Ctrl-C works as there.
    base: a revision, a folder, `python=PATH`, or both with a comma (default: the default branch). A branch means the
    commit at which the head left it.
    head: the same (default: the working tree).
    base_tip: compare with the branch as it is now.
    setup: a command to run in each side's tree first.
    preset: the preset that the cases come from.
    workloads_from: the side whose workload files both sides run; without it, workloads that differ are not compared.
    budget: time by which the last round should end, in seconds or as `"5m"`.
    max_pairs, pairs: largest number of pairs of a case, or the exact number.
    cold_pairs: pairs of a compiled case with an empty cache.
    alpha, slack, limit: numbers of the rule; `docs/gate.md` explains them.
    fail_on: what fails the gate in addition to slower times, such as `"graph_breaks,host_memory"`.
    policy: a TOML file that says what may fail it (default: `[tool.coursebench.gate]` of the nearest pyproject.toml).
    seed: random seed (default: a new one for each run).
    explain, explain_pairs: whether to say why a case regressed, and by how many profile pairs.
    replay: an earlier gate, whose pairs are judged again; nothing is measured.
    pytest: the cases are the repository's tests with pytest-benchmark; `select` holds arguments of pytest, such as
        `["tests/bench", "-k", "fast"]`.
    asv: the cases are its asv benchmarks `time_*`; `select` holds their folder, then regular expressions.

    A side whose workloads cannot be loaded is told as `failed`, with its traceback. Raises `bench.records.UserError`
    for invalid arguments, `MachineUnfitError` and `Stopped` as `bench.run` does.
    """
    said = command or call_text(gate, locals())
    refuse_outside(1, max_pairs=max_pairs, pairs=pairs, cold_pairs=cold_pairs)
    refuse_outside(1e-9, 0.5, alpha=alpha)
    refuse_outside(0, 1, slack=slack, limit=limit)
    refuse_outside(12, 100, explain_pairs=explain_pairs)
    if replay is not None:
        from bench.store import runs

        if explain:
            raise UserError(
                "--explain takes profile pairs, but --replay measures nothing; it shows earlier explanations anyway"
            )
        again = None if policy is None else chosen_policy(policy, (), alpha, slack, limit)
        return judged_gate(runs.locate(name_of(replay)), alpha, slack, limit, listener, again, failing_metrics(fail_on))
    rules = chosen_policy(policy, failing_metrics(fail_on), alpha, slack, limit)
    if pytest or asv:
        refuse_for_tests(sets=sets, exclude=exclude, workloads=workloads, workloads_from=workloads_from)
        chosen: SidedChoice | SuiteChoice = SuiteChoice(suite_of(pytest, asv), select)
    else:
        chosen = SidedChoice(select, preset, sets, exclude, workloads, workloads_from)
    wish = GateWish(seconds_of(budget), max_pairs, pairs, cold_pairs, rules, seed, explain_pairs if explain else None)
    new = new_folder(out)
    with stop_or_own(stop) as own, two_sides(chosen, base, head, setup, own, base_tip) as prepared:
        refuse_included(rules, prepared)
        both = without_ignored(prepared, rules)
        folder = measured(both, wish, new, said, listener, own)
    return judged_gate(folder, listener=listener)


def suite_of(pytest: bool, asv: bool) -> str:
    """The tool whose tests were asked for. Raises `UserError` for both."""
    if pytest and asv:
        raise UserError("--pytest and --asv: a gate compares the tests of one tool")
    return PYTEST if pytest else ASV


def refuse_for_tests(**given: object) -> None:
    """Raise `UserError` for what chooses among workloads: tests are chosen by words for their tool."""
    for name, value in given.items():
        if value:
            raise UserError(f"{name} chooses among workloads, and tests are chosen by the arguments of their own tool")


class GateWish(NamedTuple):
    """How long pairs are added, and how they are judged."""

    budget_s: float | None
    most_pairs: int
    pairs: int | None
    """Exact number of pairs of a case; None adds pairs until the case is decided or hopeless."""
    cold_pairs: int
    policy: GatePolicy
    """What may fail the gate, and by which numbers."""
    seed: int | None
    explain: int | None
    """Profile pairs of each case that regressed; None for no explanation."""


def measured(both: TwoSides, wish: GateWish, out: Path | None, command: str, listener: Listener, stop: Stop) -> Path:
    """Measure the pairs of prepared sides, and return the folder of the run.

    Raises `UserError`, `Stopped`, `MachineUnfitError`.
    """
    from bench.runner import run_description
    from bench.runner.pairs import gate_rounds, pair_loop
    from bench.runner.pairs.pair_context import TWIN, PairSettings
    from bench.store import runs

    coins = secrets.randbits(32) if wish.seed is None else wish.seed
    settings = Settings(budget_s=wish.budget_s, seed=coins)
    sided = both.sided
    rule = wish.policy.rule(len(sided.coupled))
    name = runs.new_id()
    folder = out or runs.RESULTS / name
    described = run_description.described(name, [], settings, both.hello, "gate", command, sided.coupled)
    run_description.begin(folder, described, {"gate": about(both, rule, wish)})
    for name in SIDES:
        if note := both.trees[name].description["note"]:
            listener.progress(f"{name}: {note}")
    listener.progress(before_first(len(sided.coupled), rule, wish))
    pace = pair_loop.Pace(settings.budget_s)
    pair_settings = PairSettings(cold_pairs=wish.cold_pairs, memory_always="host_memory" in wish.policy.measured)
    with sealed_in(folder, f"judge it with bench.gate(replay={str(folder)!r})"):
        gate_rounds.measure(
            folder,
            queue(() if both.broken else sided.coupled, rule, wish, pace),
            gate_rounds.CanaryQueue(() if both.broken else sided.twins),
            both.code,
            both.trees[TWIN].side,
            settings,
            both.hello,
            stop,
            listener.entered,
            pace,
            pair_settings,
            both.starter,
            lambda: listener.progress(after_first(pace, rule, wish)),
        )
        if wish.explain is not None and stop.signal is None:
            explain_slower(folder, both, settings, wish.explain, listener, stop)
    return folder


def before_first(cases: int, rule: Rule, wish: GateWish) -> str:
    """How many pairs there may be, and how many it takes at least, whatever they show."""
    from bench.stats.gate_rule import NOT_SLOWER, REGRESSED

    most = wish.pairs or wish.most_pairs
    fewest, passing = rule.fewest_pairs(REGRESSED), rule.fewest_pairs(NOT_SLOWER)
    could_not = "" if fewest <= most else ": no case can be called regressed"
    return (
        f"{cases} cases, {'' if wish.pairs else 'at most '}{most} pairs each; "
        f"a regression takes {fewest} of them at least, not slower {passing}{could_not} …"
    )


def after_first(pace: Pace, rule: Rule, wish: GateWish) -> str:
    """How many rounds fit into the budget, by what the first one took."""
    from bench.stats.gate_rule import REGRESSED

    took = f"a round takes about {pace.latest_s:.0f} s"
    if wish.budget_s is None:
        return took
    fit, fewest = 1 + int(pace.left()), rule.fewest_pairs(REGRESSED)
    could_not = "" if fewest <= fit else f", and a regression takes {fewest}: this gate cannot fail"
    return f"{took}: {fit} {'pair' if fit == 1 else 'pairs'} of each case fit into the budget{could_not}"


def about(both: TwoSides, rule: Rule, wish: GateWish) -> dict[str, Any]:
    """The entry `gate` of `run.json`: what is compared, and by which rule."""
    from bench.analyse.gate.gate_plan import DATUM

    sided = both.sided
    return {
        "rule": asdict(rule),
        "cases": [item.case.key for item in sided.coupled],
        "changed": sided.changed,
        "only_base": sided.only_base,
        "only_head": sided.only_head,
        "sides": both.provenance,
        "libraries": both.libraries,
        "broken": both.broken,
        "most_pairs": wish.pairs or wish.most_pairs,
        "policy": wish.policy.plain(),
        "policy_changed": differs_from_base(wish.policy, both),
        "ignored": both.ignored,
        "places": places(both),
        "datum": DATUM,
        "no_cases": sided.no_cases,
    }


def queue(coupled: tuple[ComparedCase, ...], rule: Rule, wish: GateWish, pace: Pace) -> PairQueue:
    """Which cases need another pair: by the rule that will judge them, or up to a fixed number."""
    from bench.runner.pairs.gate_rounds import UntilDecided
    from bench.runner.pairs.pair_loop import FixedPairs
    from bench.stats.gate_policy import least_pairs

    exactly = wish.pairs
    if exactly is not None:
        return FixedPairs(coupled, lambda _: exactly)
    own = {item.case.key: wish.policy.rule_of(item.case.key, rule) for item in coupled}
    return UntilDecided(coupled, rule, wish.most_pairs, pace, own, least_pairs(wish.policy, rule.cases))


def explain_slower(
    folder: Path, both: TwoSides, settings: Settings, pairs: int, listener: Listener, stop: Stop
) -> None:
    """Take profile pairs of cases that regressed. If it is stopped, the verdicts stand and finished pairs are kept."""
    from bench.analyse.gate.verdicts import judge
    from bench.runner.stop_request import Stopped
    from bench.store import tables

    regressed = {case.key for case in judge(tables.read(folder)).cases if case.verdict == "regressed"}
    slower = [item for item in both.sided.coupled if item.case.key in regressed]
    with contextlib.suppress(Stopped):
        explain_cases(folder, slower, both, settings, pairs, None, listener, stop)
