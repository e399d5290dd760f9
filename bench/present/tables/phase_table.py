"""The table of phases: what each costs once, and the parts of a step."""

from __future__ import annotations

from collections.abc import Sequence

from bench.analyse.rows.frames import PHASE_COLUMNS, phase_record
from bench.analyse.rows.once import PhaseTime
from bench.present.tables.table_formats import Table
from bench.present.tables.terminal_table import Column


def table_of_phases(phases: Sequence[Sequence[PhaseTime]], machines: Sequence[str]) -> Table:
    """The phases of each run in one table; with several runs each phase has the name of its machine.

    machines: what each run is called, as `run_labels.labels` has it.
    """
    several = ["machine"] if len(phases) > 1 else []
    records = [
        {**phase_record(phase), **dict.fromkeys(several, machine)}
        for own, machine in zip(phases, machines, strict=True)
        for phase in own
    ]
    return Table([Column(name) for name in (*PHASE_COLUMNS, *several)], records)
