"""The parts of differences, as one self-contained page: a table and a flame graph for each case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import jinja2

from bench.analyse.profiles.causes import Explained
from bench.analyse.profiles.difference import MOVED
from bench.analyse.profiles.step_seconds import mean_stacks
from bench.present.flames import flame_graph
from bench.present.flames.flame_tree import Called
from bench.present.tables import difference_table
from bench.records import BASE, HEAD
from bench.store.profile_pair_tables import ProfilePairs

PAGE = "explained.html"

NO_VERDICTS: Mapping[str, str] = MappingProxyType({})


def page(
    explained: Sequence[Explained],
    data: ProfilePairs,
    run: Mapping[str, Any],
    ended: Mapping[str, str],
    verdicts: Mapping[str, str] = NO_VERDICTS,
) -> str:
    """The whole page. ended: by key, why a case could not be explained; verdicts: by key, a sentence of the gate."""
    environ = jinja2.Environment(
        loader=jinja2.PackageLoader("bench.present"), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    cases = [
        {
            "key": each.key,
            "verdict": verdicts.get(each.key, ""),
            "lines": difference_table.lines(each),
            "columns": difference_table.COLUMNS,
            "rows": difference_table.rows(each),
            "below": difference_table.lines_below(each),
            "graph": graph(each, data),
        }
        for each in explained
    ]
    return environ.get_template("causes.html.j2").render(cases=cases, ended=ended, run=run)


def graph(explained: Explained, data: ProfilePairs) -> flame_graph.Inline | None:
    """The head's flame graph, coloured where a function clearly differs; None if functions could not be compared."""
    if explained.code.reason:
        return None
    base, head = (mean_stacks(data, explained.key, side) for side in (BASE, HEAD))
    if not base or not head:
        return None
    return flame_graph.inline_difference(
        base, head, clear_of(explained), title="The head, and where it clearly differs"
    )


def clear_of(explained: Explained) -> dict[Called, float]:
    """Seconds per step that functions clearly take more (less) in the head, by where in own code they are called.

    Renamed or moved functions are left out: they are tested as a sum, which has no box of its own.
    """
    named = {(cause.name, cause.within): cause.difference_s for cause in explained.code.clear}
    return {called: seconds for called, seconds in named.items() if called != MOVED}
