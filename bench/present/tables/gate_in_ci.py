"""A gate as continuous integration shows it: a comment and a summary of limited length, annotations, a badge."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from bench.analyse.gate.gate_plan import Place
from bench.analyse.gate.verdicts import GateResult
from bench.present.tables import gate_report, table_formats
from bench.present.tables.gate_failures import failing, fault, short
from bench.stats.gate_policy import TIME

MOST_COMMENT = 60_000
"""Most characters of a comment: GitHub takes 65,536."""

MOST_SUMMARY = 1_000_000
"""Most bytes of a job's summary: GitHub takes 1 MiB a step, and shows nothing of a longer one."""

MOST_ANNOTATIONS = 10
"""GitHub shows ten errors and ten warnings of a step."""

COLOURS = {
    "regressed": "red",
    "failed": "red",
    "machine_unfit": "orange",
    "not_resolved": "yellow",
    "workload_changed": "yellow",
    "acknowledged": "yellowgreen",
    "improved": "brightgreen",
    "not_slower": "brightgreen",
    "nothing_in_common": "lightgrey",
}
"""Colours of the badge, by verdict, as shields.io names them."""


def comment(judged: GateResult, explained: Sequence[str] = (), link: str = "", most: int = MOST_COMMENT) -> str:
    """Markdown of at most `most` characters for a comment or a summary; ends in a newline.

    The verdict comes first, then the cases, the worst first, the lines below, and the explanations, as far as there is
    room. What is left out is counted, with `link` to the whole.
    """
    above, pieces = f"{gate_report.above(judged).rstrip()}\n", [*_lines(judged), *explained]
    whole = "\n".join([above, *pieces]).rstrip() + "\n"
    if _length(whole) <= most:
        return whole
    room = most - _length(above) - _length(_left_out(len(pieces), link)) - 2
    kept = []
    for piece in pieces:
        room -= _length(piece) + 1
        if room < 0:
            break
        kept.append(piece)
    return "\n".join([above, *kept, _left_out(len(pieces) - len(kept), link)]).rstrip() + "\n"


def _lines(judged: GateResult) -> list[str]:
    """The lines of the table and those below it."""
    table = table_formats.render(gate_report.rows(judged), gate_report.COLUMNS, "md").splitlines()
    return [*table, "", *(f"- {line}" for line in gate_report.lines_below(judged))]


def _left_out(number: int, link: str) -> str:
    """The last line of what was cut off."""
    return f"\n{number} lines are left out here: {_whole(link)}."


def _whole(link: str) -> str:
    return f"[the whole result]({link})" if link else "the files of the gate have all"


def _length(text: str) -> int:
    """Characters as GitHub counts them: UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def summary(text: str, already: int, link: str = "", most: int = MOST_SUMMARY) -> str:
    """The text for a job's summary of which some bytes are written already: cut at a line, and said so."""
    room = most - already
    if len(text.encode()) <= room:
        return text
    end = f"\nThe rest is left out here: {_whole(link)}.\n"
    room -= len(end.encode())
    kept = []
    for line in text.splitlines(keepends=True):
        room -= len(line.encode())
        if room < 0:
            break
        kept.append(line)
    return "".join([*kept, end]) if kept else ""


def marked_lines(judged: GateResult) -> list[str]:
    """Commands of GitHub that mark the line of each case that fails the gate, the worst first, ten at most.

    A case that failed or was not resolved is marked too, the latter as a warning.
    """
    sentences = {case.key: gate_report.sentence(case) for case in judged.cases}
    errors = [
        (each.key, sentences.get(each.key, fault(each)) if each.metric == TIME else fault(each))
        for each in failing(judged)
    ]
    errors += [(each.key, each.text) for each in judged.failed]
    warnings = [(case.key, sentences[case.key]) for case in judged.cases if case.verdict == "not_resolved"]
    return [*_marked(judged, "error", errors), *_marked(judged, "warning", warnings)]


def _marked(judged: GateResult, level: str, messages: Sequence[tuple[str, str]]) -> Iterable[str]:
    for place, (key, message) in enumerate(messages):
        last = place == MOST_ANNOTATIONS - 1
        if place >= MOST_ANNOTATIONS:
            return
        rest = f" ({len(messages) - MOST_ANNOTATIONS} more)" if last and len(messages) > MOST_ANNOTATIONS else ""
        yield annotation(level, message + rest, short(key) or "all cases", judged.plan.places.get(key))


def annotation(level: str, message: str, title: str, place: Place | None = None) -> str:
    """One command of GitHub: `::error file=…,line=…,title=…::message`, with what would end a part of it escaped."""
    about = {"title": f"bench gate: {title}"}
    if place is not None:
        about = {"file": place.file, "line": str(place.line), **about}
    properties = ",".join(f"{name}={_property(value)}" for name, value in about.items())
    return f"::{level} {properties}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def badge(judged: GateResult) -> str:
    """The JSON of a badge, as the endpoint of shields.io reads it; ends in a newline."""
    slower = sum(case.verdict == "regressed" for case in judged.cases)
    words = judged.verdict.replace("_", " ")
    message = f"{words}: {slower} of {len(judged.cases)}" if slower else words
    colour = "orange" if judged.could_not_fail else COLOURS.get(judged.verdict, "lightgrey")
    message = "could not fail" if judged.could_not_fail else message
    body = {"schemaVersion": 1, "label": "bench gate", "message": message, "color": colour}
    return json.dumps(body) + "\n"
