"""A column that is renamed is an error of mypy where it is read: rows are typed from `analyse` to the page."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.analyse.rows.row import Row

BENCH = Path(__file__).parents[1] / "bench"
CLASS = "bench/analyse/rows/row.py"
ITS_TYPES = ("bench/records.py", "bench/series.py", "bench/workload.py", "bench/stats/intervals.py")


class Copy:
    """The package in another folder, of which mypy looks at the modules that name `Row` and at its types alone.

    All else is `Any` to it: that takes 2 CPU seconds where the whole package takes a minute.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        shutil.copytree(BENCH, folder / "bench", ignore=shutil.ignore_patterns("__pycache__"))
        users = [path for path in BENCH.rglob("*.py") if "from bench.analyse.rows.row import" in path.read_text()]
        self._names = [*(str(path.relative_to(BENCH.parent)) for path in users), CLASS, *ITS_TYPES]
        self._whole = (folder / CLASS).read_text()

    def complaints(self, *fields: str) -> list[str]:
        """What mypy says where these fields have another name in the class, and the old one everywhere else."""
        text = self._whole
        for field in fields:
            head, found, rest = text.partition("class Row:\n")
            changed, times = re.subn(rf"^    {field}: ", f"    {field}x: ", rest, count=1, flags=re.MULTILINE)
            assert times == 1
            text = head + found + changed
        (self._folder / CLASS).write_text(text)
        options = ("--config-file=", "--follow-imports=skip", "--ignore-missing-imports", "--no-error-summary")
        words = [sys.executable, "-m", "mypy", *options, *self._names]
        done = subprocess.run(words, cwd=self._folder, capture_output=True, text=True, check=False)
        assert done.stderr == ""
        return done.stdout.splitlines()


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """A copy in which mypy finds nothing."""
    made = Copy(tmp_path_factory.mktemp("typed"))
    assert made.complaints() == []
    return made


def missed(said: list[str], field: str) -> set[str]:
    """The rooms of `bench` in which mypy misses this field of `Row`."""
    how = rf'"Row" has no attribute "{field}"|keyword argument "{field}" for ("replace" of )?"Row"'
    wanted = re.compile(rf"bench/(\w+)/(?!rows/row\.py).*({how})")
    return {found[1] for line in said if (found := wanted.match(line))}


def test_a_renamed_field_of_a_row_is_missed_where_rows_are_made_and_where_they_are_shown(copy: Copy) -> None:
    assert missed(copy.complaints("first_call"), "first_call") == {"analyse", "present"}


def test_no_field_of_a_row_can_be_renamed_unseen(copy: Copy) -> None:
    fields = [field.name for field in dataclasses.fields(Row)]
    said = copy.complaints(*fields)
    assert [field for field in fields if not missed(said, field)] == []
