"""Couples of lockstep pairs: journal, Parquet, and files of the version that had none."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bench.records import BlockPair, CaseLaunch
from bench.store import journal, schema, tables
from tests.store.conftest import KEY, block

BLOCK_PAIRS = [BlockPair(KEY, 0, "head", "wall", place, "base", 10, 1_000_000 + place, 1_050_000) for place in range(3)]


def lived(folder: Path) -> None:
    """A pair of one case: its block pairs, and a visit and an end for either side."""
    book = journal.Journal(folder)
    book.session({"started": "2026-11-01T10:00:00", "cases": 1})
    book.pair(BLOCK_PAIRS)
    for side in ("base", "head"):
        visit = [block(KEY, 0, 0, index, side=side) for index in range(3)]
        book.visit(side, visit)
        book.launch(CaseLaunch(KEY, 0, process=side, side=side))
    book.close()


def test_block_pairs_read_the_same_from_the_journal_and_from_parquet(folder: Path) -> None:
    lived(folder)
    fresh = tables.read(folder)
    assert tables.block_pairs_of(fresh) == BLOCK_PAIRS
    tables.seal(fresh, {"status": "complete"})
    assert not (folder / journal.NAME).exists()
    assert tables.block_pairs_of(tables.read(folder)) == BLOCK_PAIRS


def test_both_sides_of_a_case_are_kept_with_their_blocks(folder: Path) -> None:
    lived(folder)
    tables.seal(tables.read(folder), {})
    data = tables.read(folder)
    assert sorted(data.launches["side"]) == ["base", "head"]
    assert data.blocks["side"].value_counts().to_dict() == {"base": 3, "head": 3}


def test_sealing_twice_doubles_no_couple(folder: Path) -> None:
    lived(folder)
    written = (folder / journal.NAME).read_bytes()
    tables.seal(tables.read(folder), {})
    (folder / journal.NAME).write_bytes(written)  # killed before the journal was dropped
    assert tables.block_pairs_of(tables.read(folder)) == BLOCK_PAIRS


def test_a_run_without_pairs_writes_no_table_of_them(folder: Path) -> None:
    tables.seal(tables.read(folder), {})
    assert not (folder / "pairs.parquet").exists()
    assert tables.block_pairs_of(tables.read(folder)) == []


def test_a_run_of_the_first_version_is_read_with_what_it_did_not_write(folder: Path) -> None:
    lived(folder)
    tables.seal(tables.read(folder), {"schema": 1})
    added = {
        "blocks": ["side"],
        "launches": ["side", "condition", "throttled_blocks", "output_devices", "break_reasons", "changed_settings"],
    }
    for name, columns in added.items():
        path = folder / f"{name}.parquet"
        pd.read_parquet(path).drop(columns=columns).to_parquet(path, index=False)
    assert set(tables.read(folder, lean=True).blocks["side"]) == {""}
    data = tables.read(folder)
    assert set(data.blocks["side"]) == {""}
    assert data.launches["throttled_blocks"].tolist() == [0, 0]
    assert [str(data.launches[name].dtype) for name in added["launches"]] == [
        schema.LAUNCHES[name] for name in added["launches"]
    ]
    assert tables.records_of(data)[0][0].condition == tables.records_of(data)[0][0].changed_settings == {}
