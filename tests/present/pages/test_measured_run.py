"""The report of a run that was really measured."""

from __future__ import annotations

import pytest

from tests.terminal import Terminal


@pytest.fixture(scope="module")
def page(measured_run):
    terminal = Terminal(measured_run.folder.parent)
    done = terminal("report", "run", "--out", "page", "--vs", "mode=eager")
    assert done.returncode == 0, done.stderr
    return (terminal.folder / "page" / "index.html").read_text()


def test_it_names_every_case_and_what_ended_badly_with_its_reason(page):
    for name in ("matmul/square", "matmul/round_trip", "misbehaving/is_wrong", "misbehaving/exits"):
        assert name in page
    assert "relative error" in page
    assert "the worker exited with code 3" in page


def test_its_speedup_is_that_of_the_scripted_case(page):
    assert "mode=script" in page
    assert "×" in page
