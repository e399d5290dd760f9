"""The verdicts of a gate, as a value: its table, its files, its chart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bench.jobs.drawn_charts import Theme, one_chart
from bench.jobs.endings import code_of
from bench.jobs.explanations import Explanations, beside_verdicts, write_page
from bench.jobs.listener import SILENT, Listener
from bench.jobs.result import Format, Result, columns, paragraph
from bench.records import UserError

if TYPE_CHECKING:
    import pandas as pd

    from bench.analyse.gate.verdicts import GateResult
    from bench.present.charts.chart_set import Drawn
    from bench.stats.gate_policy import GatePolicy
    from bench.store.tables import RunData


@dataclass(frozen=True, repr=False, eq=False)
class Gate(Result):
    """The result of `bench gate`; printed, it is the table of the command, with explanations if requested."""

    data: RunData
    """The pairs as stored."""
    judged: GateResult
    """The verdict on each case, and the numbers behind it."""
    explained: Explanations = field(default_factory=Explanations)

    @property
    def verdict(self) -> str:
        """The verdict of the suite: `regressed`, `not_slower`, `improved`, `not_resolved`, `machine_unfit`, …"""
        return self.judged.verdict

    @property
    def verdicts(self) -> dict[str, str]:
        """The verdict on each case, by its key."""
        return {case.key: case.verdict for case in self.judged.cases}

    @property
    def outcomes(self) -> dict[str, int]:
        """Number of cases with each verdict, such as `{"regressed": 1, "not_slower": 4}`."""
        return dict(Counter(self.verdicts.values()))

    def text(self, format: Format = "table", *, width: int | None = None, color: bool = False) -> str:
        """The table of the command with its notes, and the explanations.

        md is for a pull request; csv has the rows of `frame`.
        """
        from bench.present.tables import difference_table, gate_report

        if format == "json":
            return self.json().rstrip()
        if format == "md":
            return self.markdown().rstrip()
        if format == "csv":
            return str(self.frame().to_csv(index=False)).rstrip()
        wide = width or columns()
        parts = [gate_report.text(self.judged, width=wide, color=color).rstrip()]
        parts += [difference_table.text(each, width=wide, color=color).rstrip() for each in self.explained.found]
        parts += [f"Not explained: {key}: {reason}" for key, reason in self.explained.ended.items()]
        return "\n\n".join(parts)

    def json(self, exit_code: int | None = None) -> str:
        """One object with all numbers; ends in a newline. exit_code: that of the command, where it differs."""
        from bench.present.tables import difference_table, gate_report

        explained = [difference_table.as_object(each) for each in self.explained.found]
        return gate_report.as_json(
            self.judged, self.facts, explained, self.exit_code() if exit_code is None else exit_code
        )

    def markdown(self) -> str:
        """A table for a pull request, and the explanations; ends in a newline."""
        from bench.present.tables import difference_table, gate_report

        why = (f"\n{difference_table.markdown(each)}" for each in self.explained.found)
        return gate_report.markdown(self.judged) + "".join(why)

    def exit_code(self, bisect: bool = False) -> int:
        """The exit code of the command; bisect: the one for `git bisect run`."""
        return code_of(self.judged, bisect)

    def comment(self, link: str = "") -> str:
        """Markdown for a comment, of at most 60,000 characters; ends in a newline. link: where all of it is."""
        from bench.present.tables import difference_table, gate_in_ci

        why = [f"\n{difference_table.markdown(each)}" for each in self.explained.found]
        return gate_in_ci.comment(self.judged, why, link)

    def annotations(self) -> list[str]:
        """Commands of GitHub that mark the line of each case that fails, or was not resolved."""
        from bench.present.tables import gate_in_ci

        return gate_in_ci.marked_lines(self.judged)

    def badge(self) -> str:
        """The JSON of a badge, as the endpoint of shields.io reads it; ends in a newline."""
        from bench.present.tables import gate_in_ci

        return gate_in_ci.badge(self.judged)

    def html(self) -> str:
        """A page with every case, its pairs as a picture, and why."""
        from bench.present.pages import difference_page, gate_page

        return gate_page.page(self.judged, self.facts, difference_page.PAGE if self.explained else "")

    def junit(self) -> str:
        """A JUnit file: a failure for each case that regressed; ends in a newline."""
        from bench.present.tables import difference_table, gate_report

        why = {each.key: difference_table.lines(each)[0] for each in self.explained.found}
        return gate_report.junit(self.judged, self.facts, why)

    def save(self, path: str | Path) -> Path:
        """Write the verdicts to a file: .json, .md (for a pull request), .html, .xml (JUnit) or .csv; returns its path.

        Raises `UserError` for another suffix, and for a folder that cannot be made.
        """
        path = Path(path)
        match path.suffix:
            case ".json":
                return write(path, self.json())
            case ".md":
                return write(path, self.markdown())
            case ".html":
                return write(path, self.html())
            case ".xml":
                return write(path, self.junit())
            case ".csv":
                return write(path, self.text("csv") + "\n")
        raise UserError(f"{path}: verdicts are written as .json, .md, .html, .xml or .csv")

    @property
    def page(self) -> Path | None:
        """The page that says why cases are slower, written on first use; None if nothing was explained."""
        from bench.present.tables.gate_report import sentence

        if not self.explained:
            return None
        return write_page(self.folder, self.explained, {case.key: sentence(case) for case in self.judged.cases})

    @property
    def verdict_page(self) -> Path:
        """The page with every case and the picture of its pairs, written on first use."""
        from bench.present.pages.gate_page import PAGE

        return write(self.folder / PAGE, self.html())

    def frame(self) -> pd.DataFrame:
        """A row for each case: verdict, head ÷ base with its interval, pairs. It is `bench.load(…, level="verdicts")`,
        judged by the rule of these verdicts.
        """
        from bench.analyse.gate.verdict_rows import verdict_rows
        from bench.analyse.rows import record

        return record.frame(verdict_rows(self.data, self.judged))

    def charts(self, theme: Theme = "light") -> Drawn:
        """The chart of the verdicts: the ratio of each case with its interval, in several parts if there are many."""
        return self.chart("verdict", theme)

    def chart(self, name: str = "verdict", theme: Theme = "light") -> Drawn:
        """The same chart by name. Raises `UserError` for any other name: a gate has no estimates."""
        return one_chart(name, self.frame(), theme)

    def _repr_html_(self) -> str:
        """For Jupyter: the verdict, the table, and its notes."""
        from bench.present.tables import gate_report
        from bench.present.tables.table_formats import as_html

        above, below = gate_report.heading(self.judged), gate_report.lines_below(self.judged)
        table = as_html(gate_report.rows(self.judged), gate_report.COLUMNS)
        return "".join([paragraph(above), table, *map(paragraph, below)])


def write(path: Path, text: str) -> Path:
    """Write a text file as a whole or not at all, and make its folder. Raises `UserError` if that fails."""
    from bench.store import runs

    runs.make_folder(path.parent)
    runs.replace_whole(path, text.encode())
    return path


def judged_gate(
    folder: Path,
    alpha: float | None = None,
    slack: float | None = None,
    limit: float | None = None,
    listener: Listener = SILENT,
    policy: GatePolicy | None = None,
    fail_on: Sequence[str] = (),
) -> Gate:
    """The verdicts on the pairs in the folder of a gate; given numbers replace those of its rule.

    policy: another policy than that of the gate; fail_on: more of what fails it.

    Raises `UserError` for another folder, or one that cannot be read.
    """
    from bench.analyse.gate.verdicts import judge
    from bench.store import loaded_runs, tables

    data = tables.read(folder)
    judged = judge(data, alpha=alpha, slack=slack, limit=limit, policy=policy, fail_on=fail_on)
    loaded_runs.remember(str(data.run["run"]), folder)
    return Gate(folder, data.run, data, judged, beside_verdicts(folder, listener))
