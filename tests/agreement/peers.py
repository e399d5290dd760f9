"""How precise is the number a tool reports, for the time it takes? Builds of `bench` beside other tools.

    python -m tests.agreement.peers --build old=OLD/bin/python --build new=.venv/bin/python --asv ASV/bin/python
        [--rounds 20] [--steps product,sine] [--ours "new=run {case} -s mode=eager --launches 6"] [--out peers.json]

Five steps of the course; each tool is run as its manual says, in fresh processes, again and again, tools taking turns
in random order. A round's datum is the one number that a user would write down. The figure of a tool is the standard
deviation of those numbers as a share of their mean, times the root of the seconds that one took: of two tools of equal
precision the cheaper one has the smaller figure. Its interval is that of a standard deviation of normal data
(chi-square, 95 %); those of ratios are of a bootstrap over rounds, and the best peer is the one that is best over all
rounds. A machine whose level wanders from round to round takes all tools along, whatever they do: `own` is the figure
of what a tool strays by itself, with the standard deviation that Grubbs gives for instruments which measured the same
things (On estimating precision of measuring instruments and product variability, JASA 43, 1948). A tool that reports an
interval of its own is also held to it: the last column is the share of rounds whose interval contains the median of all
rounds of that tool. asv is left out, and the reason is said, where --asv has none; it needs the same torch and scikit-
learn beside it (`pip install asv`).
"""

from __future__ import annotations

import argparse
import itertools
import math
import statistics
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from scipy import stats

from tests.agreement import builds
from tests.agreement.builds import Interval, Turn
from tests.agreement.peer_tools import ASV, PEERS, STEPS, asv, bench, why_no_asv

TIMER = "torch Timer"
OURS = "run {case} -s mode=eager"
"""With the launches of the quick preset, which are those of each build."""
OURS_IS = "words of bench with {case} in them, for all builds or for one; repeatable"

Rounds = Sequence[dict[str, Turn]]
"""A round is a turn of each tool."""


def figure(turns: Sequence[Turn]) -> float:
    """Standard deviation as a share of the mean, times the root of the mean seconds."""
    values = [turn["value_s"] for turn in turns]
    return statistics.stdev(values) / statistics.fmean(values) * math.sqrt(cost(turns))


def own_figure(tool: str, rounds: Rounds) -> float:
    """The figure by the tool's own variance: covariance of its distances from two other tools, over all such couples.

    Of the logs, so that it is a share. NaN with fewer than three tools. An estimate below 0 is given as 0: nothing of
    what was seen is the tool's own.
    """
    logs = {each: [math.log(turns[each]["value_s"]) for turns in rounds] for each in rounds[0]}
    away = [[a - b for a, b in zip(logs[tool], values, strict=True)] for name, values in logs.items() if name != tool]
    if len(away) < 2:
        return math.nan
    variance = statistics.fmean(statistics.covariance(a, b) for a, b in itertools.combinations(away, 2))
    return math.sqrt(max(variance, 0.0) * cost([turns[tool] for turns in rounds]))


def own_text(tool: str, rounds: Rounds) -> str:
    """That figure with the bootstrap's interval; a dash where there is none."""
    found = builds.bootstrap(rounds, partial(own_figure, tool))
    return "–" if math.isnan(found.value) else found.text()


def cost(turns: Sequence[Turn]) -> float:
    """Mean seconds of a turn."""
    return statistics.fmean(turn["cost_s"] for turn in turns)


def figure_within(turns: Sequence[Turn]) -> Interval:
    """The figure, with the chi-square interval of its standard deviation."""
    n, value = len(turns), figure(turns)
    low, high = (math.sqrt((n - 1) / stats.chi2.ppf(p, n - 1)) for p in (0.975, 0.025))
    return Interval(value, value * low, value * high)


def held(turns: Sequence[Turn]) -> float | None:
    """Share of the intervals that hold the median of all; None for a tool that gives none."""
    truth = statistics.median(turn["value_s"] for turn in turns)
    own = [turn["low_s"] <= truth <= turn["high_s"] for turn in turns if turn.get("low_s") is not None]
    return statistics.fmean(own) if own else None


def figures(a: str, b: str, rounds: Rounds) -> float:
    """Figure of one tool ÷ that of another."""
    return figure([each[a] for each in rounds]) / figure([each[b] for each in rounds])


def medians(a: str, b: str, rounds: Rounds) -> float:
    """Median of one tool ÷ that of another."""
    return statistics.median(each[a]["value_s"] for each in rounds) / statistics.median(
        each[b]["value_s"] for each in rounds
    )


def table(step: str, rounds: Rounds, ours: Sequence[str]) -> list[list[str]]:
    """Lines of one step, a tool each; builds first."""
    tools = [*ours, *sorted(set(rounds[0]) - set(ours))]
    by_tool = {tool: [each[tool] for each in rounds] for tool in tools}
    best = min(tools[len(ours) :], key=lambda tool: figure(by_tool[tool]), default=None)
    lines = []
    for tool, turns in by_tool.items():
        values, share = [turn["value_s"] for turn in turns], held(turns)
        ratios = ["–", "–", "–"]
        if tool in ours and best is not None:
            ratios[0] = f"{builds.bootstrap(rounds, partial(figures, tool, best)).text('.2f')} ({best})"
        if tool in ours[1:]:
            ratios[1] = builds.bootstrap(rounds, partial(figures, tool, ours[0])).text(".2f")
        if TIMER in tools and tool != TIMER:
            ratios[2] = builds.bootstrap(rounds, partial(medians, tool, TIMER)).text()
        lines.append(
            [
                step, tool, f"{statistics.median(values) * 1e6:.1f} µs",
                f"{statistics.stdev(values) / statistics.fmean(values):.1%}", f"{cost(turns):.1f}",
                figure_within(turns).text(), own_text(tool, rounds), *ratios, "–" if share is None else f"{share:.0%}",
            ]
        )  # fmt: skip
    return lines


def head(ours: Sequence[str]) -> list[str]:
    """Names of the columns."""
    ratios = ["÷ best peer", f"÷ {ours[0]}", "median ÷ Timer's"]
    return ["step", "tool", "reported", "sd", "seconds", "sd × √seconds", "own", *ratios, "own interval holds"]


def words_by_build(names: Sequence[str], asked: Sequence[str]) -> dict[str, str]:
    """What each build is called with; a later --ours wins. Raises `SystemExit` for one of a build that is not there."""
    found = dict.fromkeys(names, OURS)
    for each in asked:
        owner, _, words = each.partition("=")
        if " " in owner:  # the first = is one of its words
            found = dict.fromkeys(names, each)
        elif owner in found:
            found[owner] = words
        else:
            raise SystemExit(f"--ours {each}: no build has the name {owner}")
    return found


def options() -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = builds.parser(__doc__, rounds=20)
    parser.add_argument("--steps", default=",".join(STEPS), help="steps to measure (%(default)s)")
    parser.add_argument("--peers", default=",".join([*PEERS, ASV]), help="other tools (%(default)s)")
    parser.add_argument("--ours", action="append", default=[], metavar="[NAME=]WORDS", help=OURS_IS)
    parser.add_argument(
        "--asv", default=sys.executable, metavar="PYTHON", help="interpreter with asv, torch and scikit-learn"
    )
    return parser.parse_args()


def main() -> None:
    """Let the tools take turns, and print the table."""
    asked = options()
    ours = {build.name: build for build in builds.chosen(asked)}
    words = words_by_build(list(ours), asked.ours)
    peers = dict(PEERS)
    lacking = why_no_asv(asked.asv)
    if lacking:
        print(f"{ASV} is left out: {asked.asv}: {lacking}", file=sys.stderr)
    else:
        peers[ASV] = partial(asv, str(Path(asked.asv).absolute()))
    peers = {name: peers[name] for name in asked.peers.split(",") if name in peers}
    steps = asked.steps.split(",")

    def measure(who: builds.Who, number: int) -> Turn:
        step, tool = who
        with tempfile.TemporaryDirectory() as name:
            if tool in ours:
                return bench(ours[tool], words[tool], STEPS[step], Path(name))
            return peers[tool](STEPS[step], Path(name))

    kept = builds.RawData(asked.out, {"steps": steps, "words": words, "peers": list(peers)})
    who = [(step, tool) for step in steps for tool in (*ours, *peers)]
    kept.take(asked.rounds, who, measure)
    print(builds.markdown(head(list(ours)), [line for step in steps for line in lines_of(kept, step, list(ours))]))


def lines_of(kept: builds.RawData, step: str, ours: Sequence[str]) -> list[list[str]]:
    """Lines of a step, of its finished rounds."""
    by_round: dict[int, dict[str, Turn]] = {}
    for turn in kept.turns:
        if turn["who"][0] == step:
            by_round.setdefault(turn["round"], {})[turn["who"][1]] = turn
    whole = max(map(len, by_round.values()))
    rounds = [each for each in by_round.values() if len(each) == whole]
    return table(step, rounds, ours) if len(rounds) > 1 else []


if __name__ == "__main__":
    main()
