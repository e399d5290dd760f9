"""The policy of a gate in its job: where it is read, what it leaves out, and when an acknowledgement has ended."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.jobs.arguments import Texts, texts
from bench.records import BASE, HEAD, UserError

if TYPE_CHECKING:
    from bench.jobs.two_sides import TwoSides
    from bench.stats.gate_policy import GatePolicy


def failing_metrics(words: Texts) -> tuple[str, ...]:
    """Names that `--fail-on` takes, from words that may each hold several. Raises `UserError` for an unknown one."""
    from bench.plan import gate_policy

    return gate_policy.fail_on(texts(words))


def chosen_policy(
    path: str | Path | None,
    fail_on: tuple[str, ...],
    alpha: float | None = None,
    slack: float | None = None,
    limit: float | None = None,
) -> GatePolicy:
    """The policy in a file, or that of the nearest pyproject.toml, with what the caller gave in place of its own.

    Raises `UserError` for a file that is not understood, and for an acknowledgement whose day is over.
    """
    from bench.plan import gate_policy

    found = gate_policy.find(Path.cwd()) if path is None else gate_policy.read(Path(path))
    gate_policy.refuse_expired(found, datetime.date.today())
    return found.with_numbers(alpha=alpha, slack=slack, limit=limit).failing_on(fail_on)


def refuse_included(policy: GatePolicy, both: TwoSides) -> None:
    """Raise `UserError` for an acknowledgement of a commit that the base contains: it has ended, or has no such commit.

    A base that is no revision of this repository is not asked.
    """
    from bench.runner.git import GitRefusedError, git

    base = both.trees[BASE].description["commit"]
    if base is None:
        return
    here = Path.cwd()
    for each in policy.acknowledged:
        if not each.commit:
            continue
        named = f"{policy.source}: the acknowledgement of '{each.match}' names the commit '{each.commit}'"
        hint = ", which is not here (a shallow clone lacks older ones: fetch-depth: 0)"
        commit = git(here, "rev-parse", "--verify", "--quiet", f"{each.commit}^{{commit}}", why=named + hint)
        try:
            git(here, "merge-base", "--is-ancestor", commit, str(base))
        except GitRefusedError:
            continue
        raise UserError(f"{named}, which the base contains by now ({each.reason}): remove it")


def differs_from_base(policy: GatePolicy, both: TwoSides) -> bool:
    """Whether the base has another policy in the same file, or none: a change may loosen what judges it."""
    from bench.plan import gate_policy
    from bench.runner.pairs.side_trees import toplevel

    path, here = Path(policy.source).absolute(), toplevel(Path.cwd())
    if not policy.source or not path.is_relative_to(here):
        return False
    try:
        of_base = gate_policy.read(both.trees[BASE].root / path.relative_to(here))
        of_head = gate_policy.read(path)
    except UserError:
        return True  # the base has no such file, or one that cannot be read as a policy
    return replace(of_base, source="") != replace(of_head, source="")


def without_ignored(both: TwoSides, policy: GatePolicy) -> TwoSides:
    """The sides without the cases that the policy leaves out, whose keys it keeps in `ignored`."""
    sided = both.sided
    left_out = tuple(item.case.key for item in sided.coupled if policy.why_ignored(item.case.key))
    changed = tuple(key for key in sided.changed if not policy.why_ignored(key))
    coupled, twins = (
        tuple(item for item in items if item.case.key not in left_out) for items in (sided.coupled, sided.twins)
    )
    return replace(both, sided=replace(sided, coupled=coupled, twins=twins, changed=changed), ignored=left_out)


def places(both: TwoSides) -> dict[str, dict[str, Any]]:
    """By key: file and line of the function of a case on the head, where that is a file of the repository."""
    from bench.plan.definition_lines import line_of

    root = both.trees[HEAD].root
    tests = both.sided.tests.items()
    found = {key: {"file": test["file"], "line": test["line"], "test": test["name"]} for key, test in tests}
    for item in both.sided.coupled:
        if item.case.key in found:
            continue
        source = item.head.source
        path = Path(source.path)
        if path.is_relative_to(root) and (line := line_of(path, source.function)) is not None:
            found[item.case.key] = {"file": path.relative_to(root).as_posix(), "line": line}
    return found
