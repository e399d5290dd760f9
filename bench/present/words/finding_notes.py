"""Findings as notes to a table: a letter next to the number, message and advice below the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bench.present.row_groups import CheckFindings


@dataclass(frozen=True)
class Doubt:
    """A check with findings, over all its cases: its most frequent message, and the message of each case."""

    mark: str
    check: str
    severity: str
    message: str
    advice: str
    cases: tuple[tuple[str, str], ...]
    """(case key, message) of each case."""

    @property
    def varies(self) -> bool:
        """True if the messages of its cases differ."""
        return len({message for _, message in self.cases}) > 1


def doubts(groups: Iterable[CheckFindings], letters: Mapping[str, str]) -> list[Doubt]:
    """A `Doubt` for each check, with the most frequent message: messages have their own numbers."""
    notes = []
    for group in groups:
        (message, _), *_ = Counter(item.message for item in group.findings).most_common()
        first = next(item for item in group.findings if item.message == message)
        cases = tuple((item.case, sentence(item.message)) for item in group.findings if item.case)
        mark, advice = letters[group.check], sentence(first.advice)
        notes.append(Doubt(mark, group.check, group.severity, sentence(message), advice, cases))
    return notes


def finding_notes(groups: Iterable[CheckFindings], letters: Mapping[str, str]) -> list[str]:
    """A paragraph for each check: letter, severity, check, which cases, message, advice."""
    return [_paragraph(doubt) for doubt in doubts(groups, letters)]


def _paragraph(doubt: Doubt) -> str:
    what = f"({doubt.mark}) {doubt.severity}, {doubt.check}{_where(doubt)}. {doubt.message}"
    return f"{what} {doubt.advice}".rstrip()


def _where(doubt: Doubt) -> str:
    """The cases: the only one, or how many and an example; if messages differ, the case that the message is about."""
    keys = [key for key, _ in doubt.cases]
    if len(keys) <= 1:
        return "".join(f", {key}" for key in keys)
    if not doubt.varies:
        return f", {len(keys)} cases, the first {keys[0]}"
    example = next(key for key, message in doubt.cases if message == doubt.message)
    return f", {len(keys)} cases, each with its own number, such as {example}"


def sentence(text: str) -> str:
    """Text with a capital at its start and a stop at its end."""
    text = " ".join(text.split())
    text = text[:1].upper() + text[1:]
    return text if not text or text[-1] in ".!?…" else f"{text}."
