"""A profile, and a difference between two sides, as values: text, page, flame graph, rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.jobs.explanations import Explanations, explanations, write_page
from bench.jobs.result import Format, Result, columns, picture
from bench.records import SIDES, UserError

if TYPE_CHECKING:
    import pandas as pd

    from bench.analyse.profiles import ProfileResult
    from bench.analyse.profiles.causes import Explained
    from bench.store.profiles import Profile

FLAMES = "flames.svg"


@dataclass(frozen=True, repr=False, eq=False)
class CaseProfile(Result):
    """The result of `bench profile`; printed, it is the output of the command."""

    profile: Profile
    """The profile as stored, with its tables."""
    judged: ProfileResult
    """What limits the step, and what the profilers cost."""

    @property
    def verdict(self) -> str:
        """What limits the step, in a word, such as `operator-bound`."""
        return self.judged.verdict.word

    def text(self, format: Format = "table", *, width: int | None = None, color: bool = False) -> str:
        """The output of the command: functions, shares, operators; csv has only the operators."""
        from bench.present.tables.profile_report import show

        return show(self.profile, self.judged, format, width=width or columns(), color=color).rstrip()

    @property
    def page(self) -> Path:
        """The page with the flame graph, written if it does not exist yet."""
        from bench.store import profiles

        path = self.folder / profiles.PAGE
        return path if path.exists() else self.write_pages()

    def write_pages(self) -> Path:
        """Write the page with the flame graph, and the stacks for other programs; returns the path of the page."""
        from bench.present.pages.profile_page import files, page
        from bench.store import profiles, runs

        made = {profiles.PAGE: page(self.profile, self.judged), **files(self.profile, self.judged)}
        for name, content in made.items():
            runs.replace_whole(self.folder / name, content.encode())
        return self.folder / profiles.PAGE

    @property
    def trace(self) -> Path:
        """The trace, for https://ui.perfetto.dev."""
        from bench.store import profiles

        return self.folder / profiles.TRACE

    def flames(self) -> str:
        """The flame graph of the step, as SVG. Raises `UserError` if there are no stacks."""
        from bench.present.pages.profile_page import files

        found = files(self.profile, self.judged).get(FLAMES)
        if found is None:
            raise UserError(f"{self.folder} has no stacks, and so no flame graph")
        return found

    def frame(self) -> pd.DataFrame:
        """A row for each operator: calls, seconds and bytes per step."""
        import pandas as pd

        from bench.present.tables.profile_report import operators

        return pd.DataFrame(operators(self.profile, self.judged))

    def _repr_html_(self) -> str:
        """For Jupyter: the text, and the flame graph if there are stacks."""
        from bench.present.pages.profile_page import files

        found = files(self.profile, self.judged).get(FLAMES)
        return super()._repr_html_() + (picture(found, f"Flame graph of {self.profile.told['key']}") if found else "")


@dataclass(frozen=True, repr=False, eq=False)
class CaseDifference(Result):
    """The parts of a difference between two sides; printed, it is the output of `bench profile --diff`."""

    explained: Explained
    """The step on both sides, and each candidate cause, with intervals."""

    def text(self, format: Format = "table", *, width: int | None = None, color: bool = False) -> str:
        """The output of the command, in this format."""
        from bench.present.tables import difference_table, table_formats

        match format:
            case "json":
                return table_formats.as_json([difference_table.as_object(self.explained)])[2:-3].strip()
            case "csv":
                flat = difference_table.flat(self.explained)
                return table_formats.as_csv(flat, list(difference_table.FLAT)).rstrip()
            case "md":
                return difference_table.markdown(self.explained).rstrip()
            case _:
                table_formats.check_format(format)
                return difference_table.text(self.explained, width=width or columns(), color=color).rstrip()

    @property
    def page(self) -> Path:
        """The page with the flame graph of the head, written on first use."""
        return write_page(self.folder, Explanations((self.explained,)))

    def flames(self) -> str:
        """The head's flame graph, coloured where it clearly differs, as SVG.

        Raises `UserError` if the pairs show no functions.
        """
        from bench.analyse.profiles.step_seconds import mean_stacks
        from bench.present.flames import flame_graph
        from bench.present.pages.difference_page import clear_of
        from bench.store import profile_pair_tables

        data = profile_pair_tables.read(self.folder)
        if data is None or self.explained.code.reason:
            raise UserError(f"{self.folder} shows no functions: {self.explained.code.reason or 'no pairs'}")
        base, head = (mean_stacks(data, self.explained.key, side) for side in SIDES)
        if not base or not head:
            raise UserError(f"{self.folder} has no stacks of a side, and so no flame graph")
        return flame_graph.draw_difference(base, head, clear_of(self.explained), title=self.explained.key)

    def frame(self) -> pd.DataFrame:
        """A row for each candidate cause: seconds per step on each side, the difference and its interval."""
        import pandas as pd

        from bench.present.tables import difference_table

        return pd.DataFrame(difference_table.flat(self.explained), columns=list(difference_table.FLAT))


def profile_in(folder: Path, peaks: str | None = None) -> CaseProfile:
    """The profile in a folder. peaks: the run whose peaks distinguish compute from memory (default: the latest).

    Raises `UserError` for a folder without a profile, and for peaks of another machine.
    """
    from bench.analyse.profiles import judge
    from bench.jobs.loading import peaks_for
    from bench.store import profiles

    found = profiles.read(folder)
    return CaseProfile(folder, found.run, found, judge(found.told, peaks_for(found.run, peaks)))


def is_difference(folder: Path) -> bool:
    """Whether the folder holds profile pairs of two sides, not one profile. Raises `UserError` without a run."""
    from bench.store import runs

    return "difference" in runs.read(folder)


def difference_in(folder: Path) -> CaseDifference:
    """The difference in a folder. Raises `UserError` for a folder without one."""
    from bench.store import runs

    if not is_difference(folder):
        raise UserError(f"{folder} is not a difference between two sides; bench profile --diff makes one")
    (found,) = explanations(folder).found
    return CaseDifference(folder, runs.read(folder), found)
