"""Definition of a chart: one question, answered from the rows alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.analyse.rows.row import Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Selection:
    """The cases of one picture."""

    workload: str
    keys: tuple[str, ...]
    part: int = 1
    """Number of the picture, from 1: a question with more lines or rows than a slide holds takes several."""


class Chart(ABC):
    """One question about a run. Its pictures, titles and alt texts come from the rows alone."""

    name: str
    question: str
    needs: tuple[str, ...]
    """Columns of a record that it draws: a figure carries them even if they are empty."""
    carries: tuple[str, ...] = ()
    """Nested columns that it draws if they are present."""

    def suits(self, rows: Sequence[Row]) -> bool:
        """True if the chart is for rows like these: those of a run, or, for the chart of a gate, its verdicts."""
        return not any(row.verdict for row in rows)

    @abstractmethod
    def selections(self, rows: Sequence[Row]) -> list[Selection]:
        """The pictures that these rows can fill."""

    @abstractmethod
    def finding(self, rows: Sequence[Row]) -> str:
        """The title, computed from the data. Raises `UserError` if the rows cannot fill a picture."""

    @abstractmethod
    def describe(self, rows: Sequence[Row]) -> str:
        """The picture in words, for those who cannot see it: the finding, then every number. Raises as `finding`."""

    @abstractmethod
    def draw(self, rows: Sequence[Row], theme: str = "light") -> Figure:
        """The picture. Raises `UserError` if the rows cannot fill one, with the command for what is missing."""
