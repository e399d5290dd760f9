"""A certificate as a value: its lines, its verdict, its page."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.jobs.result import Format, Result, columns, paragraph
from bench.records import UserError

if TYPE_CHECKING:
    import pandas as pd

    from bench.analyse.certificate import CertificateLine


@dataclass(frozen=True, repr=False, eq=False)
class Certificate(Result):
    """The result of `bench certify` on this machine; printed, it is the table of the command."""

    lines: tuple[CertificateLine, ...]
    page: Path
    """The certificate as a page; the same as JSON is beside it."""

    @property
    def verdict(self) -> str:
        """`held`, `not held` as soon as one line is not, or `not decided`."""
        from bench.analyse.certificate import verdict

        return verdict(self.lines)

    @property
    def outcomes(self) -> dict[str, int]:
        """Number of lines with each verdict."""
        return dict(Counter(line.verdict for line in self.lines))

    def text(self, format: Format = "table", *, width: int | None = None, color: bool = False) -> str:
        """The table of the command, or its JSON. Raises `UserError` for another format."""
        from bench.present.tables import certificate_report

        refuse_format(format)
        if format == "json":
            return certificate_report.as_json(self.lines, self.facts).rstrip()
        return certificate_report.text(self.lines, self.facts, width=width or columns(), color=color).rstrip()

    def frame(self) -> pd.DataFrame:
        """A row for each line: check, subject, source, verdict, bound, and the finding in words."""
        import pandas as pd

        named = ("verdict", "check", "about", "source", "count", "of", "said", "bound")
        return pd.DataFrame([{name: getattr(line, name) for name in named} for line in self.lines])

    def _repr_html_(self) -> str:
        """For Jupyter: the verdict, and the lines as a table."""
        from bench.present.tables import certificate_report

        table = self.frame().to_html(index=False, escape=True)
        return paragraph(certificate_report.heading(self.lines, self.facts)) + table


def refuse_format(format: str) -> None:
    """Raise `UserError` for a format that a certificate is not written in."""
    if format not in ("table", "json"):
        raise UserError("bench certify writes --format table or json")
