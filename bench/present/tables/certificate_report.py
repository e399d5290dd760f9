"""The certificate for people and programs: text for a terminal, one page, JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import jinja2

from bench.analyse.certificate import HELD, NOT_HELD, SKIPPED, TOLD, UNDECIDED, CertificateLine, verdict
from bench.present.tables import table_formats
from bench.present.tables.terminal_table import Column

MEANINGS: Mapping[str, str] = {
    HELD: "the data show it",
    NOT_HELD: "the data contradict it",
    UNDECIDED: "the data cannot tell: the interval crosses the bound",
    TOLD: "a number without a bound",
    SKIPPED: "nothing was measured",
}

SOURCES: Mapping[str, str] = {
    "simulated": "drawn at random from a known distribution, by the harness's own statistics",
    "replayed": "the pairs that were measured, under every other outcome of the coins",
    "exact": "follows from the coins by arithmetic, whatever was measured",
    "live": "measured on this machine, now",
}

CONSTANT = (
    *("device=cpu,", "dtype=float32,", "mode=eager,", ",threads=1", ",workers=0", "pin=False,", "form=slower,"),
    "[threads=1]",
)
"""Parts of keys that all cases of the certificate share, or that say nothing in it."""

EXPLAINED: Mapping[str, str] = {
    "clock": "What the clock can tell apart, and what reading it costs.",
    "linearity": "Busy waits of known length: the measured time must grow as the length does.",
    "CPU clock": "CPU time: of waits that spin, which take as much of it as of wall time; and of pairs of known ratio.",
    "mean": "Waits of which every so many-th is much longer: the mean must count those, and the median must not.",
    "additivity": "The same work twice must take twice as long.",
    "coverage": "Simulated measurements, stopped as a run stops: how many of the 95 % intervals hold the true median.",
    "moderated interval": "The same in runs of many cases, which lend each other their spread, of few launches too.",
    "false alarms": "Real cases compared with themselves: a 95 % interval that excludes 1 is a false alarm.",
    "injected slow-down": "Work that is slower by a known percentage, by construction, against the plain work.",
    "lockstep ÷ solo": "A block timed in lockstep with another process must take as long as one timed alone.",
    "agreement": "The same step timed by other timers, in alternation with ours, in one process.",
    "smallest effect": "The slow-down that this number of pairs would find four times in five, at the measured spread.",
}
"""Each check, explained in a sentence."""


def text(lines: Sequence[CertificateLine], run: Mapping[str, Any], *, width: int = 100, color: bool = False) -> str:
    """The certificate as a table, its verdict above; ends in a newline. width: characters of the terminal."""
    rows = [
        {
            "verdict": line.verdict,
            "check": line.check,
            "of": short(line.about),
            "found": f"{line.said}. Must be: {line.bound}" if line.bound else line.said,
            "source": f"{line.source}, {line.count:,} {line.of}",
        }
        for line in lines
    ]
    columns = [Column("verdict"), Column("check"), Column("of"), Column("source"), Column("found", wrap=True)]
    return heading(lines, run) + "\n\n" + table_formats.render(rows, columns, "table", width=width, color=color)


def heading(lines: Sequence[CertificateLine], run: Mapping[str, Any]) -> str:
    """One line with the verdict, the machine and the run."""
    counts = ", ".join(f"{number} {each}" for each, number in _counts(lines).items())
    return f"Certificate of {run['machine']}, run {run['run']}: {verdict(lines)} ({counts})"


def as_json(lines: Sequence[CertificateLine], run: Mapping[str, Any]) -> str:
    """One object: schema, run, machine, fingerprint, created, extent, verdict, and the lines with all their numbers."""
    head = {name: run[name] for name in ("schema", "run", "machine", "fingerprint", "created", "status")}
    body = {**head, "extent": run["certificate"]["extent"], "verdict": verdict(lines), "lines": list(lines)}
    return table_formats.as_json([body])[2:-3].strip() + "\n"


def page(lines: Sequence[CertificateLine], run: Mapping[str, Any]) -> str:
    """The certificate as one self-contained page."""
    environ = jinja2.Environment(
        loader=jinja2.PackageLoader("bench.present"), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    chapters = [(check, EXPLAINED[check], list(group)) for check, group in groupby(lines, key=lambda line: line.check)]
    return environ.get_template("certificate.html.j2").render(
        run=run,
        verdict=verdict(lines),
        counts=_counts(lines),
        meanings=MEANINGS,
        sources=SOURCES,
        chapters=_joined(chapters),
        short=short,
        wall_s=run.get("time", {}).get("wall_s"),
    )


def _joined(chapters: Sequence[tuple[str, str, list[CertificateLine]]]) -> list[tuple[str, str, list[CertificateLine]]]:
    """One chapter for each check, even if lines of other checks stood between its lines."""
    joined: dict[str, tuple[str, str, list[CertificateLine]]] = {}
    for check, explained, lines in chapters:
        joined.setdefault(check, (check, explained, []))[2].extend(lines)
    return list(joined.values())


def short(about: str) -> str:
    """A case key without the axes that every case of the certificate has."""
    for constant in CONSTANT:
        about = about.replace(constant, "")
    return about


def _counts(lines: Sequence[CertificateLine]) -> dict[str, int]:
    """The number of lines with each verdict, without verdicts that no line has."""
    numbers = {each: sum(line.verdict == each for line in lines) for each in MEANINGS}
    return {each: number for each, number in numbers.items() if number}
