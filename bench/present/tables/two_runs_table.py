"""A comparison of two stored runs, as a table, and as a value that shows itself in a notebook."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from bench.analyse.common_shift import shared_by
from bench.analyse.comparison import FASTER, NOT_KNOWN, OTHER_ENVIRONMENT, OTHER_MACHINE, SLOWER, Compared
from bench.analyse.protocols import ABOUT_OLDER, OLDER
from bench.present.tables import table_formats
from bench.present.tables.gate_report import short
from bench.present.tables.terminal_table import Column
from bench.present.words.units import DASH, seconds
from bench.store import environments

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    Column("case", wrap=True),
    Column("clock", drop=2),
    Column("verdict"),
    Column("base", right=True),
    Column("head", right=True),
    Column("head ÷ base", right=True),
    Column("interval", right=True),
    Column("launches", right=True, drop=1),
    Column("note", wrap=True),
)


@dataclass(frozen=True, repr=False)
class Comparison:
    """The result of `bench compare`: two runs, case by case. base, head: `run.json` of each."""

    found: tuple[Compared, ...]
    base: Mapping[str, Any]
    head: Mapping[str, Any]

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each case and clock: verdict, seconds per step of each run, their ratio with interval, a note."""
        import pandas as pd

        return pd.DataFrame([asdict(item) for item in self.found], columns=[item.name for item in fields(Compared)])

    def __str__(self) -> str:
        return show(self.found, self.base, self.head, "table", width=table_formats.WIDE).rstrip()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """The output of the command as HTML, for Jupyter."""
        table = table_formats.as_html([_row(item) for item in self.found], COLUMNS)
        return "".join(
            [
                _paragraph(heading(self.base, self.head)),
                table,
                *map(_paragraph, below(self.found, self.base, self.head)),
            ]
        )


def _paragraph(text: str) -> str:
    """Text as HTML; text between backticks becomes code."""
    coded = re.sub("`([^`]+)`", r"<code>\1</code>", html.escape(text))
    return f"<p>{coded}</p>\n"


def show(
    compared: Sequence[Compared], base: Mapping[str, Any], head: Mapping[str, Any], format_: str, *,
    width: int = 100, color: bool = False,
) -> str:  # fmt: skip
    """The comparison in one of the formats of tables; ends in a newline. base, head: `run.json` of each."""
    table_formats.check_format(format_)
    if format_ in ("json", "csv"):
        rows = [asdict(item) for item in compared]
        return table_formats.render(rows, list(rows[0]) if rows else [], format_)
    table = table_formats.render([_row(item) for item in compared], COLUMNS, format_, width=width, color=color)
    return f"{heading(base, head)}\n\n{table}\n" + "\n".join(below(compared, base, head)) + "\n"


def heading(base: Mapping[str, Any], head: Mapping[str, Any]) -> str:
    """One line with the runs and their machines."""
    return f"head {head['run']} on {head['machine']}, base {base['run']} on {base['machine']}"


def below(compared: Sequence[Compared], base: Mapping[str, Any], head: Mapping[str, Any]) -> list[str]:
    """The lines below the table: how far it can be trusted. base, head: `run.json` of each."""
    said = [environments.differences(base, head), environments.not_recorded(base, head)]
    return [*_trust(compared), *filter(None, said)]


def _trust(compared: Sequence[Compared]) -> list[str]:
    if any(OLDER in item.note for item in compared):
        return [ABOUT_OLDER]
    with_interval = [item for item in compared if item.low is not None]
    if any(item.verdict == OTHER_MACHINE for item in compared):
        return [
            "The runs are from different machines, or from different builds of torch: this compares those, not two "
            "versions of code."
        ]
    if any(item.verdict == OTHER_ENVIRONMENT for item in compared):
        return ["The runs are from one machine in two environments: this compares those, not two versions of code."]
    lines = [
        "The runs were not interleaved: what lies between them may be the code, or the hour. `bench gate` takes turns, "
        "and can tell."
    ]
    shift = shared_by(compared)
    if shift is not None and not shift.is_one:
        lines.append(
            f"The {shift.cases} cases together: head ÷ base {shift.ratio:.3f}, {shift.low:.3f} to {shift.high:.3f}. "
            "That is the hour, or what all of them use; no verdict rests on it."
        )
    if with_interval:
        apart = sum(item.verdict in (SLOWER, FASTER) for item in with_interval)
        lines.append(
            f"{apart} of {len(with_interval)} cases are slower or faster (95 %); about {0.05 * len(with_interval):.0f} "
            "would if nothing differed and the hours were alike."
        )
    return lines


def _interval(item: Compared) -> str:
    if item.low is None or item.high is None:
        return "not known" if item.note == NOT_KNOWN else DASH
    return f"{item.low:.3f} to {item.high:.3f}"


def _row(item: Compared) -> dict[str, str]:
    return {
        "case": short(item.key),
        "clock": item.clock or DASH,
        "verdict": item.verdict,
        "base": DASH if item.base_s is None else seconds(item.base_s),
        "head": DASH if item.head_s is None else seconds(item.head_s),
        "head ÷ base": DASH if item.ratio is None else f"{item.ratio:.3f}",
        "interval": _interval(item),
        "launches": f"{item.base_launches}, {item.head_launches}",
        "note": item.note,
    }
