"""Sealing a journal into Parquet, and reading either back as the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from pandas.testing import assert_frame_equal

from bench.analyse.rows.launch_times import launch_times
from bench.records import Block, CaseLaunch, UserError
from bench.store import journal, runs, schema, tables
from tests.store.conftest import KEY, OTHER, begin, block, visit_of, write_down
from tests.store.strategies import as_rows, runs_of
from tests.tiers import examples

# A folder a property's example needs comes from a fixture that makes a new one each time it is called.
EXAMPLES = settings(
    max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

Drawn = list[tuple[CaseLaunch, list[list[Block]]]]


def measure(folder: Path, drawn: Drawn, started: str = "2026-11-01T10:00:00") -> None:
    """One session that measures these launches and is then ended without sealing."""
    book = journal.Journal(folder)
    book.session({"started": started, "cases": len(drawn)})
    for record, visits in drawn:
        write_down(book, record, visits)
    book.close()


def launch_of(
    key: str = KEY, launch: int = 0, process: str = "1", **changes: Any
) -> tuple[CaseLaunch, list[list[Block]]]:
    return CaseLaunch(key, launch, process, **changes), [visit_of(key, launch, visit) for visit in range(2)]


def same(one: tables.RunData, other: tables.RunData) -> None:
    """Both hold the same rows in the same order, of the same types."""
    assert_frame_equal(one.blocks, other.blocks)
    assert_frame_equal(one.launches, other.launches)


# --- there and back -------------------------------------------------------------------------------------------------


@EXAMPLES
@given(drawn=runs_of())
def test_a_sealed_run_reads_as_its_journal_did(new_folder: Callable[[], Path], drawn: Drawn) -> None:
    folder = new_folder()
    measure(folder, drawn)
    from_journal = tables.read(folder)
    tables.seal(tables.read(folder), {"status": "complete"})
    same(tables.read(folder), from_journal)


@EXAMPLES
@given(drawn=runs_of())
def test_a_lean_reading_has_the_same_medians_of_launches(new_folder: Callable[[], Path], drawn: Drawn) -> None:
    folder = new_folder()
    measure(folder, drawn)
    assert_frame_equal(launch_times(tables.read(folder, lean=True)), launch_times(tables.read(folder)))
    tables.seal(tables.read(folder), {})
    lean = tables.read(folder, lean=True)
    assert "visit" not in lean.blocks
    assert_frame_equal(launch_times(lean), launch_times(tables.read(folder)))


@EXAMPLES
@given(drawn=runs_of())
def test_a_sealed_run_gives_its_records_back(new_folder: Callable[[], Path], drawn: Drawn) -> None:
    folder = new_folder()
    measure(folder, drawn)
    tables.seal(tables.read(folder), {})
    launches, blocks = tables.records_of(tables.read(folder))
    assert launches == [record for record, _ in drawn]
    assert blocks == [block for _, visits in drawn for block in as_rows(visits)]


@EXAMPLES
@given(drawn=runs_of())
def test_records_hold_plain_values(new_folder: Callable[[], Path], drawn: Drawn) -> None:
    folder = new_folder()
    measure(folder, drawn)
    tables.seal(tables.read(folder), {})
    launches, blocks = tables.records_of(tables.read(folder))
    assert all(value is None or type(value) in (str, int, bool) for block in blocks for value in vars(block).values())
    values = [value for record in launches for value in vars(record).values()]
    assert all(value is None or type(value) in (str, int, float, bool, dict) for value in values)


def test_every_column_has_its_type(folder: Path) -> None:
    measure(folder, [launch_of()])
    tables.seal(tables.read(folder), {})
    data = tables.read(folder)
    assert list(data.blocks) == list(schema.BLOCKS)
    assert {name: str(dtype) for name, dtype in data.blocks.dtypes.items()} == dict(schema.BLOCKS)
    assert list(data.launches) == list(schema.LAUNCHES)
    assert {name: str(dtype) for name, dtype in data.launches.dtypes.items()} == dict(schema.LAUNCHES)


def test_what_was_not_learned_is_missing_not_zero(folder: Path) -> None:
    measure(folder, [launch_of(), launch_of(launch=1, host_peak_bytes=0, steady=False)])
    tables.seal(tables.read(folder), {})
    launches = tables.read(folder).launches
    assert launches["host_peak_bytes"].isna().tolist() == [True, False]
    assert launches["steady"].isna().tolist() == [True, False]


@pytest.mark.parametrize("sealed", [False, True])
def test_host_peaks_that_hold_what_the_process_loaded_are_not_read(folder: Path, sealed: bool) -> None:
    measure(folder, [launch_of(host_peak_bytes=5, device_peak_bytes=7)])
    assert tables.read(folder).launches["host_peak_bytes"].tolist() == [5]
    if sealed:
        tables.seal(tables.read(folder), {})
    told = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**told, "schema": schema.OWN_PEAKS - 1}))
    launches = tables.read(folder).launches
    assert launches["host_peak_bytes"].isna().tolist() == [True]
    assert launches["device_peak_bytes"].tolist() == [7]


def test_a_run_without_measurements_has_empty_tables_of_the_right_types(folder: Path) -> None:
    tables.seal(tables.read(folder), {})
    data = tables.read(folder)
    assert (len(data.blocks), len(data.launches)) == (0, 0)
    assert {name: str(dtype) for name, dtype in data.launches.dtypes.items()} == dict(schema.LAUNCHES)


def test_a_reason_with_half_a_character_can_be_sealed(folder: Path) -> None:
    measure(folder, [launch_of(outcome="failed", reason="no file '\udcff'")])  # a name that is not UTF-8
    tables.seal(tables.read(folder), {"status": "complete"})
    assert tables.read(folder).launches["outcome"].tolist() == ["failed"]


# --- sealing --------------------------------------------------------------------------------------------------------


def test_sealing_drops_the_journal_and_leaves_nothing_else(folder: Path) -> None:
    measure(folder, [launch_of()])
    tables.seal(tables.read(folder), {"status": "complete"})
    assert sorted(path.name for path in folder.iterdir()) == ["blocks.parquet", "launches.parquet", "run.json"]


def test_sealing_writes_changes_and_sessions_into_run_json(folder: Path) -> None:
    measure(folder, [launch_of()])
    tables.seal(tables.read(folder), {"status": "complete"})
    run = runs.read(folder)
    assert run["status"] == "complete"
    assert run["run"] == folder.name
    assert [session["started"] for session in run["sessions"]] == ["2026-11-01T10:00:00"]


def test_sealing_twice_gives_the_same_tables(folder: Path) -> None:
    measure(folder, [launch_of(), launch_of(OTHER)])
    tables.seal(tables.read(folder), {"status": "complete"})
    once, run = tables.read(folder), runs.read(folder)
    tables.seal(tables.read(folder), {"status": "complete"})
    same(tables.read(folder), once)
    assert runs.read(folder) == run


def test_a_resumed_run_joins_what_both_sessions_measured(folder: Path) -> None:
    measure(folder, [launch_of(), launch_of(OTHER)], started="a")
    tables.seal(tables.read(folder), {"status": "interrupted"})
    measure(folder, [launch_of(launch=1)], started="b")
    unsealed = tables.read(folder)
    tables.seal(tables.read(folder), {"status": "complete"})
    data = tables.read(folder)
    same(data, unsealed)
    assert data.launches[["key", "launch"]].values.tolist() == [[KEY, 0], [OTHER, 0], [KEY, 1]]
    assert len(data.blocks) == 18
    assert [session["started"] for session in data.run["sessions"]] == ["a", "b"]


def test_what_could_not_be_read_stays_named_after_sealing(folder: Path) -> None:
    measure(folder, [launch_of()])
    with (folder / journal.NAME).open("a") as file:
        file.write("half of a li")
    before = tables.read(folder).problems
    tables.seal(tables.read(folder), {})
    assert tables.read(folder).problems == before != []
    assert len(tables.read(folder).launches) == 1


class Killed(BaseException):
    """The process dies here."""


# The steps of sealing that change the disk: write and rename each of three files, then drop the journal.
STEPS = ("write 1", "rename 1", "write 2", "rename 2", "write 3", "rename 3", "unlink")


def die_at(patch: pytest.MonkeyPatch, step: str, after: bool) -> None:
    """Let the process die before or right after a step."""
    name, _, number = step.partition(" ")
    owner, attribute = {
        "write": (runs.os, "fsync"),
        "rename": (Path, "replace"),
        "unlink": (Path, "unlink"),
    }[name]
    real, calls = getattr(owner, attribute), iter(range(1, 100))

    def dying(*arguments: Any, **named: Any) -> Any:
        fatal = next(calls) == int(number or 1)
        if fatal and not after:
            raise Killed
        result = real(*arguments, **named)
        if fatal:
            raise Killed
        return result

    patch.setattr(owner, attribute, dying)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("resumed", [False, True], ids=["first", "resumed"])
class TestSealingThatIsKilled:
    @pytest.fixture
    def killed(self, folder: Path, step: str, after: bool, resumed: bool) -> tuple[Path, tables.RunData]:
        """A folder whose sealing was killed, and what it held before."""
        measure(folder, [launch_of(), launch_of(OTHER)], started="a")
        if resumed:
            tables.seal(tables.read(folder), {"status": "interrupted"})
            measure(folder, [launch_of(launch=1), launch_of(OTHER, 1, outcome="oom")], started="b")
        held = tables.read(folder)
        with pytest.MonkeyPatch.context() as patch:
            die_at(patch, step, after)
            with pytest.raises(Killed):
                tables.seal(tables.read(folder), {"status": "complete"})
        return folder, held

    def test_loses_nothing_to_who_reads_it(self, killed: tuple[Path, tables.RunData]) -> None:
        folder, held = killed
        same(tables.read(folder), held)

    def test_ends_the_same_when_sealed_again(self, killed: tuple[Path, tables.RunData], resumed: bool) -> None:
        folder, held = killed
        tables.seal(tables.read(folder), {"status": "complete"})
        data = tables.read(folder)
        assert data.problems == []
        same(data, held)
        assert data.run["status"] == "complete"
        assert [session["started"] for session in data.run["sessions"]] == ["a", "b"][: 1 + resumed]
        assert sorted(path.name for path in folder.iterdir()) == ["blocks.parquet", "launches.parquet", "run.json"]


# --- what cannot be read --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["blocks.parquet", "launches.parquet"])
@pytest.mark.parametrize("content", [b"", b"PAR1", b"no table at all", None], ids=["empty", "short", "text", "cut"])
def test_a_damaged_table_is_named(folder: Path, name: str, content: bytes | None) -> None:
    measure(folder, [launch_of()])
    tables.seal(tables.read(folder), {})
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: len(whole) // 2] if content is None else content)
    with pytest.raises(UserError, match=f"{name} is damaged and cannot be read"):
        tables.read(folder)


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds no run \(no run.json\)"):
        tables.read(tmp_path)


def test_a_newer_run_is_refused_before_its_tables_are_read(folder: Path) -> None:
    (folder / "blocks.parquet").write_text("of a format not yet invented")
    runs.write(folder, {"schema": schema.VERSION + 1})
    with pytest.raises(
        UserError, match=f"has schema {schema.VERSION + 1}; this coursebench reads up to {schema.VERSION}"
    ):
        tables.read(folder)


def test_nothing_nested_is_unpickled(folder: Path) -> None:
    measure(folder, [launch_of(work={"flops": 2, "unit": "ß"})])
    tables.seal(tables.read(folder), {})
    column = pd.read_parquet(folder / "launches.parquet")["work"]
    assert json.loads(column[0]) == {"flops": 2, "unit": "ß"}


# --- what cases cost before -----------------------------------------------------------------------------------------


def past(results: Path, name: str, fingerprint: str = "here", **seconds_of: float) -> None:
    """A sealed run, in which each case took so many seconds."""
    folder = begin(results / name)
    measure(
        folder, [launch_of(f"a/{case}", seconds={"blocks": s - 0.5, "check": 0.5}) for case, s in seconds_of.items()]
    )
    tables.seal(tables.read(folder), {"fingerprint": fingerprint})


def test_the_cost_of_a_case_is_the_median_over_runs(tmp_path: Path) -> None:
    for name, seconds in [("1", 1.0), ("2", 9.0), ("3", 2.0)]:
        past(tmp_path, name, one=seconds)
    assert tables.past_costs(tmp_path, "here") == {"a/one": 2.0}


def test_runs_of_another_machine_tell_no_cost(tmp_path: Path) -> None:
    past(tmp_path, "1", one=1.0)
    past(tmp_path, "2", fingerprint="elsewhere", one=9.0, two=9.0)
    assert tables.past_costs(tmp_path, "here") == {"a/one": 1.0}


def test_the_latest_runs_tell_the_cost(tmp_path: Path) -> None:
    for name, seconds in [("1", 50.0), ("2", 2.0), ("3", 2.0)]:
        past(tmp_path, name, one=seconds)
    assert tables.past_costs(tmp_path, "here", most=2) == {"a/one": 2.0}


def test_a_case_that_did_not_end_well_tells_no_cost(tmp_path: Path) -> None:
    folder = begin(tmp_path / "1")
    measure(folder, [launch_of("a/one", outcome="timeout", seconds={"blocks": 120.0})])
    tables.seal(tables.read(folder), {"fingerprint": "here"})
    assert tables.past_costs(tmp_path, "here") == {}


@pytest.mark.parametrize("text", ["", '{"schema": 99}', '{"schema": 1}', None], ids=["empty", "newer", "bare", "gone"])
def test_a_run_that_cannot_be_read_tells_no_cost(tmp_path: Path, text: str | None) -> None:
    past(tmp_path, "1", one=1.0)
    past(tmp_path, "2", one=1.0)
    (tmp_path / "2" / "run.json").unlink()
    if text is not None:
        (tmp_path / "2" / "run.json").write_text(text)
    assert tables.past_costs(tmp_path, "here") == {"a/one": 1.0}


def test_a_block_in_both_the_table_and_the_journal_counts_once(folder: Path) -> None:
    measure(folder, [launch_of()])
    kept = (folder / journal.NAME).read_bytes()
    tables.seal(tables.read(folder), {})
    (folder / journal.NAME).write_bytes(kept)
    data = tables.read(folder)
    assert (len(data.blocks), len(data.launches)) == (6, 1)


def test_blocks_that_differ_in_any_part_of_their_name_are_all_kept(folder: Path) -> None:
    blocks = [block(), block(index=1), block(phase="compute"), block(clock="device"), block(visit=1)]
    measure(folder, [(CaseLaunch(KEY, 0, "1"), [blocks]), (CaseLaunch(KEY, 1, "1"), [[block(launch=1)]])])
    assert len(tables.read(folder).blocks) == 6
