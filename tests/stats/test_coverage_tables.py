"""The script that prints the tables of coverage, with few measurements."""

from __future__ import annotations

import re

import pytest

from tests.agreement import coverage


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "CASES", (12,))
    monkeypatch.setattr(coverage, "LAUNCHES", (6,))
    monkeypatch.setattr(coverage, "MIXED", coverage.MIXED[:1])


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip("|").split("|")]


def first_number(cell: str) -> float:
    found = re.match(r"[\d.]+", cell)
    assert found
    return float(found.group())


def test_six_normal_launches_are_narrower_beside_neighbours_and_still_cover() -> None:
    head, _, row = coverage.fixed(["lognormal"], 900, seed=0)
    assert cells(head)[3:5] == ["old", "new"]
    family, cases, launches, old, new, ratio = cells(row)
    assert (family, cases, launches) == ("lognormal", "12", "6")
    assert first_number(old) >= 95  # 96.9 % by the binomial distribution
    assert first_number(new) >= 92
    assert 0.6 < float(ratio) < 0.85


def test_stopping_ends_sooner_beside_normal_neighbours() -> None:
    _, _, row = coverage.stopping(["lognormal"], 240, seed=0)
    _, _, _, old_launches, new, new_launches = cells(row)
    assert first_number(new) >= 89
    assert float(new_launches) < float(old_launches)


def test_a_humped_minority_is_covered() -> None:
    rows = list(coverage.mixed(600, seed=0))
    assert [cells(row)[2] for row in rows[2:]] == ["3", "6", "10", "20"]
    assert all(first_number(cells(row)[4]) >= 85 for row in rows[3:])
