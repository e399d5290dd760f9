"""The verdict of a run on its cases, as an exit code."""

import pytest

from bench.cli import exit_codes


@pytest.mark.parametrize(
    ("outcomes", "left_out", "code"),
    [
        ({"ok": 3}, 0, exit_codes.FINE),
        ({"ok": 1, "oom": 1, "skipped": 5}, 0, exit_codes.FINE),  # what the machine cannot do is no fault of the run
        ({"ok": 31, "skipped": 31}, 31, exit_codes.FINE),
        ({"ok": 31, "skipped": 32}, 32, exit_codes.NOTHING_MEASURED),
        ({"ok": 1, "skipped": 62}, 62, exit_codes.NOTHING_MEASURED),
        ({"ok": 3, "wrong": 1}, 0, exit_codes.NOTHING_MEASURED),
        ({"skipped": 3}, 0, exit_codes.NOTHING_MEASURED),
        ({}, 0, exit_codes.NOTHING_MEASURED),
    ],
)
def test_a_run_is_fine_where_most_of_it_was_measured_and_nothing_was_wrong(outcomes, left_out, code):
    assert exit_codes.of_outcomes(outcomes, left_out) == code
