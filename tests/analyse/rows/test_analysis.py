"""A run analysed: everything is computed when it is asked for, and once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bench.analyse.rows import analysis, launch_times, run_readings
from bench.analyse.rows.analysis import Analysis
from bench.records import UserError
from bench.store import tables
from tests.analyse.conftest import MadeUpRun
from tests.test_facade import many, stored

ONCE = (
    (launch_times, "launch_times"),
    (run_readings, "spreads"),
    (tables, "launches_of"),
    (analysis, "estimates"),
    (analysis, "phase_times"),
    (analysis, "peaks"),
)
"""What takes the time of an analysis, and the module in which it is looked up."""


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each of these was called."""
    counted: Counter[str] = Counter()

    def counting(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            counted[name] += 1
            return function(*arguments, **named)

        return call

    for module, name in ONCE:
        monkeypatch.setattr(module, name, counting(name, getattr(module, name)))
    return counted


def calibrated() -> MadeUpRun:
    """Eager and scripted products, and the product that tells the peak of the machine."""
    run = many()
    peak = run.plan("calibration/product", size=1024)
    for number in range(6):
        run.launch(peak, number, work={"flops": 2e9})
        run.blocks(peak, number, [2e-2])
    return run


def test_nothing_is_computed_until_it_is_asked_for(calls: Counter[str]) -> None:
    Analysis(calibrated().data())
    assert not calls


def test_all_of_an_analysis_is_computed_once_however_often_it_is_asked_for(calls: Counter[str]) -> None:
    run = Analysis(calibrated().data())
    for _ in range(2):
        assert run.rows() == run.rows()
        assert len(run.rows("mode=eager")) == len(run.against("device=cpu")) == len(run.judged)
        assert run.for_charts()[0].twins is not None
        assert run.floored(run.peaks)[0].floor
        assert run.against_by_default() == "mode=eager"
        assert run.phases == []  # a made-up launch costs nothing once
    assert calls == dict.fromkeys((name for _, name in ONCE), 1)


def test_what_is_added_to_rows_leaves_the_estimates_as_they_are() -> None:
    run = Analysis(calibrated().data())
    before = list(run.estimates)
    run.for_charts("mode=eager")
    run.floored(run.peaks, "mode=eager")
    assert run.estimates == before
    assert all(row.speedup is None and row.floor is None and row.twins is None for row in run.estimates)


def test_a_default_is_no_error_where_nothing_was_measured_eager(run: MadeUpRun) -> None:
    run.measured([1e-6] * 6, size=64, mode="script")
    found = Analysis(run.data())
    assert found.against_by_default() is None
    assert found.for_charts()[0].speedup is None
    with pytest.raises(UserError, match="nothing was measured with that value"):
        found.for_charts("mode=eager")


# --- of a command ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two recorded runs, of unlike machines."""
    at = tmp_path_factory.mktemp("runs")
    one = stored(at / "one", calibrated(), run="20261101T100000Z-000000aa")
    return one, stored(at / "two", calibrated(), run="20261101T100000Z-000000bb", machine="a laptop")


@pytest.mark.parametrize(
    "words",
    [
        ["show"],
        ["show", "--vs", "mode=eager"],
        ["show", "--phases"],
        ["show", "--floor", "--vs", "mode=eager"],
        ["report", "--to", "html"],
        ["plot", "--chart", "crossover-matmul-square"],
    ],
    ids=" ".join,
)
def test_a_command_computes_the_medians_of_its_run_once(
    words: list[str], calls: Counter[str], folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bench.cli.app import app

    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, [words[0], str(folders[0]), *words[1:]], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert calls["launch_times"] == 1
    assert max(calls.values()) == 1


def test_of_two_runs_the_medians_are_computed_once_each(
    calls: Counter[str], folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bench.cli.app import app

    monkeypatch.chdir(tmp_path)
    for words in (["show", *map(str, folders)], ["compare", *map(str, folders)]):
        calls.clear()
        done = CliRunner().invoke(app, words, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        assert calls["launch_times"] == 2
        assert max(calls.values()) == 2
