"""Doubts beside numbers: a letter where the number stands, message and advice below the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.present import frames
from bench.present.frames import Row
from bench.records import Finding


def marks(row: Row) -> list[str]:
    """The checks that doubt this row, the worst first, each once."""
    return [check for check, _ in frames.by_check(row["findings"])]


def finding_notes(records: Sequence[Row], letters: Mapping[str, str]) -> list[str]:
    """A paragraph for each distinct doubt: letter, severity, check, message, advice, and the cases it concerns."""
    paragraphs: list[str] = []
    groups = frames.by_check(item for row in records for item in row["findings"])
    for check, found in groups:
        for (severity, message, advice), cases in said(found).items():
            where = _where(cases)
            text = f"({letters[check]}) {severity}, {check}. {sentence(message)}"
            paragraphs.append(" ".join(part for part in (text, sentence(advice), where) if part))
    return paragraphs


def said(found: Sequence[Finding]) -> dict[tuple[str, str, str], list[str]]:
    """Cases by what is said of them (severity, message, advice), so that one message is read once."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for item in sorted(found, key=lambda item: frames.severity_rank(item.severity)):
        cases = groups.setdefault((item.severity, item.message, item.advice), [])
        if item.case and item.case not in cases:
            cases.append(item.case)
    return groups


def _where(cases: Sequence[str]) -> str:
    if not cases:
        return ""
    return f"[{cases[0]}]" if len(cases) == 1 else f"[{len(cases)} cases, the first: {cases[0]}]"


def sentence(text: str) -> str:
    """Text with a capital at its start and a stop at its end."""
    text = " ".join(text.split())
    text = text[:1].upper() + text[1:]
    return text if not text or text[-1] in ".!?…" else f"{text}."
