"""Two stored runs beside each other, as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from bench.analyse.compare import FASTER, OTHER_MACHINE, SLOWER, Compared
from bench.present import layout
from bench.present.gate import short
from bench.present.terminal import Column
from bench.present.units import DASH, seconds

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


def show(
    found: Sequence[Compared], base: Mapping[str, Any], head: Mapping[str, Any], format_: str, *,
    width: int = 100, color: bool = False,
) -> str:  # fmt: skip
    """In one of the formats of tables; ends in a newline. base, head: `run.json` of either."""
    layout.check_format(format_)
    if format_ in ("json", "csv"):
        rows = [asdict(item) for item in found]
        return layout.render(rows, list(rows[0]) if rows else [], format_)
    table = layout.render([_row(item) for item in found], COLUMNS, format_, width=width, color=color)
    return f"{heading(base, head)}\n\n{table}\n" + "\n".join(below(found)) + "\n"


def heading(base: Mapping[str, Any], head: Mapping[str, Any]) -> str:
    """Which runs of which machines."""
    return f"head {head['run']} on {head['machine']}, base {base['run']} on {base['machine']}"


def below(found: Sequence[Compared]) -> list[str]:
    """How much the table can be trusted."""
    with_interval = [item for item in found if item.low is not None]
    if any(item.verdict == OTHER_MACHINE for item in found):
        return [
            "The runs are of different machines, or of different builds of torch: this compares those, and not two "
            "versions of code."
        ]
    lines = [
        "The runs were not interleaved: what lies between them may be the code, or the hour. `bench gate` takes turns, "
        "and can tell."
    ]
    if with_interval:
        apart = sum(item.verdict in (SLOWER, FASTER) for item in with_interval)
        lines.append(
            f"{apart} of {len(with_interval)} intervals (95 %) leave 1 out; about {0.05 * len(with_interval):.0f} "
            "would if nothing differed and the hours were alike."
        )
    return lines


def _row(item: Compared) -> dict[str, str]:
    return {
        "case": short(item.key),
        "clock": item.clock,
        "verdict": item.verdict,
        "base": DASH if item.base_s is None else seconds(item.base_s),
        "head": DASH if item.head_s is None else seconds(item.head_s),
        "head ÷ base": DASH if item.ratio is None else f"{item.ratio:.3f}",
        "interval": DASH if item.low is None or item.high is None else f"{item.low:.3f} to {item.high:.3f}",
        "launches": f"{item.base_launches}, {item.head_launches}",
        "note": item.note,
    }
