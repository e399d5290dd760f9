"""What came out in each environment, kept as JSON, and the table that is made of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.matrix.environments import Environment

BEGINS, ENDS = "<!-- matrix: written by make matrix -->", "<!-- /matrix -->"
SHOWN = ("numpy", "pandas", "pyarrow", "scipy", "scikit-learn", "matplotlib", "typer", "pytest")
"""Packages whose versions the table shows; the file of an environment has all."""


@dataclass
class Result:
    """What came out in one environment; what is None was not run yet."""

    environment: str
    commit: str
    date: str = ""
    skipped: str = ""
    """Why the environment could not be made."""
    python: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    outcomes: dict[str, int] | None = None
    """Number of cases of the quick suite by outcome."""
    warned: list[str] = field(default_factory=list)
    """Lines of the quick suite's output that warn."""
    quick_s: float = 0.0
    tests: dict[str, int] | None = None
    """Number of fast tests by outcome."""
    failed: list[str] = field(default_factory=list)
    """Names of the tests that failed."""

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to run."""
        return bool(self.skipped) or self.tests is not None

    @property
    def is_green(self) -> bool:
        """Whether the suite measured all that it chose, nothing warned, and no test failed."""
        bad = {name: number for name, number in (self.outcomes or {}).items() if name not in ("ok", "skipped")}
        return self.tests is not None and not (self.skipped or bad or self.warned or self.failed)


def read(path: Path, environment: Environment, commit: str) -> Result:
    """The result so far; a new one where there is none, or it is of another commit."""
    if path.exists():
        found = Result(**json.loads(path.read_text(encoding="utf-8")))
        if found.commit == commit and not found.skipped:
            return found
    return Result(environment.name, commit)


def write(path: Path, result: Result) -> None:
    """Keep a result."""
    path.write_text(json.dumps(asdict(result), indent=1) + "\n", encoding="utf-8")


def table(environments: Sequence[Environment], results: Mapping[str, Result]) -> str:
    """The table in Markdown: a row for each environment, those without a result among them."""
    head = ["Python", "torch", "others", "date", "commit", "quick suite", "fast tests", *SHOWN]
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    for environment in environments:
        result = results.get(environment.name, Result(environment.name, ""))
        cells = [
            result.python or environment.python,
            result.versions.get("torch", environment.torch),
            environment.others,
            result.date,
            result.commit[:8],
            (result.skipped and f"not run: {result.skipped}") or _quick(result),
            _tests(result),
            *(result.versions.get(name, "") for name in SHOWN),
        ]
        lines.append("| " + " | ".join(cell or "–" for cell in cells) + " |")
    failed = [
        f"- {name}: {', '.join(f'`{test}`' for test in each.failed)}" for name, each in results.items() if each.failed
    ]
    return "\n".join([*lines, *(["", "Tests that failed:", "", *failed] if failed else [])])


def _quick(result: Result) -> str:
    if result.outcomes is None:
        return ""
    counted = ", ".join(f"{number} {name}" for name, number in sorted(result.outcomes.items()))
    return f"{counted} in {result.quick_s:.0f} s" + (f"; {len(result.warned)} warnings" if result.warned else "")


def _tests(result: Result) -> str:
    if result.tests is None:
        return ""
    return ", ".join(f"{number} {name}" for name, number in sorted(result.tests.items()))


def inserted(page: str, made: str) -> str:
    """The page with `made` between its marks. Raises `ValueError` where it has none."""
    before, begins, rest = page.partition(BEGINS)
    _, ends, after = rest.partition(ENDS)
    if not (begins and ends):
        raise ValueError("the page has no place for the table")
    return f"{before}{BEGINS}\n\n{made}\n\n{ENDS}{after}"
