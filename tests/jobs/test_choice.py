"""What a choice of cases settles: the budget of a preset is for the cases that it proposes."""

import pytest

from bench.jobs.choice import Choice, overrides


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """A folder without a pyproject.toml above it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_quick_preset_has_its_budget_where_it_chooses_the_cases():
    assert Choice().settings({}).budget_s == 120
    assert Choice(sets={"mode": "script"}).settings({}).budget_s == 120


def test_cases_that_are_named_without_a_preset_have_no_budget():
    named = Choice(["matmul/square", "regression/train_step"], sets={"mode": "script"}).settings({})
    assert named.budget_s is None
    assert named.launches == 6  # the rest of the preset holds


def test_a_preset_that_is_named_keeps_its_budget_beside_named_cases():
    assert Choice("matmul/square", preset="quick").settings({}).budget_s == 120
    assert Choice("regression/train_step", preset="ci").settings({}).budget_s == 900


def test_a_budget_that_is_given_holds_for_named_cases_too():
    assert Choice("matmul/square").settings(overrides(budget="5m")).budget_s == 300
